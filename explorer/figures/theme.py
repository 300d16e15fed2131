"""The one look of all figures: colours, fonts, axes."""

from collections.abc import Sequence
from html import escape
from textwrap import wrap
from typing import Any, NamedTuple

COLORS = "Viridis"
"""Purple is low, yellow is high; safe for colour-blind eyes."""
CORE, CASING = "#ffffff", "rgba(0, 0, 0, 0.6)"
"""Marks are white with a dark casing: either alone is lost on one end of the colours."""
INK, MUTED = "#1f2430", "#5b6472"
_LONGEST_LINE, _LINE = 124, 16
"""Of a note: characters, and pixels of height."""
_FONT = "Inter, Helvetica, Arial, sans-serif"
_MOST_STRETCHED = 4.0
"""Up to this ratio of the axes' lengths one unit is drawn equally long on both."""


class Stroke(NamedTuple):
    """How a path is drawn: color and pattern together, so that it is told apart without color."""

    color: str
    pattern: str


RUNS = (Stroke("#ffc46b", "solid"), Stroke("#7fe3ff", "dash"), Stroke("#ff9db0", "dashdot"),
        Stroke("#c9f27b", "longdash"), Stroke("#d9bdff", "longdashdot"), Stroke("#ffffff", "solid"),
        Stroke("#ffe95c", "dash"), Stroke("#7dffc8", "dashdot"))  # fmt: skip
"""Of trajectories on a landscape, by turns, in plotly's patterns; dots are for where one is far from the plane."""
SVG_PATTERNS = {"solid": "none", "dash": "9 5", "dashdot": "9 4 2 4", "longdash": "15 6", "longdashdot": "15 5 2 5"}
"""Plotly's patterns as SVG has them."""
RACERS = (Stroke("#ff8a80", "none"), Stroke("#ffd54f", "9 5"), Stroke("#ffab5e", "13 4 3 4"), Stroke("#7fe3f0", "5 4"),
          Stroke("#c9f29b", "15 5"), Stroke("#ffffff", "1.5 4.5"), Stroke("#d3c5ff", "9 4 1.5 4"),
          Stroke("#ff9fdc", "13 4 1.5 4 1.5 4"))  # fmt: skip
"""Of optimizers that race from one start, in SVG's patterns: those of the page's style sheet."""
RATES = (Stroke("#1a5fc4", "solid"), Stroke("#c4401a", "dash"), Stroke("#2a7a3a", "dashdot"),
         Stroke("#7a3ac4", "longdash"))  # fmt: skip
"""Of curves on white, by turns."""


def layout(title: str, notes: Sequence[str] = ()) -> dict[str, Any]:
    """Return what every figure's layout has; notes, where there are any, stand small below the title."""
    lines = [line for note in notes if note for line in wrap(note, _LONGEST_LINE)]
    return {
        "title": {"text": plain(title), "font": {"size": 16}} | _below(lines),
        "font": {"family": _FONT, "size": 13, "color": INK},
        "paper_bgcolor": "#ffffff",
        "plot_bgcolor": "#ffffff",
        "margin": {"l": 64, "r": 24, "t": 56 + _LINE * len(lines), "b": 56},
    }


def _below(lines: Sequence[str]) -> dict[str, Any]:
    """Return the title's subtitle, with room for it above the drawing."""
    if not lines:
        return {}
    text = "<br>".join(map(plain, lines))
    return {"subtitle": {"text": text, "font": {"size": 12, "color": MUTED}}, "y": 1, "yref": "container",
            "yanchor": "top", "pad": {"t": 14}}  # fmt: skip


def axis(label: str) -> dict[str, Any]:
    """Return what every axis has."""
    return {"title": {"text": plain(label)}, "ticks": "outside", "showgrid": False, "zeroline": False}


def same_unit(width: float, height: float) -> bool:
    """Return whether axes of these lengths are drawn with one unit for both."""
    return max(width, height) <= _MOST_STRETCHED * min(width, height)


def plain(text: str) -> str:
    """Return text as plotly shows it letter for letter: it takes some tags, links among them, and names are data."""
    return escape(text, quote=False)
