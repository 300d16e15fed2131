"""Grouping: pieces of points, joined and cut into tasks that last long enough to be worth sending."""

import math
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from explorer.sweeps.job import Indices

_LEARNS = 0.2
"""The weight of the newest task in what a point is expected to take."""


@dataclass(frozen=True)
class Task:
    """Pieces that are measured together."""

    pieces: tuple[Indices, ...]
    chances: int = 1
    """How often it may still be tried anew after its worker died."""

    @property
    def points(self) -> int:
        """How many it has."""
        return sum(map(len, self.pieces))

    def halves(self) -> "list[Task]":
        """Return it in two, each with a chance less: what kills a worker is then lost with fewer of its neighbors."""
        if len(self.pieces) > 1:
            middle = len(self.pieces) // 2
            found = [self.pieces[:middle], self.pieces[middle:]]
        else:
            found = [(half,) for half in np.array_split(self.pieces[0], 2) if len(half)]
        return [Task(pieces, self.chances - 1) for pieces in found]


class Pace:
    """How many seconds a point takes, by the newest tasks.

    Args:
        each: as expected; 0 where nobody knows.
    """

    def __init__(self, each: float) -> None:
        self.each = each

    def learn(self, points: int, seconds: float) -> None:
        """Note what a task took."""
        found = seconds / points
        self.each = found if not self.each else (1 - _LEARNS) * self.each + _LEARNS * found

    def points(self, seconds: float, chunk: int) -> int:
        """Return how many whole chunks of points last so long; one chunk where nobody knows."""
        return chunk * max(1, math.ceil(seconds / (self.each * chunk)) if self.each else 1)


class Tasks:
    """The tasks that pieces make, in the pieces' order.

    Args:
        pieces: flat positions.
        pace: of the points.
        chunk: points that are measured at once: a piece is cut at a multiple of them.
    """

    def __init__(self, pieces: Iterable[Indices], pace: Pace, chunk: int) -> None:
        self._left, self._begun = iter(pieces), deque[Indices]()
        self._pace, self._chunk = pace, chunk

    def take(self, seconds: float) -> Task | None:
        """Return the next task, of about so many seconds or of what is left; None at the end."""
        wanted, taken = self._pace.points(seconds, self._chunk), list[Indices]()
        while wanted > 0 and (piece := self._next()) is not None:
            # A piece that is a little too long stays whole.
            if len(piece) > 1.5 * wanted:
                self._begun.appendleft(piece[wanted:])
                piece = piece[:wanted]
            taken.append(piece)
            wanted -= len(piece)
        return Task(tuple(taken)) if taken else None

    def _next(self) -> Indices | None:
        piece = self._begun.popleft() if self._begun else next(self._left, None)
        return self._next() if piece is not None and not len(piece) else piece
