"""A landscape with the checkpoints and the trajectory that were projected onto its plane."""

from itertools import cycle

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.colorbar import Choice
from explorer.figures.contours import contour
from explorer.figures.field import field_of
from explorer.figures.projections import FAR, fading, spread_words
from explorer.figures.theme import CASING, CORE, RUNS, layout, plain
from explorer.landscape import Projected, checkpoints_of, gram_of, named_quantity, one_seed, runs_of
from explorer.numerics.text import number, percent
from explorer.signature import checked

_DOTTED = f"Dotted where a path is further from the plane than {percent(FAR)} of its own size in it."


@checked
def path(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    scale: Choice = "auto",
    points: bool | None = None,
    seed: int | None = None,
    term: str | None = None,
) -> go.Figure:
    """Draw a landscape with contours and, on it, its checkpoints and its trajectories where they fall in the plane.

    A segment is dotted where its trajectory is further from the plane than a quarter of its own size in it: there the
    colors under it are not its losses. Several trajectories have a legend. Hovering tells each checkpoint's distance
    and both losses; of a principal plane the title says what it holds, and what it would hold of a random walk.

    Args:
        landscape: with the attribute `checkpoints`; otherwise as for `heatmap`.
        quantity, scale, points, seed, term: as for `heatmap`.

    Raises:
        ValueError: no checkpoints, norms and cosines of the basis that cannot be, or as for `heatmap`.
    """
    found = checkpoints_of(landscape.attrs, 2)
    if not found:
        raise ValueError(
            'expected a landscape with checkpoints, as a JSON list of {"name", "at", "offset", "loss"}; got none that '
            "can be read: give sweep(..., checkpoints={name: theta})"
        )
    quantity = named_quantity(landscape, quantity, term)
    figure = contour(landscape, quantity, scale=scale, points=points, seed=seed)
    field = field_of(landscape, quantity, seed)
    runs = runs_of(found)
    figure.update_layout(layout(field.title, [field.note, spread_words(landscape.attrs), _DOTTED * bool(runs)]))
    for (color, dash), (name, walked) in zip(cycle(RUNS), runs.items(), strict=False):
        lines = near_and_far(walked, one_seed(landscape, seed), dash) if len(walked) > 1 else []
        figure.add_traces([*_segments(lines, color), _points(walked, 6, color)])
        if len(runs) > 1:
            figure.add_trace(_legend(name, color, dash))
    return figure.add_traces(_named(found)).update_layout(showlegend=len(runs) > 1, legend=_LEGEND)


_LEGEND = {"orientation": "h", "y": -0.14, "yanchor": "top", "bgcolor": "#39414e", "font": {"color": "#ffffff"}}
"""Below the axis, dark as the map is, where all runs' colors can be seen."""


def _legend(name: str, color: str, dash: str) -> go.Scatter:
    """Return a trace that draws nothing and stands in the legend."""
    line = {"color": color, "width": 2.5, "dash": dash}
    return go.Scatter(x=[None], y=[None], mode="lines", line=line, name=plain(name), showlegend=True)


def near_and_far(
    walked: list[Projected], landscape: xr.Dataset, dash: str = "solid"
) -> list[tuple[str, NDArray[np.float64]]]:
    """Return a path's segments as a line of its own pattern and a dotted one [M, 2]; NaN stands for the other.

    Raises:
        ValueError: the landscape tells norms and cosines of its basis that cannot be.
    """
    gram = gram_of(landscape.attrs, len(walked[0].at))
    if gram is None:
        raise ValueError("expected norms and cosines of two basis vectors that are independent; got others")
    far = fading(walked, gram)
    drawn = []
    for pattern, chosen in ((dash, [each <= FAR for each in far]), ("dot", [each > FAR for each in far])):
        gap = [float("nan"), float("nan")]
        line = [row for i, wanted in enumerate(chosen) if wanted for row in (walked[i].at, walked[i + 1].at, gap)]
        if line:
            drawn.append((pattern, np.array(line, dtype=np.float64)))
    return drawn


def _segments(lines: list[tuple[str, NDArray[np.float64]]], color: str) -> list[go.Scatter]:
    """Each line cased."""
    return [each for dash, line in lines for each in (_line(line, CASING, 5.0, "solid"), _line(line, color, 2.5, dash))]


def _line(line: NDArray[np.float64], color: str, width: float, dash: str) -> go.Scatter:
    style = {"color": color, "width": width, "dash": dash}
    return go.Scatter(x=line[:, 0], y=line[:, 1], mode="lines", line=style, hoverinfo="skip", showlegend=False)


def _named(found: list[Projected]) -> list[go.Scatter]:
    alone = [each for each in found if not each.on_path]
    return [_points(alone, 11, CORE, named=True)] if alone else []


def _points(places: list[Projected], size: int, color: str, *, named: bool = False) -> go.Scatter:
    return go.Scatter(
        x=[each.at[0] for each in places],
        y=[each.at[1] for each in places],
        text=[plain(each.name) for each in places],
        hovertext=[_words(each) for each in places],
        mode="markers+text" if named else "markers",
        textposition="top center",
        textfont={"color": CORE, "shadow": f"0 0 3px {CASING}"},
        marker={"size": size, "color": color, "line": {"color": CASING, "width": 2}},
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _words(each: Projected) -> str:
    whose = {"own": " with its own BatchNorm statistics", "model": " with the model's BatchNorm statistics"}
    with_them = whose.get(each.statistics or "", "")
    own = "" if each.loss is None else f"<br>its own loss {number(each.loss)}{with_them}"
    shown = "" if each.plane_loss is None else f"<br>loss in the plane {number(each.plane_loss)}"
    return f"{plain(each.name)}<br>{number(each.offset)} from the plane{own}{shown}"
