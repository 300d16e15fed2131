"""A topology on its landscape: minima, and the ways over the passes that join them."""

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.colorbar import Choice
from explorer.figures.contours import contour
from explorer.figures.field import Field, field_of
from explorer.figures.theme import CASING, CORE, layout
from explorer.figures.topology_read import Tree, tree_of
from explorer.numerics.text import number
from explorer.signature import checked

Heights = NDArray[np.float64]
_BESIDE = "on the border: it may be lower beyond"


@checked
def minima(landscape: xr.Dataset, topology: xr.Dataset, *, scale: Choice = "auto") -> go.Figure:
    """Draw a landscape with the minima that are certain, linked by ways that run down from the passes on the grid.

    Minima on the window's edge, or beside a hole, are hollow; those that end within the error of their pass are small
    and pale, and have no link of their own. A cross is a pass.

    Args:
        landscape: over two axes.
        topology: of it, as `explorer.topology` returns it.
        scale: of the colors, as for `heatmap`.

    Raises:
        ValueError: it is no topology, or not of this landscape; else as for `contour`.
    """
    tree = tree_of(topology)
    figure = contour(landscape, tree.quantity, scale=scale)
    field = field_of(landscape, tree.quantity)
    _refuse_other(topology, field)
    figure.update_layout(layout(tree.words, [field.note]))
    ways = [
        way for pair in np.flatnonzero(tree.certain).tolist() for way in ways_from(topology, tree, pair, field.values)
    ]
    figure.add_traces([_lines(field.first, field.second, ways, *style) for style in ((CASING, 5.0), (CORE, 2.0))])
    figure.add_traces(_dots(topology, tree))
    return figure.add_trace(_passes(topology, tree))


def _refuse_other(topology: xr.Dataset, field: Field) -> None:
    basin = topology["basin"]
    if basin.dims != field.labels or basin.shape != field.values.shape:
        expected = dict(zip(field.labels, field.values.shape, strict=True))
        raise ValueError(
            f"expected the topology of this landscape, over {expected}; got one over {dict(basin.sizes)}: call "
            "explorer.topology(landscape)"
        )


def ways_from(topology: xr.Dataset, tree: Tree, pair: int, heights: Heights) -> list[list[int]]:
    """Return the two ways, each flat positions of the grid, from the pass of a pair down to a minimum that is certain.

    A minimum within the error of its pass is no end: the way goes on over that pass. Heights are the values over the
    axes.
    """
    at = _position(topology, topology["pass_at"].values[pair])
    ends = _ends(tree)
    ways = []
    for side in tree.sides[pair].tolist():
        way = [at, *_down(topology, _first(topology, heights, at, side))]
        for other, through in _onwards(tree, side, ends):
            way += _over(topology, heights, through, other)
        ways.append(way)
    return ways


def _ends(tree: Tree) -> list[int]:
    """Return the minima that are certain: those of certain pairs, and those that never end."""
    return sorted({*tree.younger[tree.certain].tolist(), *tree.endless.tolist()})


def _onwards(tree: Tree, start: int, certain: Iterable[int]) -> list[tuple[int, int]]:
    """Return the (minimum, doubtful pair over whose pass one comes to it) on the way from a minimum to one that is
    certain. Passes join minima without a ring, so there is one way."""
    ends, came = {*certain}, {start: (-1, -1)}
    waiting = deque([start])
    while waiting:
        here = waiting.popleft()
        if here in ends:
            return _back(came, here)
        for pair in np.flatnonzero(~tree.certain & (tree.sides == here).any(axis=1)).tolist():
            one, other = tree.sides[pair].tolist()
            there = other if one == here else one
            if there not in came:
                came[there] = (here, pair)
                waiting.append(there)
    return []


def _back(came: Mapping[int, tuple[int, int]], end: int) -> list[tuple[int, int]]:
    steps = []
    while came[end][0] >= 0:
        steps.append((end, came[end][1]))
        end = came[end][0]
    return steps[::-1]


