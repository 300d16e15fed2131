"""Limits: what a slice cannot show, said beside every slice."""

import math
from collections.abc import Mapping
from typing import Any

from dash import html

from explorer.dashboard.common import controls as ui
from explorer.landscape import basis_of, nested
from explorer.numerics.text import percent

LIMITS = (
    "A slice that looks convex proves nothing: the loss may fall in a direction that it does not contain. A slice that "
    "is not convex does prove that the loss is not: convex functions stay convex when they are cut.",
    "Among very many parameters, random directions almost surely miss the sharp ones: the curvature they show is "
    "close to the average over all directions, the trace of the Hessian over P; the largest eigenvalue can be many "
    "times that. Hessian directions show it, and the report puts both side by side.",
    "A lowest point of the slice is a minimum of the loss only if the whole gradient vanishes there, and not just its "
    "part in the plane.",
    "A checkpoint off the plane is drawn at the point of the plane nearest to it. The colors there are the losses of "
    "that point, not of the checkpoint.",
    "Distances depend on how the parameters are scaled, which a ReLU network's function may not: of its rescalings "
    "filter normalization takes out the uniform ones only.",
)


def limits(attrs: Mapping[str, Any]) -> Any:
    """Return the card, with the share that a plane can show of this many parameters."""
    parameters, axes = attrs.get("parameters"), len(nested(attrs, "labels", list))
    known = isinstance(parameters, int) and 0 < axes <= parameters
    said = [f"It shows {axes} of {parameters:,} dimensions.", _share_of_random(attrs, axes)] if known else []
    body = [html.P(" ".join(said)), html.Ul([html.Li(text) for text in LIMITS])]
    return ui.card("What this slice cannot show", body, id="limits", hide="limits")


def _share_of_random(attrs: Mapping[str, Any], axes: int) -> str:
    """A random K-plane holds the share sqrt(K/P) of a fixed vector's length, root mean square."""
    if basis_of(attrs).made.get("kind") != "gaussian":
        return ""
    share = math.sqrt(axes / attrs["parameters"])
    drawn = "plane" if axes > 1 else "line"
    return f"Of a gradient that has nothing to do with it a random {drawn} shows {percent(share)}."
