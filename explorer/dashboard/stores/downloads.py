"""Files: a slice as a picture for the browser to save, or as a file of explorer.exports."""

import base64
import json
from typing import Any

import numpy as np
import plotly.graph_objects as go
import xarray as xr

from explorer import figures
from explorer.dashboard.stores.checkpoint_marks import checkpoints
from explorer.dashboard.stores.shown import Shown
from explorer.dashboard.stores.state import State
from explorer.exports import encode
from explorer.figures.colorbar import chosen_scale
from explorer.figures.lines import band_of
from explorer.figures.theme import same_unit
from explorer.landscape import LOSS, checkpoints_of, one_plane, quantities_of, seeds_of

FILES = {"png": "PNG", "svg": "SVG", "csv": "CSV", "nc": "NetCDF", "html": "HTML", "vti": "VTK", "h5": "HDF5"}
"""Kinds of files that a slice can be kept as, and what they are called."""
PICTURES = ("png", "svg")
KINDS = tuple(kind for kind in FILES if kind not in PICTURES)
OF_ONE = ("vti", "h5")
"""Formats of one line: of several seeds they have the first, as the numbers at the point."""
SURFACE_POINTS = 129
"""Of a side in 3D: more is slow to turn."""


def file(shown: Shown, kind: str) -> dict[str, Any]:
    """Return {"filename", "content"}, in base64, of the landscape as it is now.

    Raises:
        ExplorerError: it cannot be written in that format.
    """
    landscape, stem = shown.landscape, _stem(shown)
    if kind in OF_ONE and seeds_of(landscape):
        stem += f"-seed-{int(seeds_of(landscape)[0])}"
        landscape = one_plane(landscape)
    content = base64.b64encode(encode(landscape, f".{kind}")).decode()
    return {"filename": f"{stem}.{kind}", "content": content}


def picture(shown: Shown, other: Shown | None, state: State) -> dict[str, Any]:
    """Return {"name", "figure"} for the browser to make a picture of. Raises ValueError where nothing can be drawn."""
    return {"name": _stem(shown), "figure": json.loads(_figure(shown, other, state).to_json()),
            "height": _height(shown, other)}  # fmt: skip


def _height(shown: Shown, other: Shown | None) -> int:
    """Return the pixels of a picture 900 wide: planes have one unit on both axes where that fits, lines are wide."""
    axes = shown.axes
    if len(axes) == 1 or other is not None:
        return 520
    width, height = (float(np.ptp(shown.landscape[axis].values)) for axis in axes)
    return int(np.clip(680 * height / width + 120, 420, 1200)) if same_unit(width, height) else 820


def _stem(shown: Shown) -> str:
    seed = f"-seed-{shown.seed}" if shown.seeds else ""
    return shown.name.removesuffix(".zarr") + seed


def _figure(shown: Shown, other: Shown | None, state: State) -> go.Figure:
    landscape, axes = shown.landscape, shown.axes
    quantity = state.quantity if state.quantity in quantities_of(landscape) else LOSS
    if len(axes) == 1:
        return figures.line(landscape, quantity, log=_is_log(landscape, quantity, state.scale))
    if other is not None:
        titles = [each.name for each in (shown, other)]
        return figures.compare(landscape, other.landscape, quantity=quantity, scale=state.scale, titles=titles)
    points = "points" in state.layers
    if "checkpoints" in state.layers and _has_checkpoints(shown):
        return figures.path(landscape, quantity, scale=state.scale, points=points)
    return figures.contour(landscape, quantity, scale=state.scale, points=points, marks=_point(shown, state))


def _is_log(landscape: xr.Dataset, quantity: str, scale: str) -> bool:
    """Whether the page draws this line on a logarithmic scale."""
    band = band_of(landscape, quantity)
    values = np.concatenate([band.low, band.high])
    try:
        return chosen_scale(values[np.isfinite(values)], scale).kind == "log"
    except ValueError:
        return False


def _has_checkpoints(shown: Shown) -> bool:
    return bool(checkpoints_of(shown.landscape.attrs, len(shown.axes)))


def surface(shown: Shown, state: State) -> go.Figure:
    """Return the slice in 3D with the point on it; the camera stays where the reader put it.

    Raises:
        ValueError: a line, or nothing to draw.
    """
    landscape = shown.landscape
    quantity = state.quantity if state.quantity in quantities_of(landscape) else LOSS
    steps = {label: max(1, int(np.ceil(landscape.sizes[label] / SURFACE_POINTS))) for label in shown.axes}
    thin = landscape.isel({label: slice(None, None, step) for label, step in steps.items()})
    path = "checkpoints" in state.layers and _has_checkpoints(shown)
    marks = [*(_named(shown) if path else []), *_point(shown, state)]
    figure = figures.surface(thin, quantity, scale=state.scale, marks=marks, path=path)
    ink = "#e8edf4" if "dark" in state.mode else "#1a2230"
    size = 1.15 if "projector" in state.mode else 1.0
    flush = {"title": None, "margin": dict.fromkeys("lrtb", 0), "paper_bgcolor": "rgba(0,0,0,0)"}
    figure.update_scenes({f"{axis}axis_showbackground": False for axis in "xyz"})
    figure.update_scenes(domain_y=[0.13, 1.0], camera=_camera(figure.layout.scene.aspectratio))
    return figure.update_layout(uirevision="kept", font={"color": ink, "size": 13 * size}, coloraxis_colorbar=BELOW,
                                **flush)  # fmt: skip


BELOW = {"orientation": "h", "thickness": 11, "len": 0.86, "x": 0.5, "y": 0.0, "yanchor": "bottom",
         "title": {"side": "top"}}  # fmt: skip
"""The colour bar of the 3D view, where the map has its own."""
DISTANCE = 1.1
"""Of the camera, in lengths of the drawing's diagonal: near enough to fill its place, on a phone too."""


def _camera(ratio: Any) -> dict[str, Any]:
    distance = DISTANCE * float(np.linalg.norm([ratio.x, ratio.y, ratio.z]))
    way = np.array([1.0, 1.0, 0.75]) / np.linalg.norm([1.0, 1.0, 0.75])
    eye = dict(zip("xyz", (float(each) for each in distance * way * 1.25), strict=True))
    return {"eye": eye, "center": {"x": 0.0, "y": 0.0, "z": -0.08}}


def _named(shown: Shown) -> list[dict[str, Any]]:
    """Return the checkpoints that have names, as marks."""
    places = checkpoints(shown.landscape.attrs)["points"]
    ends = [shown.landscape[label].values[[0, -1]] for label in shown.axes]
    inside = [
        each for each in places if all(low <= at <= high for at, (low, high) in zip(each["at"], ends, strict=True))
    ]
    return [{"at": each["at"], "label": each["name"]} for each in inside]


def _point(shown: Shown, state: State) -> list[dict[str, Any]]:
    at = (state.a, state.b)
    ends = [shown.landscape[label].values[[0, -1]] for label in shown.axes]
    inside = all(low <= value <= high for value, (low, high) in zip(at, ends, strict=True))
    return [{"at": at, "label": "θ"}] if inside else []
