"""Prediction: values at the nodes of a grid -> values between them, by a spline along each axis in turn."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import make_interp_spline
from scipy.ndimage import distance_transform_edt

Floats = NDArray[np.float64]

_CONTINUED = 2
"""Nodes into a hole: what lies deeper moves a spline outside by less than a tenth."""


def spline(values: Floats, nodes: Sequence[NDArray[Any]], wanted: Sequence[NDArray[Any]], degree: int = 3) -> Floats:
    """Return the interpolating spline of the values at other places: cubic, not-a-knot (de Boor 1978), as a tensor
    product; of lower degree along an axis of fewer than 4 nodes.

    Args:
        values: finite, one dimension for each axis.
        nodes, wanted: places along each axis, ascending.
        degree: along an axis that has as many nodes and one more.
    """
    for axis, (known, asked) in enumerate(zip(nodes, wanted, strict=True)):
        if len(known) == 1:
            values = np.repeat(values, len(asked), axis=axis)
        elif len(known) != len(asked):
            curve = make_interp_spline(
                known.astype(np.float64), values, k=min(degree, len(known) - 1), axis=axis, check_finite=False
            )
            # Extra dimensions of the answer stand where the axis was.
            values = np.asarray(curve(asked.astype(np.float64)))
    return values


def without_holes(values: Floats) -> Floats:
    """Return the values with something in place of each that is NaN or infinite: next to finite ones what a parabola
    through three of them leads to, so that a spline does not swing; further inside the nearest; zeros if all are holes.
    """
    holes = ~np.isfinite(values)
    if not holes.any():
        return values
    if holes.all():
        return np.zeros_like(values)
    low, high = values[~holes].min(), values[~holes].max()
    filled = np.where(holes, np.nan, values)
    for _ in range(_CONTINUED):
        filled = np.where(
            np.isnan(filled), np.clip(_continued(filled), low - (high - low), high + (high - low)), filled
        )
    nearest = distance_transform_edt(np.isnan(filled), return_distances=False, return_indices=True)
    found: Floats = filled[tuple(nearest)]
    return found


def _continued(values: Floats) -> Floats:
    """Return at every place the mean of what parabolas lead to from both sides along each axis; NaN where none does."""
    total, count = np.zeros_like(values), np.zeros_like(values)
    for axis, points in enumerate(values.shape):
        along = np.moveaxis(values, axis, 0)
        for side in (along, along[::-1]) if points > 3 else ():
            led = np.full_like(side, np.nan)
            led[3:] = 3 * side[2:-1] - 3 * side[1:-2] + side[:-3]
            led = np.moveaxis(led if side is along else led[::-1], 0, axis)
            total += np.where(np.isnan(led), 0.0, led)
            count += ~np.isnan(led)
    return np.divide(total, count, out=np.full_like(values, np.nan), where=count > 0)
