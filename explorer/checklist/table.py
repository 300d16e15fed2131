"""A landscape's report for readers: as text, and as a table in a notebook."""

import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape

import xarray as xr

from explorer.landscape import ReportEntry, report_of

_MARKS = {"ok": "ok", "warn": "look", "info": "note"}
_NONE = "There is no report on this landscape: sweep(..., report=True) writes one."
_DAMAGED = "The report on this landscape cannot be read: its attribute `report` is damaged. A new sweep writes one."


@dataclass(frozen=True, repr=False)
class Report:
    """The answers to "is my plot right?" on a landscape: printed as text, shown as a table by a notebook."""

    entries: tuple[ReportEntry, ...]
    instead: str = _NONE
    """What is said where there are no entries."""

    def __iter__(self) -> Iterator[ReportEntry]:
        """Yield the entries."""
        return iter(self.entries)

    def __len__(self) -> int:
        """Return how many entries there are."""
        return len(self.entries)

    def __str__(self) -> str:
        """Return lines of text, each entry marked ok, look or note."""
        return self.text() if self.entries else self.instead

    def __repr__(self) -> str:
        """Return what is printed."""
        return str(self)

    def text(self, width: int = 100) -> str:
        """Return lines of text of at most so many characters; "" without entries."""
        return "\n".join(_lines(entry, width) for entry in self.entries)

    def _repr_html_(self) -> str:
        rows = "".join(_row(entry) for entry in self.entries)
        return f"<table>{rows}</table>" if rows else f"<p>{escape(self.instead)}</p>"


def report(landscape: xr.Dataset) -> Report:
    """Return the report on a landscape, as its sweep wrote it into the attribute `report`; nothing is computed.

    Args:
        landscape: from `sweep`, `open_landscape` or a file.

    Raises:
        TypeError: it is no Dataset.
    """
    if not isinstance(landscape, xr.Dataset):
        raise TypeError(
            f"expected a landscape, as sweep and open_landscape return it; got {type(landscape).__name__}: open a "
            "store with explorer.open_landscape first"
        )
    entries = tuple(report_of(landscape.attrs))
    return Report(entries, _DAMAGED if landscape.attrs.get("report", "[]") != "[]" else _NONE)


def _lines(entry: ReportEntry, width: int) -> str:
    indents = f"{_MARKS[entry.status]:<6}", " " * 6
    return textwrap.fill(entry.text, width, initial_indent=indents[0], subsequent_indent=indents[1])


def _row(entry: ReportEntry) -> str:
    cells = "".join(f'<td style="text-align: left">{escape(words)}</td>' for words in (entry.name, entry.text))
    return f'<tr><th style="text-align: left">{_MARKS[entry.status]}</th>{cells}</tr>'
