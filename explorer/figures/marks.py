"""Marks: named points on a landscape."""

from collections.abc import Mapping, Sequence
from typing import Any

import plotly.graph_objects as go

from explorer.figures.theme import CASING, CORE, plain

Mark = Sequence[float] | Mapping[str, Any]


def marks_trace(marks: Sequence[Mark]) -> go.Scatter:
    """Return the trace of marks: each (alpha, beta), or {"at": (alpha, beta), "label": text}.

    Raises:
        ValueError: a mark that is neither.
    """
    places = [_place(mark) for mark in marks]
    return go.Scatter(
        x=[place[0] for place in places],
        y=[place[1] for place in places],
        text=[plain(place[2]) for place in places],
        mode="markers+text",
        textposition="top center",
        textfont={"color": CORE, "shadow": f"0 0 3px {CASING}"},
        marker={"size": 11, "color": CORE, "line": {"color": CASING, "width": 2}},
        hovertemplate="%{text} (%{x}, %{y})<extra></extra>",
        showlegend=False,
    )


def _place(mark: Mark) -> tuple[float, float, str]:
    at, label = (mark.get("at", ()), str(mark.get("label", ""))) if isinstance(mark, Mapping) else (mark, "")
    if len(at) != 2:
        raise ValueError(f'expected marks (alpha, beta) or {{"at": (alpha, beta), "label": text}}; got {mark!r}')
    return float(at[0]), float(at[1]), label
