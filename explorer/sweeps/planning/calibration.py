"""Calibration: which strategy and how many points at once are fastest, timed on the objective itself."""

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial

import torch

from explorer.numerics.turn import in_turn
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Wanted
from explorer.sweeps.evaluation.chunk_sizes import even, footprint_of, is_large, points_per_chunk, points_per_pass
from explorer.sweeps.evaluation.strategies import Strategy, choose
from explorer.sweeps.evaluation.traced import is_traceable
from explorer.sweeps.planning.known_plans import habit_of
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.planning.rewrites_to_try import rewritings
from explorer.sweeps.planning.several_ways import NEWS, one_plan
from explorer.sweeps.planning.timing import Timing, timed

_PATIENCE = 0.2
"""Seconds: a shorter sweep is done before timing would have paid."""
_SHORT = 1 << 28
"""Bytes that all points together save for their gradients: fewer are computed in about a fifth of a second."""
_LONG = 0.5
"""Seconds: from here on a sweep is worth tracing, which takes a tenth of that."""
_CLOSE = 4.0
"""Times the fastest: what runs the model's own code slower than that is not worth tracing."""
_SHARE = 0.05
"""Of the sweep's own time, at most, to spend on timing."""
_MOST = 1 << 30
"""Bytes that one chunk may take."""
_FIRST, _FEW = 16, 2
"""Points to time at first, batched and one by one; few, because nobody knows yet how long one takes."""
_OFTEN = 100
"""Times that what has been swept for a second is expected to be swept again."""


@in_turn
def plan(
    objective: Objective,
    plane: Plane,
    wanted: Wanted,
    points: int,
    chunk: int | None = None,
    *,
    low: torch.dtype | None = None,
    always: bool = False,
) -> Plan:
    """Choose how to evaluate so many points.

    Args:
        objective, plane, wanted, points: what to measure, where and how often.
        chunk: points at once, where the caller has decided.
        low: the short type of products, where mixed precision is asked for.
        always: tell how long a point takes even where the sweep is sure to be short, by timing one if nothing is known.

    Raises:
        RuntimeError, TypeError, ValueError: what the objective or a function raises even in the plain loop; or there is
            no mixed precision for it.
    """
    habit = habit_of(objective, wanted, len(plane.basis), low)
    free = chunk is None and not always
    # Known plans were timed, so they also tell how long a point takes.
    known = habit.plan(points) if chunk is None else None
    if known is not None:
        return known
    footprint = footprint_of(objective, len(plane.basis))

    def calibration(family: Wanted) -> _Calibration:
        # One size for all built-in ones: to ask for another changes no bit of the first.
        each = (wanted.built_in if family.built_in else family).bytes(footprint)
        strategy = choose(objective, plane, family, loop=is_large(each) or objective.streamed)
        size = chunk or _guess(objective, wanted, strategy, each)
        return _Calibration(objective, plane, family, points, each, strategy, size)

    families = [calibration(family) for family in wanted.families]
    if low is not None:
        _refuse_exact_quantities(objective, wanted, low)
    short = low is None and not always
    if short and free and habit.is_due and all(family.is_short for family in families):
        often = [replace(family, points=_OFTEN * points).best() for family in families]
        habit.learn(_joined(families, often, _OFTEN * points, chunk), _OFTEN * points)
        return habit.plan(points) or _joined(families, [family.guess for family in families], points, chunk)
    plans = [family.guess if short and family.is_short else family.best(chunk, low) for family in families]
    best = _joined(families, plans, points, chunk)
    if chunk is None and best.timings:
        habit.learn(best, points)
    return best


def _joined(families: Sequence["_Calibration"], plans: Sequence[Plan], points: int, chunk: int | None) -> Plan:
    names = [family.wanted.names for family in families]
    return one_plan(list(zip(names, plans, strict=True)), points, chunk)


def _guess(objective: Objective, wanted: Wanted, strategy: Strategy, each: int) -> int:
    return points_per_chunk(each, objective.device) if strategy.batched else points_per_pass(objective, wanted)


