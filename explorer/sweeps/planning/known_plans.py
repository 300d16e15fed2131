"""Habits: what is swept again and again is timed once, even where no single sweep is long enough to pay for it."""

from collections.abc import Hashable
from dataclasses import dataclass, replace
from weakref import WeakKeyDictionary

import torch

from explorer.objective import Objective
from explorer.quantities import Wanted
from explorer.sweeps.evaluation.chunk_sizes import even
from explorer.sweeps.planning.plan import Plan

_FAR = 4
_OFTEN = 1.0
"""Seconds spent on one kind of sweep before it is a habit; finding the fastest way takes about as long."""


@dataclass
class Habit:
    """What is known of one kind of sweep from all those before."""

    spent: float = 0.0
    """Seconds."""
    best: Plan | None = None
    """The fastest way, once it was looked for."""
    points: int = 1
    """That it was looked for."""

    @property
    def is_due(self) -> bool:
        """Whether it is time to look for the fastest way, where none is known."""
        return self.spent >= _OFTEN

    def learn(self, best: Plan, points: int) -> None:
        """Note the fastest way to evaluate so many points."""
        self.best, self.points = best, points

    def plan(self, points: int) -> Plan | None:
        """Return the fastest way for so many points; None if it was not looked for, or for far fewer, in a hurry."""
        if self.best is None or points > _FAR * self.points:
            return None
        return replace(self.best, chunk=even(self.best.chunk, points), seconds=self.best.seconds * points / self.points)


_HABITS: WeakKeyDictionary[Objective, dict[Hashable, Habit]] = WeakKeyDictionary()


def habit_of(objective: Objective, wanted: Wanted, directions: int, low: torch.dtype | None = None) -> Habit:
    """Return what is known of sweeps of an objective for certain quantities, on planes of so many directions, with
    products in a short type or without."""
    key = (wanted, directions, low)
    return _HABITS.setdefault(objective, {}).setdefault(key, Habit())
