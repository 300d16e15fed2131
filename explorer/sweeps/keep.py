"""Keep: where the fields of a sweep go as they are measured: into memory, or into a store that outlives the process."""

import random
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from explorer.landscape import Status
from explorer.refinement import Refined
from explorer.store import FieldSpec, Store
from explorer.sweeps.job import Indices, are_consecutive
from explorer.sweeps.workers import Measured, arrays

_SAVED = 1.0
"""Seconds between two savings: what a kill may cost."""


class Keep(Protocol):
    """Knows which points are there, and takes in what is measured of the others."""

    @property
    def status(self) -> NDArray[np.int8]:
        """What is known of every point [N], a `Status` each."""
        ...

    @property
    def error(self) -> Exception | None:
        """The first of a point that could not be measured."""
        ...

    def pieces(self, positions: Indices) -> Iterator[Indices]:
        """Yield those of the positions that are not there yet, piece by piece, each looked at when it is asked for."""
        ...

    def take(self, measured: Measured) -> None:
        """Take in what came of a piece."""
        ...

    def losses(self, positions: Indices) -> NDArray[np.float64]:
        """Return the losses [n] at these positions, NaN where there is none; empty where no loss is measured."""
        ...

    def finish(self, outcomes: Sequence[Refined] | None) -> None:
        """Give every point that was left out the loss that the refinement of its plane found for it."""
        ...

    def save(self) -> None:
        """Make everything last that was taken in."""
        ...


class InMemory:
    """Fields [N, ...] where they are measured: on a GPU copying each piece to the host would make the GPU wait.

    Args:
        points: N.
        size: returns how many points to measure at once; asked before every piece, since machine code takes more.
        fields: name -> [N, ...], what stands for unknown points; by default NaN, or 0 among integers.
    """

    def __init__(self, points: int, size: Callable[[], int], fields: Mapping[str, Tensor] | None = None) -> None:
        self.status = np.full(points, Status.NOT_COMPUTED, dtype=np.int8)
        self.error: Exception | None = None
        self._fields = dict(fields or {})
        self._size = size

    @property
    def fields(self) -> dict[str, NDArray[Any]]:
        """Name -> [N, ...] as NumPy arrays; NaN, or 0 among integers, where nothing is known."""
        return arrays(self._fields)

    def pieces(self, positions: Indices) -> Iterator[Indices]:
        """See `Keep`."""
        missing = self.status[_run(positions)] == Status.NOT_COMPUTED
        yield from cut(positions if missing.all() else positions[missing], self._size)

    def take(self, measured: Measured) -> None:
        """See `Keep`."""
        self.status[measured.lost] = Status.FAILED
        self.error = self.error or measured.error
        where = _run(measured.positions)
        for name, values in measured.fields.items():
            values = values if isinstance(values, Tensor) else torch.from_numpy(values)
            if name not in self._fields:
                self._fields[name] = _empty(values, len(self.status))
            self._fields[name][_chosen(where)] = values
        self.status[where] = Status.EVALUATED

    def losses(self, positions: Indices) -> NDArray[np.float64]:
        """See `Keep`."""
        losses = self._fields.get("loss")
        if not self._fields:
            # None has come out yet.
            return np.full(len(positions), np.nan)
        return np.empty(0) if losses is None else losses[_chosen(_run(positions))].double().cpu().numpy()

    def finish(self, outcomes: Sequence[Refined] | None) -> None:
        """See `Keep`."""
        left = np.flatnonzero(self.status == Status.NOT_COMPUTED)
        if outcomes is not None and len(left):
            losses = self._fields["loss"]
            losses[torch.from_numpy(left)] = torch.from_numpy(_interpolated(outcomes)[left]).to(losses)
            self.status[left] = Status.INTERPOLATED

    def save(self) -> None:
        """See `Keep`: memory is lost with the process."""


