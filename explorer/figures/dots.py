"""Dots: the evaluated points of a landscape whose other points were interpolated."""

import numpy as np
import plotly.graph_objects as go

from explorer.figures.field import Field
from explorer.figures.theme import CASING, CORE
from explorer.landscape import Status

MOST_DOTS = 2000
"""Evaluated points that are marked without being asked for: more of them hide the colours."""


def dots_of(field: Field, wanted: bool | None) -> list[go.Scatter]:
    """Return the trace of the evaluated points, or none.

    Args:
        field: whose points.
        wanted: whether to; None for where there are at most 2,000. Where none is interpolated there are no dots.
    """
    if field.status is None or wanted is False:
        return []
    i, j = np.nonzero(field.status == Status.EVALUATED)
    if wanted is None and len(i) > MOST_DOTS:
        return []
    style = {"size": 3, "color": CORE, "opacity": 0.75, "line": {"color": CASING, "width": 0.5}}
    return [go.Scatter(x=field.first[i], y=field.second[j], mode="markers", marker=style, hoverinfo="skip",
                       name="evaluated", showlegend=False)]  # fmt: skip
