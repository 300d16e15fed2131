"""Refilling: the points of a store that a tolerance asks for, saved about every second; what is there is kept."""

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from explorer.landscape import Status
from explorer.refinement import Refined, refined
from explorer.store import Store
from explorer.store.schema import STATUS
from explorer.store.to_grid import runs
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.job import Indices
from explorer.sweeps.points import Points
from explorer.sweeps.progress import announced
from explorer.sweeps.salvaging import salvage
from explorer.sweeps.tolerance import first_text

_SAVED = 1.0
"""Seconds between two savings: what a kill may cost."""


def refill(store: Store, evaluation: Evaluation, tolerance: float, piece: int, *, progress: bool) -> Exception | None:
    """Give every point of a store a loss, evaluated or interpolated within the tolerance; return the first error of a
    point that could not be evaluated.

    Args:
        store, evaluation: to be filled, and by what.
        tolerance: as for `sweep`.
        piece: points to evaluate before it is asked whether to save them.
        progress: show a bar.

    Raises:
        StoreError: the disk is full.
    """
    job, chosen, began = evaluation.job, evaluation.plan, time.perf_counter()
    spent = float(store.attrs.get("seconds", 0.0))
    store.set_attrs(evaluation.describe() | {"runs": int(store.attrs.get("runs", 0)) + 1})
    text = first_text(chosen, job)
    with announced(job.points, chosen.seconds, text, progress=progress) as bar:
        refilling = _Refilling(store, evaluation, piece, bar.update)
        bar.update(int(np.count_nonzero(refilling.points.status)))
        try:
            outcomes = refined(job.grid.shape, len(job.planes), tolerance, refilling.loss_at)
        finally:
            # What an interrupt finds evaluated is kept.
            refilling.save()
        refilling.finish(outcomes)
        bar.update(job.points - bar.n)
    seconds = spent + time.perf_counter() - began
    store.set_attrs(refilling.points.outcome(outcomes) | {"seconds": seconds})
    return refilling.error


class _Refilling:
    """The points of a store, in memory and on the disk.

    A chunk holds neighbors in the order of visits, of which a refinement evaluates some: it is written again as more of
    them are there, and is done when all are evaluated, interpolated or failed.

    Args:
        store: open for writing, with a field `status`.
        evaluation: of its points.
        piece: points to evaluate before it is asked whether to save.
        told: called with the number of points that were just evaluated.
    """

    def __init__(self, store: Store, evaluation: Evaluation, piece: int, told: Callable[[int], Any]) -> None:
        self.error: Exception | None = None
        """The first of a point that could not be evaluated."""
        self.points = Points(evaluation.job)
        self._store, self._evaluation, self._piece, self._told = store, evaluation, piece, told
        self._reasons: dict[int, str] = {}
        self._unsaved: set[int] = set()
        self._saved = time.perf_counter()
        self._place = np.empty(len(store.index), dtype=np.int64)
        self._place[store.index] = np.arange(len(store.index))
        self._recall()

    def loss_at(self, positions: Indices) -> NDArray[np.float64]:
        """Return losses [n], of which those that are not there yet are evaluated."""
        new = positions[self.points.status[positions] == Status.NOT_COMPUTED]
        # In the order of visits, so that a piece touches few chunks.
        new = new[np.argsort(self._place[new])]
        for piece in np.split(new, range(self._piece, len(new), self._piece)):
            self._measure(piece)
            if time.perf_counter() - self._saved >= _SAVED:
                self.save()
        return self.points.loss(positions)

    def finish(self, outcomes: Sequence[Refined]) -> None:
        """Interpolate the other points, and save all. Raises StoreError."""
        self.points.interpolate(outcomes)
        self._unsaved.update(range(self._store.chunks))
        self.save()

    def save(self) -> None:
        """Write every chunk that has changed. Raises StoreError."""
        for chunk in sorted(self._unsaved):
            at = self._store.positions(chunk)
            status = self.points.status[at]
            fields = {name: field[at] for name, field in self.points.fields.items()} | {STATUS: status}
            if (status == Status.NOT_COMPUTED).any():
                self._store.put_part(chunk, fields)
            elif (status == Status.FAILED).any():
                self._store.fail(chunk, self._reasons[chunk], fields=fields, holes=runs(status == Status.FAILED))
            else:
                self._store.put(chunk, fields)
            self._unsaved.discard(chunk)
        self._saved = time.perf_counter()

    def _recall(self) -> None:
        """Take in what an earlier run has evaluated; what it interpolated depends on what it did not know yet."""
        found = self._store.landscape()
        computed = np.flatnonzero(found[STATUS].values.reshape(-1) == Status.EVALUATED)
        fields = {name: found[name].values.reshape(field.shape) for name, field in self.points.fields.items()}
        self.points.take(computed, {name: field[computed] for name, field in fields.items()})

    def _measure(self, positions: Indices) -> None:
        found = salvage(self._evaluation, positions)
        self.points.take(positions, found.fields)
        chunks = self._place[positions] // self._store.chunk_size
        if found.error is not None:
            self.error = self.error or found.error
            lost = np.concatenate([np.arange(*hole) for hole in found.holes])
            self.points.lose(positions[lost])
            self._reasons |= dict.fromkeys(chunks[lost].tolist(), f"{type(found.error).__name__}: {found.error}")
        self._unsaved.update(chunks.tolist())
        self._told(len(positions))