def _over(topology: xr.Dataset, heights: Heights, pair: int, to: int) -> list[int]:
    """Return the way up to the pass of a pair and down to one of its two minima."""
    at = _position(topology, topology["pass_at"].values[pair])
    sides = [int(topology["basin_a"][pair]), int(topology["basin_b"][pair])]
    (other,) = (side for side in sides if side != to)
    up = _down(topology, _first(topology, heights, at, other))[::-1]
    return [*up, at, *_down(topology, _first(topology, heights, at, to))]


def _down(topology: xr.Dataset, at: int) -> list[int]:
    """Return the way from a point to the minimum of its basin."""
    downhill, way = topology["downhill"].values.ravel(), [at]
    while downhill[way[-1]] != way[-1]:
        way.append(int(downhill[way[-1]]))
    return way


def _first(topology: xr.Dataset, heights: Heights, at: int, basin: int) -> int:
    """Return the point from which a way from a pass runs down into a basin: itself, or the lowest beside it."""
    labels = topology["basin"].values
    if labels.flat[at] == basin:
        return at
    near = tuple(slice(max(i - 1, 0), i + 2) for i in np.unravel_index(at, heights.shape))
    beside = np.arange(labels.size).reshape(heights.shape)[near][labels[near] == basin].tolist()
    return int(min(beside, key=lambda point: float(heights.flat[point])))


def _position(topology: xr.Dataset, place: NDArray[np.float64]) -> int:
    axes = [str(axis) for axis in topology["direction"].values]
    indices = [int(np.argmin(np.abs(topology[axis].values - value))) for axis, value in zip(axes, place, strict=True)]
    return int(np.ravel_multi_index(indices, topology["basin"].shape))


def _lines(
    first: NDArray[np.float64], second: NDArray[np.float64], ways: list[list[int]], color: str, width: float
) -> go.Scatter:
    gap = np.full((1, 2), np.nan)
    places = [np.unravel_index(way, (len(first), len(second))) for way in ways]
    rows = [np.stack([first[i], second[j]], axis=1) for i, j in places]
    x, y = np.concatenate([gap, *(part for row in rows for part in (row, gap))]).T
    style = {"color": color, "width": width, "dash": "solid" if color == CASING else "dot"}
    return go.Scatter(x=x, y=y, mode="lines", line=style, hoverinfo="skip", showlegend=False)


def _dots(topology: xr.Dataset, tree: Tree) -> list[go.Scatter]:
    """Return the minima in doubt, small, and over them those that are certain."""
    sure = np.isin(np.arange(len(tree.values)), _ends(tree))
    edge = topology["on_border"].values.astype(bool)
    thin, thick = {"color": CASING, "width": 1}, {"color": CASING, "width": 2}
    looks = (
        (~sure, {"size": 5, "opacity": 0.6, "line": thin}),
        (sure & ~edge, {"size": 12, "line": thick}),
        (sure & edge, {"size": 12, "symbol": "circle-open", "line": thick | {"color": CORE}}),
    )
    names = tree.names()
    texts = np.array([
        f"{name}, {tree.quantity} {number(float(value))}" + f" ({_BESIDE})" * bool(beside)
        for name, value, beside in zip(names, tree.values, edge, strict=True)
    ])  # fmt: skip
    places = topology["minimum_at"].values
    return [_marks(places[chosen], texts[chosen].tolist(), look) for chosen, look in looks if chosen.any()]


def _passes(topology: xr.Dataset, tree: Tree) -> go.Scatter:
    texts = [
        f"pass between minima {tree.younger[i] + 1} and {tree.elder[i] + 1}, at {number(float(tree.deaths[i]))}, "
        f"error {number(float(tree.errors[i]))}"
        for i in np.flatnonzero(tree.certain).tolist()
    ]
    look = {"symbol": "x", "size": 9, "line": {"color": CASING, "width": 2}}
    return _marks(topology["pass_at"].values[tree.certain], texts, look)


def _marks(places: NDArray[np.float64], texts: list[str], look: Mapping[str, Any]) -> go.Scatter:
    return go.Scatter(
        x=places[:, 0],
        y=places[:, 1],
        text=texts,
        mode="markers",
        marker={"color": CORE} | dict(look),
        hovertemplate="%{text}<extra></extra>",
        showlegend=False,
    )
