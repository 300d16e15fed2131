"""A landscape's report for readers: as text, and as a table in a notebook."""

import json
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import xarray as xr

_MARKS = {"ok": "ok", "warn": "look", "info": "note"}
_NONE = "There is no report on this landscape: sweep(..., report=True) writes one."


@dataclass(frozen=True)
class Report:
    """The answers to "is my plot right?" on a landscape: printed as text, shown as a table by a notebook."""

    findings: tuple[Mapping[str, Any], ...]
    """Each with "name", "status" ("ok", "warn" for what deserves a look, "info"), "text" and "values"."""

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        """Yield the findings."""
        return iter(self.findings)

    def __len__(self) -> int:
        """Return how many findings there are."""
        return len(self.findings)

    def __str__(self) -> str:
        """Return lines of text, each finding marked ok, look or note."""
        return self.text() or _NONE

    def __repr__(self) -> str:
        """Return what is printed."""
        return str(self)

    def text(self, width: int = 100) -> str:
        """Return lines of text of at most so many characters; "" without findings."""
        return "\n".join(_lines(finding, width) for finding in self.findings)

    def _repr_html_(self) -> str:
        rows = "".join(_row(finding) for finding in self.findings)
        return f"<table>{rows}</table>" if rows else f"<p>{_NONE}</p>"


def report(landscape: xr.Dataset) -> Report:
    """Return the report on a landscape, as its sweep wrote it into the attribute `report`; nothing is computed.

    Args:
        landscape: from `sweep`, `open_landscape` or a file.
    """
    return Report(tuple(_findings(landscape.attrs.get("report"))))


def _findings(text: object) -> list[Mapping[str, Any]]:
    """Return the findings of an attribute, which is anybody's; what is not as agreed is left out."""
    try:
        found = json.loads(text) if isinstance(text, str) else []
    except (ValueError, RecursionError):
        found = []
    entries = [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []
    return [{"name": "", "text": "", "values": {}} | entry for entry in entries]


def _lines(finding: Mapping[str, Any], width: int) -> str:
    indents: Sequence[str] = (f"{_mark(finding):<6}", " " * 6)
    return textwrap.fill(str(finding["text"]), width, initial_indent=indents[0], subsequent_indent=indents[1])


def _row(finding: Mapping[str, Any]) -> str:
    cells = "".join(
        f'<td style="text-align: left">{escape(str(cell))}</td>' for cell in (finding["name"], finding["text"])
    )
    return f'<tr><th style="text-align: left">{_mark(finding)}</th>{cells}</tr>'


def _mark(finding: Mapping[str, Any]) -> str:
    return _MARKS.get(str(finding.get("status")), _MARKS["info"])
