"""The widget: a landscape in a notebook's cell, with autograd's own numbers at the point."""

import math
from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
import xarray as xr
from plotly.offline import get_plotlyjs

from explorer.dashboard.stores.coded_fields import coded_field
from explorer.dashboard.stores.objectives.exact import Ready, exact
from explorer.extras import package
from explorer.figures import color_scale
from explorer.figures.field import field_of
from explorer.grid import Grid
from explorer.landscape import dims_of, gram_of, quantities_of
from explorer.notebook.drawing import module_text, style_text
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.signature import checked
from explorer.sweeps import sweep

_POINTS = 41
"""Along each axis of a plane that is swept for its widget."""

Numbers = dict[str, Any]
Measure = Callable[[list[float]], Numbers]
"""Coordinates -> what is known there."""


@checked
def widget(shown: xr.Dataset | Objective, plane: Plane | None = None, *, quantity: str = "loss") -> Any:
    """Return a widget for JupyterLab, VS Code and marimo: the map with its contours, a point to be moved by pointer or
    keys, and cuts through it. Of an objective the kernel tells loss, terms, metrics and gradient there by autograd;
    of a landscape they are those of the nearest grid point.

    Its traits: `point`, the coordinates, to be read, set and observed; `landscape`, the Dataset; `numbers`, what is
    known at the point.

    Args:
        shown: a landscape over two axes; or an objective, of which the plane is swept.
        plane: of an objective.
        quantity: that is drawn.

    Raises:
        ValueError: an objective without a plane or a landscape with one, or other than two axes.
        ExplorerError: anywidget is not installed.
    """
    if isinstance(shown, Objective):
        if plane is None or len(plane.basis) != 2:
            raise ValueError("expected widget(objective, plane) with a plane of two directions")
        grid = Grid.around(plane, points=_POINTS) if plane.ends else Grid.square(points=_POINTS, labels=plane.labels)
        landscape = sweep(shown, plane, grid, progress=False, report=False)
        ready = Ready(shown, plane.origin, plane.basis[None])
        return _widget_class()(landscape, quantity, lambda at: exact(ready, 0, tuple(at)) | {"source": "autograd"})
    if plane is not None:
        raise ValueError("expected a plane beside an objective alone: a landscape has its own")
    return _widget_class()(shown, quantity, _nearest(shown))


def _scene(landscape: xr.Dataset, quantity: str) -> dict[str, Any]:
    field = field_of(landscape, quantity)
    gram = gram_of(landscape.attrs, len(dims_of(landscape)))
    lengths = [1.0, 1.0] if gram is None else np.sqrt(np.diag(gram)).tolist()
    return coded_field(quantity, landscape, field, color_scale(field.measured)) | {"lengths": lengths}


def _nearest(landscape: xr.Dataset) -> Measure:
    """Return what a landscape says at its grid points."""
    labels = dims_of(landscape)
    names = [name for name in quantities_of(landscape) if name in landscape and landscape[name].dims == labels]
    gram = gram_of(landscape.attrs, len(labels))

    def measure(at: list[float]) -> Numbers:
        here = landscape.sel(dict(zip(labels, at, strict=True)), method="nearest")
        told: Numbers = {"values": {name: float(here[name]) for name in names if name != "status"}}
        if "gradient" in here and gram is not None:
            slopes = np.asarray(here["gradient"].values, dtype=np.float64)
            coordinates = np.linalg.solve(gram, slopes)
            square = float(coordinates @ slopes)
            told |= {"coordinates": coordinates.tolist(), "in_plane": math.sqrt(max(square, 0.0))}
        return told

    return measure


def _middle(axis: list[float]) -> float:
    """Return where the point begins: at the plane's origin, where that is in the picture."""
    return 0.0 if axis[0] <= 0.0 <= axis[-1] else 0.5 * (axis[0] + axis[-1])


@cache
def _widget_class() -> Any:
    """Return the class; its base is there only where anywidget is."""
    anywidget, traitlets = package("anywidget", "notebook"), package("traitlets", "notebook")

    class LandscapeWidget(anywidget.AnyWidget):  # type: ignore[misc, name-defined]
        """A landscape in a cell."""

        _esm = module_text()
        _css = style_text()
        scene = traitlets.Dict().tag(sync=True)
        point = traitlets.List(traitlets.Float(), minlen=2, maxlen=2).tag(sync=True)
        numbers = traitlets.Dict().tag(sync=True)
        landscape = traitlets.Instance(xr.Dataset)

        def __init__(self, landscape: xr.Dataset, quantity: str, measure: Measure) -> None:
            scene = _scene(landscape, quantity)
            at = [
                0.0 if axis[0] <= 0.0 <= axis[-1] else 0.5 * (axis[0] + axis[-1]) for axis in (scene["x"], scene["y"])
            ]
            self._measure = measure
            super().__init__(landscape=landscape, scene=scene, point=at)
            self.on_msg(self._asked)
            self.observe(self._moved, "point")
            self._moved()

        def _moved(self, change: Any = None) -> None:
            at = list(self.point)
            self.numbers = self._measure(at) | {"at": at}

        def _asked(self, sender: Any, content: Any, buffers: Any) -> None:
            if content == {"want": "plotly"}:
                self.send({"plotly": True}, buffers=[get_plotlyjs().encode()])

    return LandscapeWidget