class InStore:
    """Fields in a store, which may be shared with other processes: what these have done is not done again.

    Args:
        store: open for writing. What it holds is known from the start; its failed points are tried again, and its
            interpolated ones asked for again, since these depend on what was not known yet.
        size: points to measure before it is asked whether to save.
    """

    def __init__(self, store: Store, size: int) -> None:
        self.store = store
        self.status = np.full(store.points, Status.NOT_COMPUTED, dtype=np.int8)
        self.error: Exception | None = None
        self._losses = np.full(store.points if "loss" in store.fields else 0, np.nan)
        self._size = size
        self._theirs = np.zeros(store.points, dtype=bool)
        """Which points others have measured since."""
        self._unsaved: list[Measured] = []
        self._saved = time.perf_counter()
        self._recall((Status.EVALUATED,))
        self._theirs[:] = False

    @property
    def done(self) -> int:
        """How many points are evaluated."""
        return int(np.count_nonzero(self.status == Status.EVALUATED))

    def pieces(self, positions: Indices) -> Iterator[Indices]:
        """See `Keep`."""
        missing = list(cut(positions[self.status[positions] == Status.NOT_COMPUTED], lambda: self._size))
        piece, place = np.empty(0, dtype=np.int64), 0
        while missing:
            self._recall((Status.EVALUATED, Status.FAILED))
            # Whoever meets another goes elsewhere: in the order of visits they would stay side by side.
            place = random.randrange(len(missing)) if self._theirs[piece].any() else place % len(missing)
            piece = missing.pop(place)
            left = piece[self.status[piece] == Status.NOT_COMPUTED]
            if len(left):
                yield left

    def take(self, measured: Measured) -> None:
        """See `Keep`. Raises StoreError if the disk is full."""
        measured = Measured(measured.positions, arrays(measured.fields), measured.lost, measured.error)
        self._know(measured.positions, measured.fields, Status.EVALUATED)
        self.status[measured.lost] = Status.FAILED
        self.error = self.error or measured.error
        self._unsaved.append(measured)
        full = sum(each.points for each in self._unsaved) >= self.store.chunk_size
        if full or time.perf_counter() - self._saved >= _SAVED:
            self.save()

    def losses(self, positions: Indices) -> NDArray[np.float64]:
        """See `Keep`."""
        return self._losses[_run(positions)] if len(self._losses) else self._losses

    def finish(self, outcomes: Sequence[Refined] | None) -> None:
        """See `Keep`. Raises StoreError if the disk is full."""
        self.save()
        if outcomes is None:
            return
        left = np.flatnonzero(self.status == Status.NOT_COMPUTED)
        values = _interpolated(outcomes)
        for positions in cut(left, lambda: self.store.chunk_size):
            fields = {name: _nothing(spec, len(positions)) for name, spec in self.store.fields.items()}
            self.store.append(positions, fields | {"loss": values[positions]}, Status.INTERPOLATED)
        self.status[left] = Status.INTERPOLATED

    def save(self) -> None:
        """See `Keep`. Raises StoreError if the disk is full."""
        unsaved, self._unsaved = self._unsaved, []
        for measured in unsaved:
            if measured.error is not None:
                self.store.fail(measured.lost, measured.reason)
        came = [measured for measured in unsaved if len(measured.positions)]
        if came:
            positions = np.concatenate([measured.positions for measured in came])
            fields = {
                name: np.concatenate([np.asarray(measured.fields[name]) for measured in came])
                for name in came[0].fields
            }
            for start in range(0, len(positions), self.store.chunk_size):
                part = slice(start, start + self.store.chunk_size)
                self.store.append(positions[part], {name: values[part] for name, values in fields.items()})
        self._saved = time.perf_counter()

    def _recall(self, known: Sequence[Status]) -> None:
        """Take in what lies in the store and was not put there by this process."""
        for chunk in self.store.news():
            self._theirs[chunk.positions] = True
            for status in known:
                which = chunk.status == status
                if status == Status.FAILED:
                    # What could not be measured there may have been measured here.
                    which = which & (self.status[chunk.positions] == Status.NOT_COMPUTED)
                self._know(
                    chunk.positions[which], {name: values[which] for name, values in chunk.fields.items()}, status
                )

    def _know(self, positions: Indices, fields: Mapping[str, Any], status: Status) -> None:
        self.status[positions] = status
        if len(self._losses) and "loss" in fields:
            self._losses[positions] = fields["loss"]


def cut(positions: Indices, size: Callable[[], int]) -> Iterator[Indices]:
    """Yield positions in their order, as many at once as `size` says each time."""
    while len(positions):
        count = size()
        yield positions[:count]
        positions = positions[count:]


def _interpolated(outcomes: Sequence[Refined]) -> NDArray[np.float64]:
    return np.concatenate([outcome.values for outcome in outcomes])


def _nothing(spec: FieldSpec, points: int) -> NDArray[Any]:
    return np.full((points, *spec.shape), np.nan if spec.dtype.startswith("float") else 0, dtype=spec.dtype)


def _run(positions: Indices) -> slice | Indices:
    """Return a slice where positions follow each other: picking them one by one takes longer than a small model."""
    if not are_consecutive(positions):
        return positions
    first = int(positions[0]) if len(positions) else 0
    return slice(first, first + len(positions))


def _chosen(where: slice | Indices) -> slice | Tensor:
    return where if isinstance(where, slice) else torch.from_numpy(where)


def _empty(like: Tensor, points: int) -> Tensor:
    return like.new_full((points, *like.shape[1:]), torch.nan if like.is_floating_point() else 0)
