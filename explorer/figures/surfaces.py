"""A landscape as a surface in three dimensions."""

from collections.abc import Sequence

import plotly.graph_objects as go
import xarray as xr

from explorer.figures.colorbar import Choice, chosen_scale, color_axis
from explorer.figures.field import Field, field_of
from explorer.figures.heatmaps import heatmap_trace
from explorer.figures.marks import Mark, marks_trace
from explorer.figures.scale import ColorScale
from explorer.figures.theme import CASING, CORE, axis, layout, same_unit

_HEIGHT = 0.6
"""Of the drawing, in units of its longer side."""


def surface(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    scale: Choice = "auto",
    marks: Sequence[Mark] = (),
    seed: int | None = None,
) -> go.Figure:
    """Draw a quantity of a landscape as a surface; height and colour follow the same scale, clipped at its ends.

    Args:
        landscape, quantity, scale, marks, seed: as for `heatmap`; a mark's height is linear between grid points.

    Raises:
        ValueError: as for `heatmap`.
    """
    field = field_of(landscape, quantity, seed)
    chosen = chosen_scale(field.measured, scale)
    colors = color_axis(chosen, quantity)
    trace = _trace(field, chosen)
    figure = go.Figure(trace, layout(field.title))
    ticks = {name: colors["colorbar"][name] for name in ("tickvals", "ticktext")}
    first, second = field.labels
    if marks:
        figure.add_trace(_marks_on(field, marks, chosen))
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
    parts = {name: flat[name] for name in ("x", "y", "z", "customdata", "coloraxis", "hovertemplate")}
    return go.Surface(**parts)


def _marks_on(field: Field, marks: Sequence[Mark], scale: ColorScale) -> go.Scatter3d:
    flat = marks_trace(marks)
    values = xr.DataArray(field.values, dims=("a", "b"), coords={"a": field.first, "b": field.second})
    heights = [float(values.interp(a=x, b=y)) for x, y in zip(flat.x, flat.y, strict=True)]
    return go.Scatter3d(
        x=flat.x,
        y=flat.y,
        z=scale.position(heights),
        text=flat.text,
        mode="markers+text",
        marker={"size": 5, "color": CORE, "line": {"color": CASING, "width": 3}},
        hovertemplate="%{text} (%{x}, %{y})<extra></extra>",
        showlegend=False,
    )


def _aspect(field: Field) -> dict[str, float]:
    width, depth = field.spans if same_unit(*field.spans) else (1.0, 1.0)
    longer = max(width, depth)
    return {"x": width / longer, "y": depth / longer, "z": _HEIGHT}
