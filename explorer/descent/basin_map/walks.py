"""Walks: the measure of a basin map. Where a sweep evaluates points, this descends from them, many at once."""

import time
from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from explorer.descent.basin_map.crowd import Crowd, Ends
from explorer.descent.basin_map.many_gradients import gradients_of, thetas_at_once
from explorer.descent.basin_map.reached_minima import NONE, Minima
from explorer.descent.basin_map.starts import Starts
from explorer.numerics.text import duration
from explorer.numerics.turn import in_turn
from explorer.sweeps.evaluation.chunk_sizes import even
from explorer.sweeps.job import Indices
from explorer.sweeps.workers import Measured

END = "end"
"""The field of the thetas [n, P] that descents have come to: what they are labelled by where minima are not known."""
_LOSSES = 32 << 20
"""Bytes that the losses of all steps of one chunk may take."""
_FEWEST = 64
"""Starts of a chunk, however many steps they take: fewer are ruled by the overhead of calling PyTorch."""


class Walks:
    """The descents of a map, a chunk that stays in the cache at a time, so that memory is bounded.

    Args:
        starts, minima: as of `basins`; where minima are given every descent is labelled at once, else its end is kept.
        chunk_size: starts walked at once; None leaves it to what fits the cache.

    Raises:
        ValueError: a chunk_size below 1.
    """

    def __init__(self, starts: Starts, minima: Sequence[Tensor] | None = None, chunk_size: int | None = None) -> None:
        if chunk_size is not None and chunk_size < 1:
            raise ValueError(f"expected chunk_size of at least 1; got {chunk_size}")
        objective = starts.job.objective
        self.starts = starts
        # Filled up evenly: what a traced graph is made for is evaluated whole.
        self.chunk = even(min(chunk_size or _fitting(starts), starts.size), starts.size)
        self._evaluate, self.name = gradients_of(objective, self.chunk)
        self.minima = Minima.of(objective, self._evaluate, self.chunk, starts.tolerance, minima)
        self._known = self.minima.complete

    @cached_property
    def seconds(self) -> float:
        """About how long all takes, by one evaluation of a chunk."""
        thetas = self.starts.thetas(self.starts.order[: self.chunk])
        self._evaluate(thetas)
        began = time.perf_counter()
        self._evaluate(thetas)
        return (time.perf_counter() - began) * (self.starts.steps + 1) * self.starts.size / self.chunk

    @property
    def text(self) -> str:
        """What is going to be done, as a sentence."""
        starts = self.starts
        return f"{starts.size:,} starts, {starts.steps} steps each, about {duration(self.seconds)} ({self.name})"

    @in_turn
    def at(self, positions: Indices) -> dict[str, Tensor]:
        """Return what became of the starts at these flat positions [n]."""
        crowd = self._crowd(positions)
        for _ in crowd.walk(self._evaluate):
            pass
        return self._fields(crowd.ends())

    def measure(self, pieces: Iterable[Indices]) -> Iterator[Measured | None]:
        """Yield what became of each piece, and None after every other step of all."""
        for positions in pieces:
            crowd = self._crowd(positions)
            for _ in crowd.walk(self._evaluate):
                yield None
            yield Measured(positions, self._fields(crowd.ends()))

    def _crowd(self, positions: Indices) -> Crowd:
        starts = self.starts
        thetas, groups = starts.thetas(positions), starts.groups(positions)
        return Crowd(thetas, starts.method, starts.options, groups, starts.steps, starts.tolerance)

    def _fields(self, ends: Ends) -> dict[str, Tensor]:
        plane = self.starts.job.plane
        fields = {
            "final_loss": ends.losses,
            "final": plane.coordinates(ends.thetas),
            "offset": plane.offset(ends.thetas),
            "steps_to_tolerance": ends.settled,
            "diverged": ends.diverged,
        }
        if self._known:
            return fields | {"minimum": self.minima.labels(ends)}
        return fields | {"minimum": torch.full_like(ends.settled, NONE), END: ends.thetas}


def ends_of(fields: dict[str, Tensor]) -> Ends:
    """Return the ends [n] that fields with `END` tell of."""
    return Ends(fields[END], fields["final_loss"], fields["diverged"], fields["steps_to_tolerance"])


def _fitting(starts: Starts) -> int:
    """Return how many starts to walk at once: what fits the cache, with the losses of all steps kept beside it."""
    each = (starts.steps + 1) * torch.finfo(starts.job.objective.dtype).bits // 8
    return max(1, min(thetas_at_once(starts.job.objective), max(_FEWEST, _LOSSES // each)))
