"""A landscape as colours."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures.colorbar import Choice, chosen_scale, color_axis
from explorer.figures.dots import dots_of
from explorer.figures.field import Field, field_of
from explorer.figures.interpolated import standings
from explorer.figures.marks import Mark, marks_trace
from explorer.figures.scale import ColorScale
from explorer.figures.theme import axis, layout, plain, same_unit
from explorer.landscape import named_quantity
from explorer.signature import checked


@checked
def heatmap(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    scale: Choice = "auto",
    marks: Sequence[Mark] = (),
    points: bool | None = None,
    seed: int | None = None,
    term: str | None = None,
) -> go.Figure:
    """Draw a quantity of a landscape as colours: the first label to the right, the second upwards.

    Args:
        landscape: with two axes; where it is still being computed the nearest points stand for the missing ones, and
            the title says the share. Where losses were interpolated a note says how far off they may be, and that
            other quantities are those of the nearest evaluated point.
        quantity: a variable, or the name of a term.
        scale: "auto", "log", "linear", or a ColorScale, for example one shared with other figures.
        marks: points (alpha, beta), or {"at": (alpha, beta), "label": text}.
        points: whether small dots mark the evaluated points, where others were interpolated; by default where there
            are at most 2,000 of them.
        seed: which one, of a landscape along several planes.
        term: one of the terms of the loss.

    Raises:
        ValueError: the quantity or a mark is not there or has another shape.
    """
    quantity = named_quantity(landscape, quantity, term)
    field = field_of(landscape, quantity, seed)
    chosen = chosen_scale(field.measured, scale)
    figure = go.Figure(heatmap_trace(field, chosen), {**layout(field.title, [field.note]), **axes_of(field)})
    figure.update_layout(coloraxis=color_axis(chosen, quantity))
    figure.add_traces(dots_of(field, points))
    if marks:
        figure.add_trace(marks_trace(marks))
    return figure


def heatmap_trace(field: Field, scale: ColorScale) -> go.Heatmap:
    """Return the trace: z [B, A] along the colour scale, the true values on hovering; holes stay empty."""
    first, second, name = map(plain, (*field.labels, field.name))
    words = None if field.status is None else standings(field.name, field.status).T
    how = "" if words is None else " (%{text})"
    return go.Heatmap(
        x=field.first,
        y=field.second,
        z=scale.position(_holed(field)),
        customdata=field.rows,
        text=words,
        coloraxis="coloraxis",
        hovertemplate=f"{first} %{{x:.4g}}<br>{second} %{{y:.4g}}<br>{name} %{{customdata:.4g}}{how}<extra></extra>",
    )


def axes_of(field: Field) -> dict[str, Any]:
    """Return both axes, one unit equally long on both where their lengths allow it."""
    first, second = field.labels
    tied = {"scaleanchor": "x", "scaleratio": 1} if same_unit(*field.spans) else {}
    return {"xaxis": axis(first) | {"constrain": "domain"}, "yaxis": axis(second) | {"constrain": "domain"} | tied}


def _holed(field: Field) -> Any:
    return np.where(np.isfinite(field.rows), field.rows, np.nan)
