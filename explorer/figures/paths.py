"""A landscape with the checkpoints and the trajectory that were projected onto its plane."""

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.colorbar import Choice
from explorer.figures.contours import contour
from explorer.figures.dimensions import one_seed
from explorer.figures.projections import FAR, Projected, fading, gram_of, projections_of
from explorer.figures.theme import CASING, CORE, number, plain

PATH = "#ffc46b"


def path(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    scale: Choice = "auto",
    points: bool | None = None,
    seed: int | None = None,
) -> go.Figure:
    """Draw a landscape with contours and, on it, its checkpoints and its trajectory where they fall in the plane.

    A segment is dotted where the trajectory is further from the plane than a quarter of its own size in it: there the
    colours under it are not its losses. Hovering tells each checkpoint's distance and both losses.

    Args:
        landscape: with the attribute `checkpoints`; otherwise as for `heatmap`.
        quantity, scale, points, seed: as for `heatmap`.

    Raises:
        ValueError: no checkpoints, or as for `heatmap`.
    """
    found = projections_of(landscape.attrs)
    if not found:
        raise ValueError("expected a landscape with checkpoints; got none: give sweep(..., checkpoints={name: theta})")
    figure = contour(landscape, quantity, scale=scale, points=points, seed=seed)
    walked = [each for each in found if each.on_path]
    if len(walked) > 1:
        figure.add_traces(_segments(near_and_far(walked, one_seed(landscape, seed))))
    return figure.add_traces([_points(walked, 6, False)] * bool(walked) + _named(found))


def near_and_far(walked: list[Projected], landscape: xr.Dataset) -> list[tuple[str, NDArray[np.float64]]]:
    """Return a path's segments as a solid line and a dotted one [M, 2], where each is; NaN stands for the other."""
    far = fading(walked, gram_of(landscape.attrs, len(walked[0].at)))
    drawn = []
    for dash, chosen in (("solid", [each <= FAR for each in far]), ("dot", [each > FAR for each in far])):
        gap = [float("nan"), float("nan")]
        line = [row for i, wanted in enumerate(chosen) if wanted for row in (walked[i].at, walked[i + 1].at, gap)]
        if line:
            drawn.append((dash, np.array(line, dtype=np.float64)))
    return drawn


def _segments(lines: list[tuple[str, NDArray[np.float64]]]) -> list[go.Scatter]:
    """Each line cased."""
    return [each for dash, line in lines for each in (_line(line, CASING, 5.0, "solid"), _line(line, PATH, 2.5, dash))]


def _line(line: NDArray[np.float64], color: str, width: float, dash: str) -> go.Scatter:
    style = {"color": color, "width": width, "dash": dash}
    return go.Scatter(x=line[:, 0], y=line[:, 1], mode="lines", line=style, hoverinfo="skip", showlegend=False)


def _named(found: list[Projected]) -> list[go.Scatter]:
    alone = [each for each in found if not each.on_path]
    return [_points(alone, 11, True)] if alone else []


def _points(places: list[Projected], size: int, named: bool) -> go.Scatter:
    return go.Scatter(
        x=[each.at[0] for each in places],
        y=[each.at[1] for each in places],
        text=[plain(each.name) for each in places],
        hovertext=[_words(each) for each in places],
        mode="markers+text" if named else "markers",
        textposition="top center",
        textfont={"color": CORE, "shadow": f"0 0 3px {CASING}"},
        marker={"size": size, "color": CORE if named else PATH, "line": {"color": CASING, "width": 2}},
        hovertemplate="%{hovertext}<extra></extra>",
        showlegend=False,
    )


def _words(each: Projected) -> str:
    own = "" if each.loss is None else f"<br>its own loss {number(each.loss)}"
    shown = "" if each.plane_loss is None else f"<br>loss in the plane {number(each.plane_loss)}"
    return f"{plain(each.name)}<br>{number(each.offset)} from the plane{own}{shown}"
