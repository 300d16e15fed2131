"""Starts: where the descents of a basin map begin, and at which rates; in which order, and how many at once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.descent.optimizers import Method
from explorer.sweeps.job import Indices, Job

RATE = "lr"
"""The dimension of several rates."""
_FLAG = np.iinfo(np.int64).max
"""More than any level."""


@dataclass(frozen=True, eq=False)
class Starts:
    """The points of a grid, each at every rate. A flat position counts rates fastest: point * rates + rate."""

    job: Job
    method: Method
    options: Mapping[str, Any]
    rates: tuple[float, ...]
    many_rates: bool
    """Whether rates are a dimension of the map."""
    steps: int
    tolerance: float

    @property
    def size(self) -> int:
        """How many descents there are."""
        return self.job.points * len(self.rates)

    @property
    def dims(self) -> dict[str, NDArray[Any]]:
        """Dimension -> its coordinates, in order."""
        return {**self.job.dims, **({RATE: np.array(self.rates)} if self.many_rates else {})}

    @cached_property
    def order(self) -> Indices:
        """The flat positions [size], coarse to fine: all points of one rate, then those of another."""
        index = np.arange(len(self.rates))
        level = np.where(index == 0, _FLAG, index & -index)
        rates = np.argsort(-level, kind="stable")
        positions: Indices = (self.job.order * len(self.rates) + rates[:, None]).reshape(-1)
        return positions

    def thetas(self, positions: Indices) -> Tensor:
        """Return where the descents at these positions begin, [n, P]."""
        return self.job.plane.at(self.job.coords[torch.from_numpy(positions // len(self.rates))])

    def groups(self, positions: Indices) -> Sequence[tuple[float, int]]:
        """Return (rate, how many) of the runs of one rate among these positions, in their order."""
        which = positions % len(self.rates)
        cuts = np.flatnonzero(np.diff(which)) + 1
        return [(self.rates[int(run[0])], len(run)) for run in np.split(which, cuts)]
