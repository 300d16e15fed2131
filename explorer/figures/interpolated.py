"""Interpolated points: which losses of a landscape were not evaluated, and how far off the checked ones are."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

STATUS, LOSS = "status", "loss"
EVALUATED, INTERPOLATED = 1, 2
"""Status of a point whose quantities were computed there; of one whose loss alone is known, from the points around."""
_MISSING = 0
_STANDINGS = ("not computed", "evaluated", "interpolated", "failed")
MOST_DOTS = 2000
"""Evaluated points that are marked without being asked for: more of them hide the colours."""
STAND_IN, JOINED = "the nearest stands for the others", "straight lines join them"
"""What is drawn of a quantity that was not measured, over a plane and along a line."""
_SCALES = ("log L", "L")


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

    @property
    def words(self) -> str:
        """One sentence without its period: counts, and how far off."""
        if not self.interpolated:
            return self._nothing
        rest = "the rest" if self.evaluated + self.interpolated == self.points else f"{self.interpolated:,}"
        return f"{self.evaluated:,} of {self.points:,} points evaluated, {rest} interpolated: {self._off}"

    @property
    def _nothing(self) -> str:
        within = f"to within {percent(self.asked)} of the range of {self.scale}" if self.asked is not None else ""
        if self.missing:
            return f"the points to come are evaluated, or interpolated {within} if they can be"
        count = f"all {self.points:,}" if self.evaluated == self.points else f"{self.evaluated:,} of {self.points:,}"
        return f"{count} points evaluated: none could be interpolated {within}"

    @property
    def _off(self) -> str:
        if self.error is None or not self.checked:
            return "how far off is not told"
        beyond = self.asked is not None and self.error > self.asked
        more = f", more than the {percent(self.asked)} asked for" if beyond else ""
        where = f" in all {self.planes} planes" if self.planes > 1 else ""
        what = f"{percent(self.error)} of the range of {self.scale} at {self.checked:,} checked points{where}"
        return f"off by at most {what}{more}"


def interpolation_of(landscape: xr.Dataset) -> Interpolation | None:
    """Return what a landscape tells of its interpolated points; None where it has none and none were asked for.

    Attributes may be of others: what is not a number is taken as not told.
    """
    attrs = landscape.attrs
    asked = _share(attrs, "tolerance")
    status = landscape[STATUS].values if STATUS in landscape else np.ones(1)
    interpolated = int(np.count_nonzero(status == INTERPOLATED))
    if not interpolated and asked is None:
        return None
    scale, checked = str(attrs.get("tolerance_scale")), _share(attrs, "tolerance_checked")
    return Interpolation(
        evaluated=int(np.count_nonzero(status == EVALUATED)),
        interpolated=interpolated,
        missing=int(np.count_nonzero(status == _MISSING)),
        points=status.size,
        error=_share(attrs, "tolerance_error"),
        checked=0 if checked is None else int(checked),
        scale=scale if scale in _SCALES else "the loss",
        asked=asked,
        planes=_planes(attrs),
    )


def note_of(landscape: xr.Dataset, quantity: str = LOSS, instead: str = STAND_IN) -> str:
    """Return what is said beside a drawing of a quantity, without a period; "" where every point is evaluated unasked.

    Of the loss: counts and the checked error. Of anything else but the status: that it was not measured everywhere, and
    what is drawn `instead`.
    """
    found = interpolation_of(landscape)
    if found is None or (quantity not in (LOSS, STATUS) and not found.interpolated):
        return ""
    if quantity in (LOSS, STATUS):
        return found.words
    return (
        f"not measured at interpolated points: {quantity} has a value at {found.evaluated:,} of {found.points:,}, "
        f"{instead}"
    )


def unmeasured(quantity: str, status: NDArray[Any]) -> NDArray[np.bool_] | None:
    """Return where a quantity has no value of its own because the loss alone was interpolated; None for nowhere."""
    missing = np.asarray(status == INTERPOLATED)
    return missing if quantity not in (LOSS, STATUS) and missing.any() else None


def standings(quantity: str, status: NDArray[Any], instead: str = "nearest evaluated") -> NDArray[np.str_]:
    """Return, of the shape of status, how each point came to its value, in a word for hovering over it: `instead` where
    the loss alone was interpolated and something else is drawn."""
    whole = quantity in (LOSS, STATUS)
    words = np.array(_STANDINGS if whole else (*_STANDINGS[:INTERPOLATED], instead, *_STANDINGS[INTERPOLATED + 1 :]))
    chosen: NDArray[np.str_] = words[np.clip(status, 0, len(words) - 1)]
    return chosen


def percent(share: float | None) -> str:
    """Return a share as a percentage with two digits, rounded up: it is said of what is at most so much."""
    if not share or share < 0:
        return "0 %"
    step = 10.0 ** (math.floor(math.log10(100 * share)) - 1)
    # 0.4 / 0.01 is not 40 in every last digit: what is whole but for rounding stays as it is.
    digits = math.ceil(100 * share / step * (1 - 1e-12))
    return f"{float(f'{digits * step:.6g}'):.6g} %"


def _share(attrs: Mapping[str, Any], name: str) -> float | None:
    value = attrs.get(name)
    if isinstance(value, bool) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    return float(value) if math.isfinite(value) and value >= 0 else None


def _planes(attrs: Mapping[str, Any]) -> int:
    try:
        planes = json.loads(str(attrs.get("planes", "[]")))
    except ValueError:
        return 1
    return max(1, len(planes)) if isinstance(planes, list) else 1
