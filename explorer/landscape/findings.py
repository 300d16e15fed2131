"""Findings: the report on a landscape, as its attribute holds it."""

from dataclasses import dataclass
from typing import Any

from explorer.landscape.attributes import Attrs, agreed, nested

_STANDINGS = ("ok", "warn", "info")


@dataclass(frozen=True)
class ReportEntry:
    """One thing that was looked at."""

    name: str
    status: str
    """ok: as it should be; warn: look at it; info: to know when reading the picture, or none of these is told."""
    text: str
    values: dict[str, Any]
    """The numbers in the text, by name."""


def report_of(attrs: Attrs) -> list[ReportEntry]:
    """Return the report on a landscape; nothing where it has none."""
    return [_found(entry) for entry in nested(attrs, "report", list[dict[str, Any]])]


def _found(entry: dict[str, Any]) -> ReportEntry:
    name, status, text = (agreed(entry.get(key), str) or "" for key in ("name", "status", "text"))
    values = agreed(entry.get("values"), dict[str, Any]) or {}
    return ReportEntry(name, status if status in _STANDINGS else "info", text, values)