@dataclass(frozen=True)
class _Calibration:
    """Finds the fastest way to measure some quantities of an objective, by timing a few points."""

    objective: Objective
    plane: Plane
    wanted: Wanted
    points: int
    each: int
    """Bytes that a point takes."""
    strategy: Strategy
    """That the objective allows, running the model's own code."""
    size: int
    """Points at once, by a guess."""

    @property
    def is_short(self) -> bool:
        """Whether all points are done before timing would have paid."""
        return self.strategy.batched and self.points * self.each < _SHORT

    @property
    def guess(self) -> Plan:
        """The plan of the way that runs the model's own code, not timed."""
        return Plan(self.strategy, self.size, self.each, 0.0)

    def best(self, chunk: int | None = None, low: torch.dtype | None = None) -> Plan:
        """Return the plan of the fastest way tried.

        Args:
            chunk: points at once, where the caller has decided.
            low: the short type of products, where mixed precision is asked for; of values alone.
        """
        low = low if self.wanted.values else None
        first = self._time(self.strategy, min(self.size, self.points, _FIRST if self.strategy.batched else _FEW))
        known = Plan(self.strategy, self.size, self.each, first.seconds * self.points)
        if known.seconds < _PATIENCE and low is None:
            return known
        plain = [first]
        if self.strategy.batched:
            plain.append(self._time(self._loop(), _FEW))
            if first.chunk < self.size < self.points and self.size * first.seconds < _PATIENCE:
                # A few points are ruled by the overhead of calling PyTorch, and would make the loop look good.
                plain[0] = self._time(self.strategy, self.size)
        long = min(plain, key=_seconds).seconds * self.points > _LONG
        rewritten = list(self._rewritten(plain, low)) if long or low is not None else []
        timings = plain + rewritten if low is None else rewritten
        if not timings:
            raise ValueError(f"mixed precision ({low}) needs a model whose operations can be traced: leave dtype out")
        if chunk is None:
            timings += self._grown(min(timings, key=_seconds))
        return self._plan(timings, chunk)

    def _plan(self, timings: Sequence[Timing], chunk: int | None) -> Plan:
        fastest = min(timings, key=_seconds)
        if chunk is not None:
            size = chunk
        elif fastest.strategy.batched:
            size = even(self.size if fastest.chunk < min(self.size, _FIRST + 1) else fastest.chunk, self.points)
        else:
            size = _looped(self.objective, self.wanted, fastest.seconds)
        return Plan(fastest.strategy, size, self.each, fastest.seconds * self.points, tuple(timings))

    def _rewritten(self, plain: Sequence[Timing], low: torch.dtype | None) -> Iterator[Timing]:
        """Yield timings of traced evaluations that agree with the model's own code, of the faster kind first."""
        if not is_traceable(self.objective, self.wanted):
            return
        best = min(plain, key=_seconds).seconds
        for base in sorted(plain, key=_seconds):
            if base.seconds > _CLOSE * best:
                # What is so far behind as it is will not be ahead when traced.
                return
            until = time.perf_counter() + _SHARE * best * self.points
            points = min(self.size, self.points) if base.strategy.batched else _FEW
            exact = base.strategy if low is None else None
            attempt = partial(self._time, points=points, like=exact)
            for timing in rewritings(self.objective, base.strategy, low, attempt, until):
                best = min(best, timing.seconds)
                yield timing

    def _grown(self, fastest: Timing) -> Iterator[Timing]:
        """Yield timings of growing chunks until they stop paying or time for timing is over."""
        if not fastest.strategy.batched:
            return
        until = time.perf_counter() + _SHARE * fastest.seconds * self.points
        chunk, best = self.size if fastest.chunk < self.size else 4 * self.size, fastest.seconds
        while chunk * self.each <= _MOST and chunk < self.points and time.perf_counter() + 2 * chunk * best < until:
            timing = self._time(fastest.strategy, chunk)
            yield timing
            if timing.seconds > 1.2 * best:
                return
            chunk, best = chunk * 4, min(best, timing.seconds)

    def _loop(self) -> Strategy:
        return choose(self.objective, self.plane, self.wanted, loop=True)

    def _time(self, strategy: Strategy, points: int, like: Strategy | None = None) -> Timing:
        return timed(self.objective, self.plane, self.wanted, strategy, points, like)


def _refuse_exact_quantities(objective: Objective, wanted: Wanted, low: torch.dtype) -> None:
    """Functions of theta are measured beside the values, exactly."""
    if wanted.summed or not is_traceable(objective, wanted.families[0]):
        raise ValueError(
            "expected quantities among loss, terms, gradient and term_gradients, of an objective whose data stay in "
            f"memory, for mixed precision ({low}); got others: leave dtype out"
        )


def _looped(objective: Objective, wanted: Wanted, seconds: float) -> int:
    """Return how many points a loop takes between two notes of progress; over streamed data, all that share a pass."""
    most = points_per_pass(objective, wanted)
    return most if objective.streamed else max(1, min(most, int(NEWS / seconds)))


def _seconds(timing: Timing) -> float:
    return timing.seconds
