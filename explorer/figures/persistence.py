"""A topology as bars: how far each minimum lies below the pass to a lower one, and how much of that is doubtful."""

from typing import Any, Literal

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures.theme import axis, layout
from explorer.figures.topology_read import CERTAIN, DOUBT, DOUBTFUL, Tree, tree_of
from explorer.numerics.text import number
from explorer.signature import checked

Scale = Literal["auto", "log", "linear"]
MOST = 60
"""Pairs that are drawn, the most persistent ones."""


@checked
def barcode(topology: xr.Dataset, *, scale: Scale = "auto", most: int = MOST) -> go.Figure:
    """Draw a bar from birth to death for each pair of minima, the most persistent on top; those that never end above.

    From the left of each bar a gray band is as wide as twice the error of its pass: bars that end inside it are pale,
    as the surface need not have them.

    Args:
        topology: as `explorer.topology` returns it.
        scale: of the values: "log", "linear", or "auto" for log where all are positive.
        most: pairs that are drawn.

    Raises:
        ValueError: it is no topology, another word for the scale, or less than no pairs.
    """
    tree = tree_of(topology)
    shown = drawn_of(tree, most)
    figure = go.Figure(layout=layout(tree.words, [_note(tree, shown)]))
    ended = tree.values[tree.younger[:shown]]
    places = np.arange(shown, 0, -1)
    figure.add_trace(_bars(places, ended, ended + 2 * tree.errors[:shown], DOUBT, 16, "twice the error"))
    for sure, color, name in ((True, CERTAIN, "certain"), (False, DOUBTFUL, "within the error")):
        chosen = tree.certain[:shown] == sure
        trace = _bars(places[chosen], ended[chosen], tree.deaths[:shown][chosen], color, 7, name)
        figure.add_trace(trace.update(text=np.repeat(_hover(tree, np.flatnonzero(chosen)), 3), hovertemplate=_TEXT))
    lasting = tree.values[tree.endless]
    above = shown + np.arange(1, len(lasting) + 1)
    figure.add_trace(_bars(above, lasting, np.full(len(lasting), tree.highest), "#1f2430", 7, "never ends"))
    rows = axis("") | {"showticklabels": False, "ticks": "", "range": [0, shown + len(lasting) + 1]}
    return figure.update_layout(xaxis=values_axis(tree, scale), yaxis=rows, legend=LEGEND)


LEGEND = {"orientation": "h", "y": -0.16, "yanchor": "top"}
_BEYOND = 0.12
"""Share of the values' range by which their axis goes beyond it."""
_TEXT = "%{text}<extra></extra>"


def drawn_of(tree: Tree, most: int) -> int:
    """Return how many pairs are drawn. Raises ValueError for a number below 0."""
    if most < 0:
        raise ValueError(f"expected most of at least 0 pairs; got {most}")
    return min(most, len(tree.younger))


def values_axis(tree: Tree, scale: Scale) -> dict[str, Any]:
    """Return the axis of the values: a little further than the highest pass, where what never ends runs out of it.

    Raises:
        ValueError: another word than those of `barcode`, or values that a logarithm does not have.
    """
    if scale not in ("auto", "log", "linear"):
        raise ValueError(f'expected scale "auto", "log" or "linear"; got {scale!r}')
    if scale == "log" and not tree.positive:
        raise ValueError('expected positive values for scale="log"; some are not: use "linear"')
    kind = "log" if scale == "log" or (scale == "auto" and tree.positive) else "linear"
    ends = [tree.values.min(), tree.deaths.max(initial=-np.inf) if len(tree.deaths) else tree.highest]
    low, high = np.log10(ends) if kind == "log" else ends
    beyond = _BEYOND * (high - low) or 1.0
    return axis(tree.quantity) | {"type": kind, "range": [low - beyond / 2, high + beyond]}


def _bars(places: Any, low: Any, high: Any, color: str, width: float, name: str) -> go.Scatter:
    """Return lines [n] in one trace, gaps between them."""
    gap = np.full(len(low), np.nan)
    x, y = np.stack([low, high, gap], axis=1).ravel(), np.repeat(places, 3)
    return go.Scatter(x=x, y=y, mode="lines", line={"color": color, "width": width}, name=name, hoverinfo="skip")


def _hover(tree: Tree, pairs: Any) -> list[str]:
    names = tree.names()
    return [
        f"{names[tree.younger[i]]}, {number(tree.values[tree.younger[i]])}, joined to {names[tree.elder[i]]} at "
        f"{number(tree.deaths[i])}: {number(tree.deaths[i] - tree.values[tree.younger[i]])} deep, error "
        f"{number(tree.errors[i])}"
        for i in pairs
    ]


def _note(tree: Tree, shown: int) -> str:
    rest = len(tree.younger) - shown
    return f"{rest} less persistent pairs are not drawn" if rest else ""
