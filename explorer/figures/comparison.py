"""Landscapes side by side on one colour scale."""

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import xarray as xr
from plotly.subplots import make_subplots

from explorer.figures.colorbar import Choice, chosen_scale, color_axis
from explorer.figures.field import Field, field_of
from explorer.figures.heatmaps import axes_of, heatmap_trace
from explorer.figures.theme import layout, plain
from explorer.landscape import named_quantity
from explorer.signature import checked


@checked
def compare(
    *landscapes: xr.Dataset,
    quantity: str = "loss",
    scale: Choice = "auto",
    titles: Sequence[str] = (),
    seed: int | None = None,
    term: str | None = None,
) -> go.Figure:
    """Draw two or more landscapes side by side, the same colour meaning the same value in all.

    Args:
        landscapes: each with two axes; these may differ.
        quantity, scale: as for `heatmap`; "auto" looks at all values together.
        titles: one for each; by default what each landscape says of its loss.
        seed: which one, of landscapes along several planes.
        term: one of the terms of the loss.

    Raises:
        ValueError: fewer than two landscapes, another number of titles, or as for `heatmap`.
    """
    if len(landscapes) < 2:
        raise ValueError(f"expected at least two landscapes to compare; got {len(landscapes)}")
    if titles and len(titles) != len(landscapes):
        raise ValueError(f"expected {len(landscapes)} titles, one for each landscape; got {len(titles)}")
    quantity = [named_quantity(landscape, quantity, term) for landscape in landscapes].pop()
    fields = [field_of(landscape, quantity, seed) for landscape in landscapes]
    chosen = chosen_scale(np.concatenate([field.measured for field in fields]), scale)
    names = _titles(titles, fields)
    figure = make_subplots(1, len(fields), subplot_titles=list(map(plain, names)))
    figure.update_layout(layout("", _notes(names, fields)), coloraxis=color_axis(chosen, quantity))
    for column, field in enumerate(fields, start=1):
        figure.add_trace(heatmap_trace(field, chosen), row=1, col=column)
        axes = axes_of(field)
        if "scaleanchor" in axes["yaxis"]:
            axes["yaxis"]["scaleanchor"] = "x" if column == 1 else f"x{column}"
        figure.update_xaxes(axes["xaxis"], row=1, col=column)
        figure.update_yaxes(axes["yaxis"], row=1, col=column)
    return figure


def _notes(names: Sequence[str], fields: Sequence[Field]) -> list[str]:
    """Return the notes, each with the name of its landscape unless all have the same."""
    notes = [field.note for field in fields]
    if len(set(notes)) == 1:
        return notes[:1]
    told = enumerate(zip(names, notes, strict=True), start=1)
    return [f"{number} ({name}): {note}" for number, (name, note) in told if note]


def _titles(given: Sequence[str], fields: Sequence[Field]) -> list[str]:
    """What is computed so far is told whatever the titles."""
    own = [field.title for field in fields]
    return [title + field.progress.words for title, field in zip(given, fields, strict=True)] if given else own
