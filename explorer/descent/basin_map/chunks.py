"""Walks: the descents of a basin map, chunk by chunk."""

import time
from collections.abc import Iterator, Sequence
from functools import cached_property

import torch
from torch import Tensor

from explorer.descent.basin_map.crowd import Crowd, Ends
from explorer.descent.basin_map.dataset import Piece
from explorer.descent.basin_map.many_gradients import gradients_of, thetas_at_once
from explorer.descent.basin_map.reached_minima import Minima
from explorer.descent.basin_map.starts import Starts
from explorer.descent.basin_map.unlabelled_ends import Waiting
from explorer.numerics.text import duration
from explorer.sweeps.evaluation.chunk_sizes import even
from explorer.sweeps.job import Indices

_LOSSES = 32 << 20
"""Bytes that the losses of all steps of one chunk may take."""
_FEWEST = 64
"""Starts of a chunk, however many steps they take: fewer are ruled by the overhead of calling PyTorch."""


class Walks:
    """The descents of a map, a chunk that stays in the cache at a time, so that memory is bounded.

    Args:
        starts, minima: as of `basins`.
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
        self._waiting = Waiting(objective, starts.size)

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

    def pieces(self) -> Iterator[Piece | None]:
        """Yield what is done after every chunk, coarse to fine, and None after every other step."""
        starts = self.starts
        for positions in starts.chunks(self.chunk):
            crowd = Crowd(
                starts.thetas(positions),
                starts.method,
                starts.options,
                starts.groups(positions),
                starts.steps,
                starts.tolerance,
            )
            for _ in crowd.walk(self._evaluate):
                yield None
            ends = crowd.ends()
            yield Piece(positions, self._fields(ends))
            yield from self._labels(positions, ends)
        yield from self.rest()

    def rest(self) -> Iterator[Piece]:
        """Yield the labels of the ends that wait for minima to be found; to be asked where a walk was broken off."""
        if not self.minima.complete:
            positions, ends = self._waiting.all()
            self.minima.find(ends)
            yield Piece(positions, {"minimum": self.minima.labels(ends)})

    def _labels(self, positions: Indices, ends: Ends) -> Iterator[Piece]:
        # So that labels do not depend on chunks, minima are looked for among as many ends as memory takes.
        if not self.minima.complete and self._waiting.fits(ends):
            self._waiting.add(positions, ends)
            return
        yield from self.rest()
        yield Piece(positions, {"minimum": self.minima.labels(ends)})

    def _fields(self, ends: Ends) -> dict[str, Tensor]:
        plane = self.starts.job.plane
        return {
            "final_loss": ends.losses,
            "final": plane.coordinates(ends.thetas),
            "offset": plane.offset(ends.thetas),
            "steps_to_tolerance": ends.settled,
            "diverged": ends.diverged,
        }


def _fitting(starts: Starts) -> int:
    """Return how many starts to walk at once: what fits the cache, with the losses of all steps kept beside it."""
    each = (starts.steps + 1) * torch.finfo(starts.job.objective.dtype).bits // 8
    return max(1, min(thetas_at_once(starts.job.objective), max(_FEWEST, _LOSSES // each)))
