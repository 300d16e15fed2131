"""Table: pasted text -> data points, or one plain sentence on what is wrong with it."""

import re
from typing import Any

from explorer.dashboard.common.address import read_number
from explorer.dashboard.lesson.readers import DATA, MOST_POINTS, Point
from explorer.errors import StateError

LONGEST = 20_000
"""Characters read of a pasted table."""


def read(text: str) -> dict[str, Any]:
    """Return {"points": [[x, y], ...], "message": str}; points is empty when the table cannot be taken."""
    try:
        points = rows(text)
    except StateError as error:
        return {"points": [], "message": str(error)}
    return {"points": points, "message": f"{len(points)} point{'s' if len(points) > 1 else ''} read."}


def rows(text: str) -> list[Point]:
    """Read one x,y pair a line, separated by comma, semicolon, tab or blanks; one heading line is skipped.

    Raises:
        StateError: naming the line, for anything but two finite numbers in [-100, 100], for no or over 40 lines.
    """
    if len(text) > LONGEST:
        raise StateError(f"At most {LONGEST} characters were expected, {len(text)} came.")
    lines = [(at, line.strip()) for at, line in enumerate(text.splitlines(), start=1) if line.strip()]
    if lines and not re.search(r"\d", lines[0][1]):
        lines = lines[1:]
    if not lines:
        raise StateError("No points found: one x,y pair a line was expected, for example 0.5,-0.2")
    if len(lines) > MOST_POINTS:
        raise StateError(f"At most {MOST_POINTS} points were expected, {len(lines)} came.")
    return [_row(at, line) for at, line in lines]


def _row(at: int, line: str) -> Point:
    cells = [cell.strip() for cell in re.split(r"[,;\t]", line)] if re.search(r"[,;\t]", line) else line.split()
    if len(cells) != 2:
        raise StateError(f"Line {at}: two numbers x,y were expected, {len(cells)} came.")
    try:
        return read_number(cells[0], *DATA), read_number(cells[1], *DATA)
    except StateError as error:
        raise StateError(f"Line {at}: {error}.") from None
