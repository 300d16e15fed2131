"""Several ways: plans of quantities that are measured apart, made into the plan of a sweep."""

from collections.abc import Sequence
from dataclasses import replace

from explorer.sweeps.planning.plan import Plan, Way

NEWS = 0.5
"""Seconds without a sign of life that a reader should bear."""


def one_plan(planned: Sequence[tuple[tuple[str, ...], Plan]], points: int, chunk: int | None) -> Plan:
    """Return the plan of all quantities; those that are measured alike are measured together.

    Args:
        planned: names of quantities, and their plan.
        points: of the sweep.
        chunk: points at once, where the caller has decided.
    """
    first = planned[0][1]
    if len(planned) == 1:
        return first
    seconds = sum(plan.seconds for _, plan in planned)
    timings = tuple(replace(timing, names=names) for names, plan in planned for timing in plan.timings)
    ways = _merged([Way(names, plan.strategy, plan.chunk) for names, plan in planned])
    most = max(plan.bytes_each for _, plan in planned)
    plan = Plan(ways[0].strategy, chunk or _piece(ways, seconds / points), most, seconds, timings)
    return plan if len(ways) == 1 else replace(plan, several=ways)


def _merged(ways: Sequence[Way]) -> tuple[Way, ...]:
    """Return ways of which no two are alike. A loop takes any number of points: for it the smallest chunk holds."""
    found: dict[object, Way] = {}
    for way in ways:
        alike = (way.strategy, way.chunk if way.strategy.batched else None)
        before = found.get(alike, replace(way, names=()))
        found[alike] = replace(before, names=(*before.names, *way.names), chunk=min(before.chunk, way.chunk))
    return tuple(found.values())


def _piece(ways: Sequence[Way], seconds: float) -> int:
    """Return how many points to ask for together: what the largest chunk holds, but where one way is a loop no more
    than are evaluated between two signs of life.

    Args:
        ways: of measuring.
        seconds: that a point takes; 0 where it is not known.
    """
    chunks = [way.chunk for way in ways if way.strategy.batched]
    if len(chunks) == len(ways) or not seconds:
        return max(chunks, default=1)
    looped = min(way.chunk for way in ways if not way.strategy.batched)
    return max(1, min(max(chunks), int(NEWS / seconds))) if chunks else looped
