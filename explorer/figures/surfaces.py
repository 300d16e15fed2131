"""A landscape as a surface in three dimensions."""

from collections.abc import Sequence
from itertools import cycle

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from explorer.figures.colorbar import Choice, chosen_scale, color_axis
from explorer.figures.field import Field, field_of
from explorer.figures.heatmaps import heatmap_trace
from explorer.figures.marks import Mark, marks_trace
from explorer.figures.paths import near_and_far
from explorer.figures.scale import ColorScale
from explorer.figures.theme import CASING, CORE, RUNS, Stroke, axis, layout, plain, same_unit
from explorer.landscape import Projected, checkpoints_of, named_quantity, runs_of
from explorer.signature import checked

_HEIGHT = 0.6
"""Of the drawing, in units of its longer side."""
_LIFT = 0.015
"""Of the height, by which a path floats above the surface, which would hide half of it."""
_STEM = 0.08
"""Of the height: a mark stands on a stem, so that no slope hides it."""


@checked
def surface(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    scale: Choice = "auto",
    marks: Sequence[Mark] = (),
    path: bool = False,
    seed: int | None = None,
    term: str | None = None,
) -> go.Figure:
    """Draw a quantity of a landscape as a surface; height and colour follow the same scale, clipped at its ends.

    Args:
        landscape, quantity, scale, marks, seed, term: as for `heatmap`; a mark's height is linear between grid points.
        path: whether to lay the landscape's trajectories on the surface, dotted where they are far from the plane.

    Raises:
        ValueError: as for `heatmap`.
    """
    quantity = named_quantity(landscape, quantity, term)
    field = field_of(landscape, quantity, seed)
    chosen = chosen_scale(field.measured, scale)
    colors = color_axis(chosen, quantity)
    trace = _trace(field, chosen)
    figure = go.Figure(trace, layout(field.title, [field.note]))
    ticks = {name: colors["colorbar"][name] for name in ("tickvals", "ticktext")}
    first, second = field.labels
    runs = runs_of(checkpoints_of(landscape.attrs, 2)) if path else {}
    for style, walked in zip(cycle(RUNS), runs.values(), strict=False):
        if len(walked) > 1:
            figure.add_traces(_path_on(field, walked, landscape, chosen, style))
    if marks:
        figure.add_traces(_marks_on(field, marks, chosen))
    return figure.update_layout(
        coloraxis=colors,
        scene={
            "xaxis": axis(first),
            "yaxis": axis(second),
            "zaxis": axis(quantity) | ticks,
            "aspectmode": "manual",
            "aspectratio": _aspect(field),
        },
    )


def _trace(field: Field, scale: ColorScale) -> go.Surface:
    flat = heatmap_trace(field, scale)
    parts = {name: flat[name] for name in ("x", "y", "z", "text", "customdata", "coloraxis", "hovertemplate")}
    return go.Surface(**parts)


def _marks_on(field: Field, marks: Sequence[Mark], scale: ColorScale) -> list[go.Scatter3d]:
    flat = marks_trace(marks)
    places = list(zip(flat.x, flat.y, strict=True))
    foot, head = (_heights(field, places, scale, above) for above in (0.0, _STEM))
    stems = np.array([row for (x, y), low, high in zip(places, foot, head, strict=True)
                      for row in ((x, y, low), (x, y, high), (np.nan,) * 3)])  # fmt: skip
    x, y, z = stems.T
    line = go.Scatter3d(x=x, y=y, z=z, mode="lines", line={"color": CASING, "width": 4}, hoverinfo="skip",
                        showlegend=False)  # fmt: skip
    mark = go.Scatter3d(
        x=flat.x,
        y=flat.y,
        z=head,
        text=flat.text,
        mode="markers+text",
        marker={"size": 6, "color": CORE, "line": {"color": CASING, "width": 4}},
        hovertemplate="%{text} (%{x}, %{y})<extra></extra>",
        showlegend=False,
    )
    return [line, mark]


def _path_on(
    field: Field, walked: list[Projected], landscape: xr.Dataset, scale: ColorScale, look: Stroke
) -> list[go.Scatter3d]:
    drawn = []
    color, pattern = look
    for dash, line in near_and_far(walked, landscape, pattern):
        x, y = line.T
        style = {"color": color, "width": 6, "dash": dash}
        drawn.append(go.Scatter3d(x=x, y=y, z=_heights(field, line.tolist(), scale), mode="lines", line=style,
                                  hoverinfo="skip", showlegend=False))  # fmt: skip
    places = [each.at for each in walked]
    dots = go.Scatter3d(x=[x for x, _ in places], y=[y for _, y in places], z=_heights(field, places, scale),
                        mode="markers", marker={"size": 3, "color": color, "line": {"color": CASING, "width": 1}},
                        text=[plain(each.name) for each in walked], hovertemplate="%{text}<extra></extra>",
                        showlegend=False)  # fmt: skip
    return [*drawn, dots]


def _heights(
    field: Field, places: Sequence[Sequence[float]], scale: ColorScale, above: float = _LIFT
) -> NDArray[np.float64]:
    """Return heights a little above the surface, linear between its points; NaN outside of it."""
    read = RegularGridInterpolator((field.first, field.second), field.values, bounds_error=False)
    height = float(scale.position(scale.high) - scale.position(scale.low))
    positions: NDArray[np.float64] = scale.position(read(np.array(places, dtype=np.float64)))
    return positions + above * height


def _aspect(field: Field) -> dict[str, float]:
    width, depth = field.spans if same_unit(*field.spans) else (1.0, 1.0)
    longer = max(width, depth)
    return {"x": width / longer, "y": depth / longer, "z": _HEIGHT}
