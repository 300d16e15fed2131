"""Waiting: ends that have no label yet, because minima are still to be found among all of them."""

import numpy as np
import torch

from explorer.descent.basin_map.crowd import Ends
from explorer.objective import Objective
from explorer.sweeps.job import Indices

_MOST = 64 << 20
"""Bytes of thetas that may wait: where there are more, minima are those that the first of them have reached."""


class Waiting:
    """Room for the ends of so many descents, as far as memory takes them, taken at once.

    Small pieces kept between large ones that come and go would leave holes in memory that nothing fits into.

    Args:
        objective: whose thetas.
        size: how many descents there are.
    """

    def __init__(self, objective: Objective, size: int) -> None:
        theta = objective.theta
        self._room = max(1, min(size, _MOST // theta.nbytes))
        self._positions = np.empty(self._room, np.int64)
        self._ends = Ends(
            theta.new_empty(self._room, len(theta)),
            theta.new_empty(self._room),
            torch.empty(self._room, dtype=torch.bool, device=theta.device),
            torch.empty(self._room, dtype=torch.int64, device=theta.device),
        )
        self._count = 0

    def fits(self, ends: Ends) -> bool:
        """Return whether there is room for these."""
        return self._count + len(ends) <= self._room

    def add(self, positions: Indices, ends: Ends) -> None:
        """Take in ends and their flat positions."""
        place = slice(self._count, self._count + len(ends))
        self._positions[place] = positions
        for room, given in zip(self._ends.fields, ends.fields, strict=True):
            room[place] = given
        self._count += len(ends)

    def all(self) -> tuple[Indices, Ends]:
        """Return what waits, in the order it came."""
        return self._positions[: self._count], Ends(*(room[: self._count] for room in self._ends.fields))
