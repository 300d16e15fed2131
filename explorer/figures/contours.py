"""A landscape as contour lines over its colours."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures.colorbar import Choice, chosen_scale
from explorer.figures.dots import dots_of
from explorer.figures.field import field_of
from explorer.figures.heatmaps import heatmap
from explorer.figures.levels import Line, contour_levels, contour_lines
from explorer.figures.marks import Mark, marks_trace
from explorer.figures.theme import CASING, CORE
from explorer.landscape import named_quantity
from explorer.numerics.text import number
from explorer.signature import checked


@checked
def contour(
    landscape: xr.Dataset,
    quantity: str = "loss",
    *,
    scale: Choice = "auto",
    levels: Sequence[float] | None = None,
    marks: Sequence[Mark] = (),
    points: bool | None = None,
    seed: int | None = None,
    term: str | None = None,
) -> go.Figure:
    """Draw a quantity of a landscape as colours with contour lines at round levels, in the units of the quantity.

    Args:
        landscape, quantity, scale, marks, points, seed, term: as for `heatmap`.
        levels: of the lines; chosen from the scale where not given.

    Raises:
        ValueError: as for `heatmap`.
    """
    quantity = named_quantity(landscape, quantity, term)
    field = field_of(landscape, quantity, seed)
    chosen = chosen_scale(field.measured, scale)
    figure = heatmap(landscape, quantity, scale=chosen, points=False, seed=seed)
    levels = contour_levels(chosen) if levels is None else levels
    lines = contour_lines(landscape, levels, quantity, seed=seed)
    for level in levels:
        figure.add_traces(_level_traces(level, [line for at, line in lines if at == level]))
    figure.add_traces(dots_of(field, points))
    if marks:
        figure.add_trace(marks_trace(marks))
    return figure


def _level_traces(level: float, lines: list[Line]) -> list[go.Scatter]:
    """Return all lines of one level, cased: a dark wide trace below a white thin one."""
    if not lines:
        return []
    gap = np.full((1, 2), np.nan)
    path = np.concatenate([part for line in lines for part in (line, gap)])
    return [_line_trace(path, CASING, 2.5, "skip"), _line_trace(path, CORE, 1.0, "name", number(level))]


def _line_trace(path: Line, color: str, width: float, hover: str, name: str = "") -> go.Scatter:
    line = {"color": color, "width": width, "simplify": False}
    x, y = path.T
    return go.Scatter(x=x, y=y, mode="lines", line=line, hoverinfo=hover, name=name, showlegend=False)
