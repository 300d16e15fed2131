"""Scale: losses themselves, or their logarithm: on which a spline is drawn, and in whose range misses are counted."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def _log(values: Floats) -> Floats:
    with np.errstate(divide="ignore", invalid="ignore"):
        found: Floats = np.where(values > 0, np.log(values), np.where(np.isnan(values), np.nan, -np.inf))
    return found


def _exp(values: Floats) -> Floats:
    with np.errstate(over="ignore"):
        found: Floats = np.exp(values)
    return found


def _same(values: Floats) -> Floats:
    return values


@dataclass(frozen=True)
class Scale:
    """A way to look at losses."""

    name: str
    of: Callable[[Floats], Floats]
    """Losses -> the scale; -inf where a loss has no logarithm."""
    back: Callable[[Floats], Floats]

    def apart(self, first: Floats, second: Floats) -> Floats:
        """Return how far two losses lie apart on the scale; infinite where either is not finite there."""
        with np.errstate(invalid="ignore"):
            found = np.abs(self.of(first) - self.of(second))
        found[~np.isfinite(found)] = np.inf
        return found

    def shift(self, losses: Floats, by: Floats, other: "Scale") -> Floats:
        """Return how far losses move on the other scale if they are lowered by so much on this one."""
        return by if other is self else other.apart(losses, self.back(self.of(losses) - by))


LOG = Scale("log L", _log, _exp)
PLAIN = Scale("L", _same, _same)


@dataclass(frozen=True)
class Range:
    """The range of finite losses, on a logarithmic scale if all of them are positive; 0 if there are none."""

    scale: Scale
    size: float

    def share(self, apart: Floats) -> Floats:
        """Return distances on the scale as shares of the range."""
        # In a picture of one color the only finite misses are the spline's own roundings.
        found: Floats = apart / self.size if self.size else np.where(np.isfinite(apart), 0.0, np.inf)
        return found


def range_of(losses: Floats) -> Range:
    """Return the range of losses, of which those that are NaN or infinite do not count."""
    finite = losses[np.isfinite(losses)]
    if not finite.size:
        return Range(PLAIN, 0.0)
    low, high = finite.min(), finite.max()
    scale = LOG if low > 0 else PLAIN
    low, high = scale.of(np.array([low, high]))
    return Range(scale, float(high - low))
