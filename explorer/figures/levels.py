"""Contours: at which levels, and along which lines."""

from collections.abc import Sequence
from math import ceil, floor, log10

import contourpy
import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.field import field_of
from explorer.figures.scale import ColorScale

Line = NDArray[np.float64]

_STEPS = (1, 2, 5)


def contour_levels(scale: ColorScale, count: int = 8) -> list[float]:
    """Return at most about `count` round levels strictly inside the colour scale, ascending, in loss units.

    Logarithmic: every m-th of ... 0.1, 0.2, 0.5, 1, 2, 5 ..., always the same ones for the same m. Linear: multiples
    of a step 1, 2 or 5 times a power of ten.

    Raises:
        ValueError: count is below 1.
    """
    if count < 1:
        raise ValueError(f"expected at least 1 level; got {count}")
    if scale.high <= scale.low:
        return []
    return _log_levels(scale, count) if scale.kind == "log" else _linear_levels(scale, count)


def valley_levels(scale: ColorScale, levels: Sequence[float], count: int = 4) -> list[float]:
    """Return levels below the lowest of `levels`, each half as far above the bottom as the next, ascending.

    A linear scale spends its levels on the slopes; where a long shallow valley lies is told by these. They are rounded
    to two digits of their height above the bottom; none on a logarithmic scale, whose levels crowd there by themselves.
    """
    if scale.kind == "log" or not levels:
        return []
    heights = [(levels[0] - scale.floor) / 2**n for n in range(count, 0, -1)]
    rounded = [round(scale.floor + height, 1 - floor(log10(height))) for height in heights if height > 0]
    return [level for level in rounded if scale.floor < level < levels[0]]


def contour_lines(
    landscape: xr.Dataset, levels: Sequence[float], quantity: str = "loss", *, seed: int | None = None
) -> list[tuple[float, Line]]:
    """Return (level, line [M, 2]) for every contour line: coordinates in label order, linear between grid points.

    A closed line ends where it begins. Holes interrupt lines. While the landscape is computed its lines are those of
    the finest regular grid that is there.

    Raises:
        ValueError: the quantity is not a field over two axes.
    """
    first, second, values = field_of(landscape, quantity, seed).thinned
    if min(values.shape) < 2:
        return []
    height = np.ma.masked_invalid(values.T)
    generator = contourpy.contour_generator(first, second, height, name="serial")
    return [(float(level), np.asarray(line)) for level in levels for line in generator.lines(level)]


def _log_levels(scale: ColorScale, count: int) -> list[float]:
    places = range(3 * floor(log10(scale.low)), 3 * ceil(log10(scale.high)) + 1)
    inside = [place for place in places if scale.low < _round_number(place) < scale.high]
    stride = ceil(len(inside) / count) or 1
    return [_round_number(place) for place in inside if place % stride == 0]


def _round_number(place: int) -> float:
    """Return the place-th number of 1, 2, 5, 10, ...; place 0 is 1."""
    decade, step = divmod(place, 3)
    return float(f"{_STEPS[step]}e{decade}")


def _linear_levels(scale: ColorScale, count: int) -> list[float]:
    least = (scale.high - scale.low) / count
    place = 3 * floor(log10(least))
    while (step := _round_number(place)) < least:
        place += 1
    first, last = floor(scale.low / step) + 1, ceil(scale.high / step) - 1
    # Dividing by an exact integer, where there is one, gives 0.3 rather than 3 * 0.1.
    return [n * step if step >= 1 else n / round(1 / step) for n in range(first, last + 1)]
