"""Labels: which minimum each descent has reached, told once there are enough ends to find the minima among."""

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.descent.basin_map.dataset import blank
from explorer.descent.basin_map.reached_minima import Minima
from explorer.descent.basin_map.waiting_ends import Waiting
from explorer.descent.basin_map.walks import END, Walks, ends_of
from explorer.refinement import Refined
from explorer.sweeps.job import Indices
from explorer.sweeps.keep import InMemory
from explorer.sweeps.workers import Measured


def labelled(walks: Walks) -> "Labelled":
    """Return the keep of a map in memory."""
    starts = walks.starts
    kept = InMemory(starts.size, lambda: walks.chunk, blank(starts))
    return Labelled(kept, walks.minima, Waiting(starts.job.objective, starts.size))


class Labelled:
    """A keep in memory that labels what it takes in.

    So that labels do not depend on chunks, minima are looked for among as many ends as memory takes; after that every
    end is labelled as it comes.

    Args:
        kept: takes the fields, with `minimum` among them.
        minima: known, or to be found.
        waiting: room for the ends that wait until they are.
    """

    def __init__(self, kept: InMemory, minima: Minima, waiting: Waiting) -> None:
        self._kept, self._minima, self._waiting = kept, minima, waiting

    @property
    def fields(self) -> dict[str, NDArray[Any]]:
        """Name -> [N, ...] as NumPy arrays."""
        return self._kept.fields

    @property
    def status(self) -> NDArray[np.int8]:
        """See `Keep`."""
        return self._kept.status

    @property
    def error(self) -> Exception | None:
        """See `Keep`."""
        return self._kept.error

    def pieces(self, positions: Indices) -> Iterator[Indices]:
        """See `Keep`."""
        return self._kept.pieces(positions)

    def take(self, measured: Measured) -> None:
        """See `Keep`."""
        fields = {name: torch.as_tensor(values) for name, values in measured.fields.items()}
        end = fields.pop(END, None)
        self._kept.take(Measured(measured.positions, fields, measured.lost, measured.error))
        if end is None:
            return
        ends = ends_of({**fields, END: end})
        if not self._minima.complete and self._waiting.fits(ends):
            self._waiting.add(measured.positions, ends)
            return
        self.save()
        self._label(measured.positions, self._minima.labels(ends))

    def losses(self, positions: Indices) -> NDArray[np.float64]:
        """See `Keep`."""
        return self._kept.losses(positions)

    def finish(self, outcomes: Sequence[Refined] | None) -> None:
        """See `Keep`."""
        self._kept.finish(outcomes)

    def save(self) -> None:
        """Label the ends that wait for minima to be found; also where a walk was broken off."""
        if not self._minima.complete:
            positions, ends = self._waiting.all()
            self._minima.find(ends)
            self._label(positions, self._minima.labels(ends))

    def _label(self, positions: Indices, labels: Tensor) -> None:
        self._kept.take(Measured(positions, {"minimum": labels}))
