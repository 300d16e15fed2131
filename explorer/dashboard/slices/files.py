"""Files: a slice as a picture for the browser to save, or as a file of explorer.exports."""

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go

from explorer import figures
from explorer.dashboard.slices.maps import Shown
from explorer.dashboard.slices.page import FILES
from explorer.dashboard.slices.quantities import axes_of, drawable
from explorer.dashboard.slices.state import State
from explorer.exports import encode
from explorer.figures.projections import projections_of

PICTURES = ("png", "svg")
KINDS = tuple(kind for kind in FILES if kind not in PICTURES)
SURFACE_POINTS = 129
"""Of a side in 3D: more is slow to turn."""


def file(shown: Shown, kind: str) -> dict[str, Any]:
    """Return {"filename", "content"}, in base64, of the landscape as it is now.

    Raises:
        ExplorerError: it cannot be written in that format.
    """
    content = base64.b64encode(encode(shown.landscape, f".{kind}")).decode()
    return {"filename": f"{_stem(shown)}.{kind}", "content": content}


def picture(shown: Shown, other: Shown | None, state: State) -> dict[str, Any]:
    """Return {"name", "figure"} for the browser to make a picture of. Raises ValueError where nothing can be drawn."""
    return {"name": _stem(shown), "figure": json.loads(_figure(shown, other, state).to_json())}


def _stem(shown: Shown) -> str:
    seed = f"-seed-{shown.seed}" if shown.seeds else ""
    return shown.opened.name.removesuffix(".zarr") + seed


def _figure(shown: Shown, other: Shown | None, state: State) -> go.Figure:
    landscape, axes = shown.landscape, axes_of(shown.landscape)
    quantity = state.quantity if state.quantity in drawable(landscape) else "loss"
    if len(axes) == 1:
        return figures.line(landscape, quantity, log=state.scale == "log")
    if other is not None:
        titles = [each.opened.name for each in (shown, other)]
        return figures.compare(landscape, other.landscape, quantity=quantity, scale=state.scale, titles=titles)
    if "checkpoints" in state.layers and _has_checkpoints(shown):
        return figures.path(landscape, quantity, scale=state.scale)
    return figures.contour(landscape, quantity, scale=state.scale, marks=_point(shown, state))


def _has_checkpoints(shown: Shown) -> bool:
    try:
        return bool(projections_of(shown.landscape.attrs))
    except ValueError:
        return False


def surface(shown: Shown, state: State) -> go.Figure:
    """Return the slice in 3D with the point on it; the camera stays where the reader put it.

    Raises:
        ValueError: a line, or nothing to draw.
    """
    landscape = shown.landscape
    quantity = state.quantity if state.quantity in drawable(landscape) else "loss"
    steps = {label: max(1, int(np.ceil(landscape.sizes[label] / SURFACE_POINTS))) for label in axes_of(landscape)}
    thin = landscape.isel({label: slice(None, None, step) for label, step in steps.items()})
    figure = figures.surface(thin, quantity, scale=state.scale, marks=_point(shown, state))
    ink = "#e8edf4" if "dark" in state.mode else "#1a2230"
    flush = {"title": None, "margin": dict.fromkeys("lrtb", 0), "paper_bgcolor": "rgba(0,0,0,0)"}
    figure.update_scenes({f"{axis}axis_showbackground": False for axis in "xyz"})
    return figure.update_layout(uirevision="kept", font={"color": ink}, **flush)


def _point(shown: Shown, state: State) -> list[dict[str, Any]]:
    at = (state.a, state.b)
    ends = [shown.landscape[label].values[[0, -1]] for label in axes_of(shown.landscape)]
    inside = all(low <= value <= high for value, (low, high) in zip(at, ends, strict=True))
    return [{"at": at, "label": "θ"}] if inside else []
