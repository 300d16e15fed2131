"""Calibration: which strategy and how many points at once are fastest, timed on the objective itself."""

import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.chunks import bytes_per_point, is_large, points_per_chunk, points_per_pass
from explorer.sweeps.strategies import Measure, Strategy, choose, measure_by

_PATIENCE = 0.2
"""Seconds: a shorter sweep is done before timing would have paid."""
_SHORT = 1 << 30
"""Bytes that all points together save for their gradients: fewer are computed in less than about half a second."""
_SHARE = 0.05
"""Of the sweep's own time, at most, to spend on timing."""
_MOST = 1 << 30
"""Bytes that one chunk may take."""
_FIRST, _FEW = 16, 2
"""Points to time at first, batched and one by one; few, because nobody knows yet how long one takes."""
_NEWS = 0.5
"""Seconds without a sign of life that a reader should bear."""


@dataclass(frozen=True)
class Timing:
    """One measured way to evaluate points."""

    strategy: Strategy
    chunk: int
    seconds: float
    """For one point."""


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


def duration(seconds: float) -> str:
    """Return seconds for a reader: "0.4 s", "12 s", "3 min", "2.5 h"."""
    if seconds < 90:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 5400 else f"{seconds / 3600:.1f} h"


def plan(
    objective: Objective,
    plane: Plane,
    wanted: Wanted,
    points: int,
    chunk: int | None = None,
    *,
    always: bool = False,
) -> Plan:
    """Choose how to evaluate so many points.

    Args:
        objective, plane, wanted, points: what to measure, where and how often.
        chunk: points at once, where the caller has decided.
        always: time one point even where the sweep is sure to be short.

    Raises:
        RuntimeError, TypeError, ValueError: what the objective or a function raises even in the plain loop.
    """
    each = bytes_per_point(objective, wanted, len(plane.basis))
    strategy = choose(objective, plane, wanted, loop=is_large(each) or objective.streamed)
    size = chunk or (points_per_chunk(each) if strategy.batched else points_per_pass(objective, wanted))
    if strategy.batched and points * each < _SHORT and not always:
        return Plan(strategy, size, each, 0.0)
    first = _time(objective, plane, wanted, strategy, min(size, points, _FIRST if strategy.batched else _FEW))
    known = Plan(strategy, size, each, first.seconds * points)
    if known.seconds < _PATIENCE or chunk is not None:
        return known
    timings = tuple(_timings(objective, plane, wanted, known, first)) if strategy.batched else (first,)
    best = min(timings, key=lambda timing: timing.seconds)
    size = best.chunk if best.strategy.batched else _looped(objective, wanted, best.seconds)
    return Plan(best.strategy, size, each, best.seconds * points, timings)


def _looped(objective: Objective, wanted: Wanted, seconds: float) -> int:
    """Return how many points a loop takes between two notes of progress; over streamed data, all that share a pass."""
    most = points_per_pass(objective, wanted)
    return most if objective.streamed else max(1, min(most, int(_NEWS / seconds)))


def _timings(objective: Objective, plane: Plane, wanted: Wanted, known: Plan, first: Timing) -> Iterator[Timing]:
    """Yield timings of the loop, and of growing chunks until they stop paying or time for timing is over."""
    until = time.perf_counter() + _SHARE * known.seconds
    yield first
    yield _time(objective, plane, wanted, choose(objective, plane, wanted, loop=True), _FEW)
    chunk, best = max(1, known.chunk // 4), first.seconds
    while chunk * known.bytes_each <= _MOST and time.perf_counter() + 2 * chunk * best < until:
        timing = _time(objective, plane, wanted, known.strategy, chunk)
        yield timing
        if timing.seconds > 1.2 * best:
            return
        chunk, best = chunk * 4, min(best, timing.seconds)


def _time(objective: Objective, plane: Plane, wanted: Wanted, strategy: Strategy, points: int) -> Timing:
    """Time points around the center on one block of data, warm, for all blocks."""
    measure = measure_by(strategy, objective, plane, wanted, blocks=1)
    coords = _around_center(plane, points)
    measure(coords[:1])
    seconds = _seconds(measure, coords)
    share = next(objective.parts()).share
    return Timing(strategy, points, seconds / points / share)


def _seconds(measure: Measure, coords: Tensor) -> float:
    _wait(coords.device)
    began = time.perf_counter()
    measure(coords)
    _wait(coords.device)
    return time.perf_counter() - began


def _around_center(plane: Plane, points: int) -> Tensor:
    coords = torch.zeros(points, len(plane.basis), dtype=plane.origin.dtype, device=plane.origin.device)
    coords[:, 0] = torch.linspace(-0.1, 0.1, points)
    return coords


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
