"""The colour scale of a landscape: logarithmic or linear, from where to where."""

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Kind = Literal["log", "linear"]

_CLIP = (0.004, 0.985)
"""Quantiles where colours end: one deep pit or high corner must not take them all."""
_DEPTH = 1e-6
"""The floor of a logarithmic scale, in units of the highest value: a grid point on an exact fit has loss 0."""
_FEWEST_DECADES = 1.2
"""Below this range a logarithm hides more than it shows."""


@dataclass(frozen=True)
class ColorScale:
    """How values become colours; all but `decades` and `holes` in the units of the values."""

    kind: Kind
    low: float
    """Values here and below have the lowest colour."""
    high: float
    """Values here and above have the highest colour."""
    floor: float
    """Logarithmic: the least value told apart from 0. Linear: the lowest value."""
    decades: float
    """log10(highest / floor) before clipping; 0 if a value is negative or all are 0."""
    holes: int
    """How many values are NaN or infinite: they have no colour."""

    def normalize(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return 0 (low) to 1 (high) for each value, NaN for holes."""
        array = np.asarray(values, dtype=np.float64)
        position = self.position(np.where(np.isfinite(array), array, np.nan))
        low, high = self.position(self.low), self.position(self.high)
        if high <= low:
            return position - position
        fraction: NDArray[np.float64] = (position - low) / (high - low)
        return fraction

    def position(self, values: ArrayLike) -> NDArray[np.float64]:
        """Return each value clipped to low..high, its log10 on a logarithmic scale: its place along a colour bar."""
        clipped: NDArray[np.float64] = np.clip(np.asarray(values, dtype=np.float64), self.low, self.high)
        return np.log10(clipped) if self.kind == "log" else clipped


def color_scale(values: ArrayLike, kind: Kind | Literal["auto"] = "auto") -> ColorScale:
    """Choose the colour scale of values (of any shape).

    Logarithmic, floored at max(lowest, highest * 1e-6), unless a value is negative or they span under 1.2 decades; both
    kinds end at the 0.4 % and 98.5 % quantiles. Values that are not finite are only counted.

    Raises:
        ValueError: no value is finite, or kind "log" for negative values or zeros alone.
    """
    array = np.asarray(values, dtype=np.float64).reshape(-1)
    finite = array[np.isfinite(array)]
    if finite.size == 0:
        raise ValueError(f"expected at least one finite value to color; all {array.size} are NaN or infinite")
    lowest, highest = float(finite.min()), float(finite.max())
    positive = lowest >= 0 and highest > 0
    floor = max(lowest, highest * _DEPTH) if positive else lowest
    decades = float(np.log10(highest / floor)) if positive else 0.0
    if kind == "auto":
        kind = "log" if decades >= _FEWEST_DECADES else "linear"
    if kind == "log" and not positive:
        raise ValueError(f'expected values above 0 for a logarithmic scale; the lowest is {lowest}: use "linear"')
    low, high = (float(end) for end in np.quantile(finite, _CLIP))
    if kind == "log":
        return ColorScale("log", max(low, floor), max(high, floor), floor, decades, array.size - finite.size)
    return ColorScale("linear", low, high, lowest, decades, array.size - finite.size)
