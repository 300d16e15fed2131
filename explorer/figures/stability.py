"""Sharpness along training, beside the limit that gradient descent has on a quadratic."""

from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer.figures.theme import RATES, axis, layout
from explorer.numerics.text import number
from explorer.signature import checked


@checked
def sharpness(found: xr.Dataset) -> go.Figure:
    """Draw the largest eigenvalue of the Hessian against the step for each rate, with dotted lines at 2 / rate, and the
    loss below.

    Gradient descent of a rate diverges along an eigenvector on a quadratic whose eigenvalue is above 2 / rate; on a
    network the largest one rises to about that and stays (Cohen et al., Gradient descent on neural networks typically
    occurs at the edge of stability, 2021).

    Args:
        found: `sharpness` and `loss` over (rate, step).

    Raises:
        ValueError: one of these is missing.
    """
    missing = [name for name in ("sharpness", "loss", "rate", "step") if name not in found.variables]
    if missing or set(found["sharpness"].dims) != {"rate", "step"}:
        raise ValueError(f"expected sharpness and loss over rate and step; got {list(found.variables)}")
    title = "Sharpness (largest eigenvalue of the Hessian) along gradient descent"
    figure = go.Figure(layout={**layout(title, ["Dotted: 2 / rate, the limit on a quadratic."]), **_axes()})
    for place, rate in enumerate(found["rate"].values.tolist()):
        figure.add_traces(list(_traces(found.sel(rate=rate), rate, *RATES[place % len(RATES)])))
    return figure.update_layout(legend={"x": 0.01, "y": 0.37, "yanchor": "bottom"})


def _axes() -> dict[str, Any]:
    return {
        "xaxis": axis("step") | {"anchor": "y2"},
        "yaxis": axis("sharpness") | {"domain": [0.36, 1.0], "rangemode": "tozero"},
        "yaxis2": axis("loss") | {"domain": [0.0, 0.28], "type": "log", "exponentformat": "power", "dtick": 1},
    }


def _traces(found: xr.Dataset, rate: float, color: str, dash: str) -> Iterator[go.Scatter]:
    steps, name = found["step"].values, f"rate {number(rate)}"
    style = {"color": color, "width": 2, "dash": dash}
    yield go.Scatter(x=steps, y=found["sharpness"].values, mode="lines", line=style, name=name,
                     hovertemplate=f"{name}, step %{{x}}: sharpness %{{y:.4g}}<extra></extra>")  # fmt: skip
    limit = 2 / rate
    yield go.Scatter(x=steps[[0, -1]], y=np.full(2, limit), mode="lines+text", text=["", f"2 / {number(rate)}"],
                     textposition="top left", line={"color": color, "width": 1.5, "dash": "dot"}, showlegend=False,
                     textfont={"color": color}, hoverinfo="skip")  # fmt: skip
    yield go.Scatter(x=steps, y=found["loss"].values, mode="lines", line=style, showlegend=False, yaxis="y2",
                     hovertemplate=f"{name}, step %{{x}}: loss %{{y:.4g}}<extra></extra>")  # fmt: skip
