"""Doubt: how far the height of a pass may be wrong, from what lies between the points and from what the values lack."""

import math
from dataclasses import dataclass

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape import LOSS, Attrs, Status, as_number, interpolation_of, quantity_of, status_of
from explorer.merge_trees.bending import bends, bends_told
from explorer.merge_trees.flooding import Floats, Flood, box

_ROUNDINGS = 16
"""Machine epsilons by which a value may be off: sums over data, in any order, stay within a few."""
_EPSILONS = {"float64": 2.0**-52, "float32": 2.0**-23, "float16": 2.0**-10, "bfloat16": 2.0**-7}


@dataclass(frozen=True, eq=False)
class Doubt:
    """Error of each of Q pairs, by where it comes from; all on the scale of the quantity."""

    resolution: Floats
    rounding: Floats
    tolerance: Floats

    @property
    def total(self) -> Floats:
        """A pair is certain if its persistence is above twice this."""
        return self.resolution + self.rounding + self.tolerance


def doubt_of(landscape: xr.Dataset, quantity: str, field: Floats, flood: Flood) -> Doubt:
    """Return how far births and deaths of the pairs [Q] may be off.

    Args:
        landscape: along one plane, whose attributes tell dtype and tolerance.
        quantity: its name.
        field: its values over the axes, in their order.
        flood: of the field.
    """
    deaths = field.flat[flood.passes]
    smaller = field.flat[flood.minima[flood.younger]]
    return Doubt(
        _between_points(landscape, quantity, field, flood),
        _rounded(landscape.attrs, quantity_of(landscape, quantity).dtype, field, np.maximum(abs(deaths), abs(smaller))),
        _shortened(landscape, quantity, deaths) + _interpolated(landscape, quantity, field, deaths),
    )


def _between_points(landscape: xr.Dataset, quantity: str, field: Floats, flood: Flood) -> Floats:
    """Return K M / 8 for each pair: M is the largest curvature, one step of the grid being 1, wherever water stands at
    its pass.

    Where a path crosses from one cell to the next, its value is at least that of the lowest corner there, less M / 2
    times the mean squared distance to the corners, which is at most K / 4; the corners of one cell are neighbours. So
    the grid's pass is at most K M / 8 above the surface's own. M is taken at the points; between them it may be larger.
    """
    told = bends_told(landscape, field.shape) if quantity == LOSS else None
    curvature = bends(field) if told is None else told
    if not len(flood.passes):
        return np.zeros(0)
    rank = np.empty(field.size, dtype=np.int64)
    rank[flood.order] = np.arange(len(flood.order))
    wet = np.maximum.accumulate(box(curvature, np.maximum).flat[flood.order])
    return np.asarray(field.ndim * wet[rank[flood.passes]] / 8)


def _rounded(attrs: Attrs, dtype: np.dtype[np.generic], field: Floats, heights: Floats) -> Floats:
    """Return some roundings of the larger of a height and of what is usual: terms of a small value may be as large."""
    finite = field[np.isfinite(field)]
    usual = float(np.median(np.abs(finite))) if finite.size else 0.0
    epsilon = max(_EPSILONS.get(name, 0.0) for name in (str(dtype), str(attrs.get("dtype"))))
    return np.asarray(_ROUNDINGS * epsilon * np.maximum(heights, usual))


def _interpolated(landscape: xr.Dataset, quantity: str, field: Floats, deaths: Floats) -> Floats:
    """Return what a tolerance allows: the one asked for, as the largest miss among the checked points is too small."""
    told = interpolation_of(landscape)
    if quantity != LOSS or told is None or not told.interpolated:
        return np.zeros(len(deaths))
    # Nobody knows how far off they are.
    asked = math.inf if told.asked is None else told.asked
    if told.scale == "log L" and bool((field[np.isfinite(field)] > 0).all()):
        return _on_log_scale(asked, field, deaths)
    finite = field[np.isfinite(field)]
    return np.full(len(deaths), asked * float(np.ptp(finite)))


def _shortened(landscape: xr.Dataset, quantity: str, deaths: Floats) -> Floats:
    """Return what products in a short dtype cost, by the largest difference that was met."""
    if "mixed_precision" not in landscape.attrs or quantity != LOSS:
        return np.zeros(len(deaths))
    share = as_number(landscape.attrs.get("mixed_precision_error"))
    field = np.asarray(landscape[LOSS].values, dtype=np.float64)
    short = _EPSILONS.get(str(landscape.attrs["mixed_precision"]), 0.0) * np.abs(deaths)
    return np.maximum(short, _on_log_scale(math.inf if share is None else share, field, deaths))


def _on_log_scale(share: float, field: Floats, deaths: Floats) -> Floats:
    """Return the error that makes persistence > 2 error the same as log(death / birth) > 2 share range(log L)."""
    finite = field[np.isfinite(field) & (field > 0)]
    spread = float(np.ptp(np.log(finite))) if finite.size else 0.0
    return np.asarray(np.abs(deaths) * -np.expm1(-2 * share * spread) / 2) if spread else np.zeros(len(deaths))


def interpolated_around(landscape: xr.Dataset, axes: tuple[str, ...], points: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Return whether any of the points and of those around them was interpolated."""
    interpolated = status_of(landscape, axes) == Status.INTERPOLATED
    return np.asarray(box(interpolated, np.maximum).flat[points])
