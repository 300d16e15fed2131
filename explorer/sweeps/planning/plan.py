"""Plan: how a sweep is going to be evaluated, and what it is going to cost."""

from dataclasses import dataclass
from typing import Any

from explorer.numerics.text import duration
from explorer.sweeps.evaluation.strategies import Strategy
from explorer.sweeps.planning.timing import Timing


@dataclass(frozen=True)
class Plan:
    """How a sweep is going to be evaluated, and what it is going to cost."""

    strategy: Strategy
    chunk: int
    """Points at once."""
    bytes_each: int
    """About what one point takes."""
    seconds: float
    """For all points; estimated."""
    timings: tuple[Timing, ...] = ()
    """What was tried; empty where the sweep is too short for it to pay."""

    def describe(self) -> list[dict[str, Any]]:
        """Return the timings; JSON-ready."""
        return [
            {"strategy": each.strategy.name, "chunk": each.chunk, "seconds_per_point": float(f"{each.seconds:.3g}")}
            for each in self.timings
        ]

    def text(self, points: int) -> str:
        """Return the estimate as a sentence."""
        how = f"{self.strategy.name}, {self.chunk} at once" if self.strategy.batched else self.strategy.name
        return (
            f"{points:,} points, about {duration(self.seconds)} ({how}; {self.seconds / points * 1000:.3g} ms a point)"
        )
