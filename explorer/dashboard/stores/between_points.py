"""Swept: the fields of a landscape read between their points, for numbers that are marked as approximate."""

import base64
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray
from scipy.interpolate import RegularGridInterpolator

from explorer.figures.stand_ins import progress_of
from explorer.landscape import (
    DIRECTION,
    GRADIENT,
    LOSS,
    STATUS,
    Status,
    one_plane,
    quantities_of,
    quantity_of,
    status_of,
)

PREVIEW_POINTS = 129
"""Of a side, sent to the browser for the numbers while the point is dragged."""


def fields(landscape: xr.Dataset, axes: tuple[str, ...]) -> dict[str, NDArray[np.float64]]:
    """Return name -> values over the axes: every drawable quantity, and `d alpha` for the gradient along alpha.

    Between the points that are computed so far they are linear; of several seeds of a line it is the first.
    """
    first = one_plane(landscape)
    whole, other = (progress_of(first, axes, name) for name in (LOSS, GRADIENT))
    if not other.measured.any():
        return {}
    arrays = {name: quantity_of(first, name) for name in quantities_of(first) if name != STATUS}
    if GRADIENT in first:
        arrays |= {f"d {label}": first[GRADIENT].sel({DIRECTION: label}, drop=True) for label in axes}
    return {
        name: (whole if name == LOSS else other).between(np.asarray(array.transpose(*axes).values, np.float64))
        for name, array in arrays.items()
    }


def evaluated(landscape: xr.Dataset, axes: tuple[str, ...]) -> str:
    """Return which points are evaluated, one bit each in C order, in base64; "" where none is interpolated."""
    status = status_of(one_plane(landscape), axes)
    if not (status == Status.INTERPOLATED).any():
        return ""
    return base64.b64encode(np.packbits(status == Status.EVALUATED).tobytes()).decode()


def swept(landscape: xr.Dataset, axes: tuple[str, ...]) -> dict[str, Any]:
    """Return what the browser reads its preview off: coordinates and float32 fields, at most 129 points a side; and
    which points of the whole grid, of so many a side, are evaluated."""
    keep = [thinned(landscape.sizes[label], PREVIEW_POINTS) for label in axes]
    values = {
        name: base64.b64encode(np.ascontiguousarray(field[np.ix_(*keep)], "<f4").tobytes()).decode()
        for name, field in fields(landscape, axes).items()
    }
    points = [landscape[label].values[kept].astype(float).tolist() for label, kept in zip(axes, keep, strict=True)]
    sizes = [landscape.sizes[label] for label in axes]
    return {"points": points, "values": values, "sizes": sizes, "evaluated": evaluated(landscape, axes)}


def read_at(landscape: xr.Dataset, axes: tuple[str, ...], at: tuple[float, ...]) -> dict[str, float]:
    """Return every field at a place, linear between the points around it; NaN beside a hole and outside the grid."""
    points = [np.asarray(landscape[label].values, np.float64) for label in axes]
    return {
        name: float(RegularGridInterpolator(points, field, bounds_error=False, fill_value=np.nan)([at])[0])
        for name, field in fields(landscape, axes).items()
    }


def thinned(points: int, most: int) -> NDArray[np.int64]:
    """Return the indices of at most `most` of so many points, evenly and with both ends."""
    return np.unique(np.linspace(0, points - 1, min(points, most)).round().astype(np.int64))
