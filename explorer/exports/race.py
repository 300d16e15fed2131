"""Racing: paths on one landscape, side by side with one clock, as a page that needs nothing but a browser."""

import base64
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.exports.race_template import PAGE
from explorer.figures.field import Field, field_of
from explorer.figures.levels import contour_levels, contour_lines
from explorer.figures.scale import color_scale
from explorer.figures.theme import RACERS
from explorer.numerics.text import number
from explorer.signature import checked

FAR = 20.0
"""In windows: beyond that a path is drawn as if it ended there."""
HOLE = 255
"""The code of a point that is not finite; finite ones take 0..254."""


@dataclass(frozen=True)
class Runner:
    """One path of a race."""

    name: str
    coordinates: NDArray[np.float64]
    """[T, 2], in the landscape's axes, from the start on."""
    losses: NDArray[np.float64]
    """[T], there."""
    note: str = ""
    """A sentence on how it ended."""
    style: int = 0
    """Which of RACERS."""


@checked
def race_html(landscape: xr.Dataset, runners: Sequence[Runner], title: str) -> str:
    """Return a document that plays a race: a map with its path for each runner, one clock, and who leads.

    It asks nothing of any network, and says so to the browser. A number that is not finite ends the drawing of a path.

    Args:
        landscape: with `loss` over two axes.
        runners: at least one; those of fewer steps wait at their ends.
        title: plain text.

    Raises:
        ValueError: no runner, or coordinates and losses of other shapes.
    """
    if not runners:
        raise ValueError("expected at least one runner; got none")
    for each in runners:
        _check(each)
    field = field_of(landscape)
    data = {"map": _map(landscape, field), "runners": [_runner(each, _extents(field)) for each in runners]}
    # What a script element must not contain, whatever the names are.
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).replace("<", "\\u003c")
    return PAGE.replace("$TITLE", escape(title)).replace("$DATA", text)


def _check(runner: Runner) -> None:
    shape, losses = runner.coordinates.shape, runner.losses.shape
    if len(shape) != 2 or shape[1] != 2 or shape[0] < 1 or losses != shape[:1]:
        raise ValueError(f"expected coordinates [T, 2] and losses [T] for {runner.name!r}; got {shape} and {losses}")


def _map(landscape: xr.Dataset, field: Field) -> dict[str, Any]:
    scale = color_scale(field.values)
    codes = np.where(np.isfinite(field.values), np.round(scale.normalize(field.values) * (HOLE - 1)), HOLE)
    return {
        "labels": list(field.labels),
        "extent": _extents(field),
        "shape": list(codes.T.shape),
        # Rows are the second axis, upwards; columns the first.
        "codes": base64.b64encode(np.ascontiguousarray(codes.T.astype(np.uint8)).tobytes()).decode(),
        "scale": f"{scale.kind} scale from {number(scale.low)} to {number(scale.high)}",
        "contours": [_rounded(line) for _, line in contour_lines(landscape, contour_levels(scale))],
    }


def _extents(field: Field) -> list[list[float]]:
    return [[float(values[0]), float(values[-1])] for values in (field.first, field.second)]


def _rounded(line: NDArray[np.float64]) -> list[list[float]]:
    rows: list[list[float]] = np.round(line, 4).tolist()
    return rows


def _runner(runner: Runner, extents: list[list[float]]) -> dict[str, Any]:
    stroke = RACERS[runner.style % len(RACERS)]
    return {
        "name": runner.name,
        "note": runner.note,
        "color": stroke.color,
        "dash": stroke.pattern,
        "at": [_place(row, extents) for row in runner.coordinates],
        "losses": [float(value) if math.isfinite(value) else None for value in runner.losses],
    }


def _place(row: NDArray[np.float64], extents: list[list[float]]) -> list[float] | None:
    """Return one place for drawing: shifted towards the middle where it is far outside, None where it is nowhere."""
    if not np.isfinite(row).all():
        return None
    middle = np.array([(low + high) / 2 for low, high in extents])
    away = (row - middle) / np.array([high - low for low, high in extents])
    shrink = float(np.abs(away).max()) / FAR
    return [float(value) for value in (row if shrink <= 1 else middle + (row - middle) / shrink)]
