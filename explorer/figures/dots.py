"""Dots: the evaluated points of a landscape whose other points were interpolated."""

import numpy as np
import plotly.graph_objects as go

from explorer.figures.field import Field
from explorer.figures.interpolated import EVALUATED, MOST_DOTS
from explorer.figures.theme import CASING, CORE


def dots_of(field: Field, wanted: bool | None) -> list[go.Scatter]:
    """Return the trace of the evaluated points, or none.

    Args:
        field: whose points.
        wanted: whether to; None for where there are at most 2,000. Where none is interpolated there are no dots.
    """
    if field.status is None or wanted is False:
        return []
    i, j = np.nonzero(field.status == EVALUATED)
    if wanted is None and len(i) > MOST_DOTS:
        return []
    style = {"size": 3, "color": CORE, "opacity": 0.75, "line": {"color": CASING, "width": 0.5}}
    return [go.Scatter(x=field.first[i], y=field.second[j], mode="markers", marker=style, hoverinfo="skip",
                       name="evaluated", showlegend=False)]  # fmt: skip
