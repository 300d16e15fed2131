"""Plan: how a sweep is going to be evaluated, and what it is going to cost."""

from dataclasses import dataclass
from typing import Any

from explorer.numerics.text import duration
from explorer.sweeps.evaluation.strategies import Strategy
from explorer.sweeps.planning.timing import Timing


@dataclass(frozen=True)
class Way:
    """How some of the quantities are measured."""

    names: tuple[str, ...]
    strategy: Strategy
    chunk: int
    """Points at once."""


@dataclass(frozen=True)
class Plan:
    """How a sweep is going to be evaluated, and what it is going to cost."""

    strategy: Strategy
    """Of all quantities; of the first of `ways` where there are several."""
    chunk: int
    """Points at once; where there are several ways, points that all of them are asked for."""
    bytes_each: int
    """About what one point takes."""
    seconds: float
    """For all points; estimated."""
    timings: tuple[Timing, ...] = ()
    """What was tried; empty where the sweep is too short for it to pay."""
    several: tuple[Way, ...] = ()
    """All of them, where not all quantities are measured in one way."""

    def ways(self, names: tuple[str, ...]) -> tuple[Way, ...]:
        """Return how the quantities of these names are measured."""
        return self.several or (Way(names, self.strategy, self.chunk),)

    @property
    def how(self) -> str:
        """The strategy by name, and quantities that are measured by another: "vmap; own: loop"."""
        others = (way for way in self.several if way.strategy.name != self.strategy.name)
        return "; ".join([self.strategy.name, *(f"{', '.join(way.names)}: {way.strategy.name}" for way in others)])

    def describe(self) -> list[dict[str, Any]]:
        """Return the timings; JSON-ready."""
        return [each.describe() for each in self.timings]

    def text(self, points: int, left: int | None = None) -> str:
        """Return the estimate for all points, or for those that are left of them, as a sentence."""
        how = f"{self.how}, {self.chunk} at once" if self.strategy.batched else self.how
        each = self.seconds / points
        which = f"{points:,} points" if left in (None, points) else f"{left:,} of {points:,} points left"
        seconds = self.seconds if left is None else each * left
        return f"{which}, about {duration(seconds)} ({how}; {each * 1000:.3g} ms a point)"
