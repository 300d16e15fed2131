"""Habits: what is swept again and again, each time too briefly for timing to pay, is timed once."""

from collections.abc import Callable, Hashable
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

from explorer.objective import Objective
from explorer.quantities import Wanted
from explorer.sweeps.plans import Plan

_OFTEN = 1.0
"""Seconds spent on one kind of sweep before it is a habit; finding the fastest way takes about as long."""


@dataclass
class _Habit:
    spent: float = 0.0
    plan: Plan | None = None


_HABITS: WeakKeyDictionary[Objective, dict[Hashable, _Habit]] = WeakKeyDictionary()


def habitual(
    objective: Objective, wanted: Wanted, directions: int, points: int, find: Callable[[], Plan]
) -> Plan | None:
    """Return how this is best swept if it has been swept for long enough, all sweeps together; else None.

    Args:
        objective, wanted, directions, points: what is swept, on a plane of how many directions, at how many points.
        find: calibrates.
    """
    habit = _habit(objective, wanted, directions)
    if habit.spent < _OFTEN:
        return None
    if habit.plan is None:
        habit.plan = find()
    return replace(habit.plan, chunk=min(habit.plan.chunk, points), seconds=0.0)


def remember(objective: Objective, wanted: Wanted, directions: int, seconds: float) -> None:
    """Note that such a sweep took so long."""
    _habit(objective, wanted, directions).spent += seconds


def _habit(objective: Objective, wanted: Wanted, directions: int) -> _Habit:
    key = (wanted.names, tuple(wanted.functions.values()), directions)
    return _HABITS.setdefault(objective, {}).setdefault(key, _Habit())
