"""A landscape's report for readers: as text, and as a table in a notebook."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import xarray as xr

from explorer.landscape import ReportEntry, report_of

_MARKS = {"ok": "ok", "warn": "look", "info": "note"}
_NONE = "There is no report on this landscape: sweep(..., report=True) writes one."


@dataclass(frozen=True, repr=False)
class Report:
    """The answers to "is my plot right?" on a landscape: printed as text, shown as a table by a notebook."""

    entries: tuple[ReportEntry, ...]

    def __iter__(self) -> Iterator[ReportEntry]:
        """Yield the entries."""
        return iter(self.entries)

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self.entries)

    def __str__(self) -> str:
        """Return lines of text, each entry marked ok, look or note."""
        return self.text() or _NONE

    def __repr__(self) -> str:
        """Return what is printed."""
        return str(self)

    def text(self, width: int = 100) -> str:
        """Return lines of text of at most so many characters; "" without entries."""
        return "\n".join(_lines(entry, width) for entry in self.entries)

    def _repr_html_(self) -> str:
        rows = "".join(_row(entry) for entry in self.entries)
        return f"<table>{rows}</table>" if rows else f"<p>{_NONE}</p>"


def report(landscape: xr.Dataset) -> Report:
    """Return the report on a landscape, as its sweep wrote it into the attribute `report`; nothing is computed.

    Args:
        landscape: from `sweep`, `open_landscape` or a file.
    """
    return Report(tuple(report_of(landscape.attrs)))


def _lines(entry: ReportEntry, width: int) -> str:
    indents = f"{_MARKS[entry.status]:<6}", " " * 6
    return textwrap.fill(entry.text, width, initial_indent=indents[0], subsequent_indent=indents[1])


def _row(entry: ReportEntry) -> str:
    cells = "".join(f'<td style="text-align: left">{escape(words)}</td>' for words in (entry.name, entry.text))
    return f'<tr><th style="text-align: left">{_MARKS[entry.status]}</th>{cells}</tr>'
