"""Interpolation: how many losses of a landscape were not evaluated, and how far off the checked ones are."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape.attributes import Attrs, as_number
from explorer.landscape.axes import dims_of
from explorer.landscape.planes import planes_of
from explorer.landscape.quantities import LOSS
from explorer.landscape.status import STATUS, Status, status_of

_SCALES = ("log L", "L")
MISS = "tolerance_miss"
"""The attribute that holds the largest miss among the checked points: a floor of the error, not a bound of it."""
_ONCE = "tolerance_error"
"""What it was called in stores of before."""


@dataclass(frozen=True)
class Interpolation:
    """What a landscape tells of the points that were interpolated."""

    evaluated: int
    interpolated: int
    missing: int
    """Not computed (yet)."""
    points: int
    """Of the grid, over all planes; those that are left failed."""
    error: float | None
    """Largest miss at the checked points, as a share of the range; None where it is not told."""
    checked: int
    """Points that were evaluated after having been interpolated, to check them."""
    scale: str
    """Whose range the share is of: "log L" or "L"."""
    asked: float | None
    """The share that was allowed; None where it is not told."""
    planes: int
    """How many the error and the checked points are of: the worst and the sum."""


def interpolation_of(landscape: xr.Dataset) -> Interpolation | None:
    """Return what a landscape tells of its interpolated points; None where it has none and none were asked for."""
    attrs, status = landscape.attrs, status_of(landscape, dims_of(landscape))
    asked, checked = _share(attrs, "tolerance"), _share(attrs, "tolerance_checked")
    evaluated, interpolated, missing = (
        int(np.count_nonzero(status == known)) for known in (Status.EVALUATED, Status.INTERPOLATED, Status.NOT_COMPUTED)
    )
    if not interpolated and asked is None:
        return None
    scale = str(attrs.get("tolerance_scale"))
    return Interpolation(
        evaluated=evaluated,
        interpolated=interpolated,
        missing=missing,
        points=status.size,
        error=_share({MISS: miss_of(attrs)}, MISS),
        checked=int(checked or 0),
        scale=scale if scale in _SCALES else "the loss",
        asked=asked,
        planes=len(planes_of(attrs)),
    )


def miss_of(attrs: Attrs) -> Any:
    """Return the largest miss among the checked points, as a share of the range; None of a sweep that has not been
    checked, or had no tolerance.

    Elsewhere the error may be several times larger (13 times, at the worst that was seen); within the tolerance asked
    for it was everywhere.
    """
    return attrs.get(MISS, attrs.get(_ONCE))


def unmeasured(quantity: str, status: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where a quantity has no value of its own because the loss alone was interpolated; None for nowhere."""
    missing = np.asarray(status == Status.INTERPOLATED)
    return missing if quantity not in (LOSS, STATUS) and missing.any() else None


def _share(attrs: Attrs, name: str) -> float | None:
    value = as_number(attrs.get(name))
    return value if value is not None and math.isfinite(value) and value >= 0 else None
