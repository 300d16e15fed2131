"""Interpolated points in words: what is said of them beside a drawing, and of each one on hovering."""

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.landscape import LOSS, STATUS, Interpolation, Status, interpolation_of
from explorer.numerics.text import percent_at_most

_STANDINGS = ("not computed", "evaluated", "interpolated", "failed")
STAND_IN, JOINED = "the nearest stands for the others", "straight lines join them"
"""What is drawn of a quantity that was not measured, over a plane and along a line."""


def note_of(landscape: xr.Dataset, quantity: str = LOSS, instead: str = STAND_IN) -> str:
    """Return what is said beside a drawing of a quantity, without a period; "" where every point is evaluated unasked.

    Of the loss: counts and the checked error. Of anything else but the status: that it was not measured everywhere, and
    what is drawn `instead`.
    """
    told = interpolation_of(landscape)
    if told is None or (quantity not in (LOSS, STATUS) and not told.interpolated):
        return ""
    if quantity in (LOSS, STATUS):
        return _words(told)
    return (
        f"not measured at interpolated points: {quantity} has a value at {told.evaluated:,} of {told.points:,}, "
        f"{instead}"
    )


def standings(quantity: str, status: NDArray[np.int8], instead: str = "nearest evaluated") -> NDArray[np.str_]:
    """Return, of the shape of status, how each point came to its value, in a word for hovering over it: `instead` where
    the loss alone was interpolated and something else is drawn."""
    words = list(_STANDINGS)
    if quantity not in (LOSS, STATUS):
        words[Status.INTERPOLATED] = instead
    chosen: NDArray[np.str_] = np.array(words)[np.clip(status, 0, len(words) - 1)]
    return chosen


def _words(told: Interpolation) -> str:
    """One sentence without its period: counts, and how far off."""
    if not told.interpolated:
        return _nothing(told)
    rest = "the rest" if told.evaluated + told.interpolated == told.points else f"{told.interpolated:,}"
    return f"{told.evaluated:,} of {told.points:,} points evaluated, {rest} interpolated: {_off(told)}"


def _nothing(told: Interpolation) -> str:
    within = f"to within {percent_at_most(told.asked)} of the range of {told.scale}" if told.asked is not None else ""
    if told.missing:
        return f"the points to come are evaluated, or interpolated {within} if they can be"
    count = f"all {told.points:,}" if told.evaluated == told.points else f"{told.evaluated:,} of {told.points:,}"
    return f"{count} points evaluated: none could be interpolated {within}"


def _off(told: Interpolation) -> str:
    if told.error is None or not told.checked:
        return "how far off is not told"
    beyond = told.asked if told.asked is not None and told.error > told.asked else None
    more = "" if beyond is None else f", more than the {percent_at_most(beyond)} asked for"
    where = f" in all {told.planes} planes" if told.planes > 1 else ""
    what = f"{percent_at_most(told.error)} of the range of {told.scale} at {told.checked:,} checked points{where}"
    return f"off by at most {what}{more}"
