"""The chunks of format 1: each the points that an index names, done as a whole, in part, or failed with holes."""

from collections.abc import Mapping
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.landscape import Status
from explorer.store.arrays import Array, read_chunk
from explorer.store.chunks import Chunk
from explorer.store.format_1.absent import is_absent
from explorer.store.format_1.flags import OldFlags
from explorer.store.format_1.header import DONE
from explorer.store.integrity import read_constant
from explorer.store.layout import Layout
from explorer.store.schema import INDEX, STATUS, Anatomy


class OldChunks:
    """What `Chunks` reads of a store, of an older one."""

    def __init__(self, root: Path, anatomy: Anatomy, layouts: Mapping[str, Layout]) -> None:
        self._root = root
        self._anatomy = anatomy
        self._layouts = layouts
        self._flags = OldFlags(root / DONE, layouts[DONE].shape[0])

    def numbers(self) -> list[int]:
        """Return the numbers of the chunks that hold points, or failed, rising.

        Raises:
            StoreError: the store is gone, or its index damaged.
        """
        return self._flags.some() if len(self._index) else []

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that are the same as long as nothing is written."""
        return self._flags.stamp()

    def read(self, number: int, *, whole: bool = True) -> Chunk:
        """Return the points of a chunk that are computed or failed. Raises StoreError if it is damaged."""
        at = self._index[number * self._anatomy.chunk : (number + 1) * self._anatomy.chunk]
        if self._flags.has_failed(number):
            return self._failed(number, at, whole)
        return _known(Chunk(number, at, *self._contents(number, len(at), whole)))

    @cached_property
    def _index(self) -> NDArray[np.int64]:
        index = read_constant(self._root, INDEX, self._layouts[INDEX])
        points = self._anatomy.points
        inside = index.min() >= 0 and index.max() < points
        if not inside or not np.array_equal(np.bincount(index, minlength=points), np.ones(points, dtype=np.int64)):
            raise StoreError(f"expected an index that visits each of {points} points once; it does not: it is damaged")
        return index

    def _failed(self, number: int, at: NDArray[np.int64], whole: bool) -> Chunk:
        reason, holes = self._flags.failure(number)
        nothing = Chunk(number, at, np.full(len(at), Status.FAILED, dtype=np.int8), {}, reason)
        if not holes:
            return nothing
        try:
            status, fields = self._contents(number, len(at), whole)
        except StoreError:
            return nothing
        for first, after in holes:
            status[first:after] = Status.FAILED
        return _known(Chunk(number, at, status, fields, reason))

    def _contents(self, number: int, points: int, whole: bool) -> tuple[NDArray[np.int8], dict[str, Array]]:
        """Return the status and the fields of a chunk's points."""
        names = self._anatomy.fields if whole else ()
        fields = {name: read_chunk(self._root / name, self._layouts[name], number)[:points] for name in names}
        if STATUS not in self._layouts:
            return np.full(points, Status.EVALUATED, dtype=np.int8), fields
        status = read_chunk(self._root / STATUS, self._layouts[STATUS], number)[:points]
        return (_reconciled(status, fields) if whole else status.copy()), fields


def _reconciled(status: Array, fields: Mapping[str, Array]) -> NDArray[np.int8]:
    """Return the status of points, without those for which what it speaks of is not there: two writers at once may have
    left the fields of one beside the status of the other."""
    absent = np.stack([is_absent(values).reshape(len(status), -1).all(axis=1) for values in fields.values()])
    known = ((status == Status.EVALUATED) & ~absent.any(axis=0)) | (
        (status == Status.INTERPOLATED) & ~absent.all(axis=0)
    )
    return np.where(known | (status == Status.FAILED), status, Status.NOT_COMPUTED).astype(np.int8)


def _known(chunk: Chunk) -> Chunk:
    """Return a chunk without the points that are not computed."""
    known = (chunk.status > Status.NOT_COMPUTED) & (chunk.status <= Status.FAILED)
    fields = {name: values[known] for name, values in chunk.fields.items()}
    return Chunk(chunk.number, chunk.positions[known], chunk.status[known], fields, chunk.reason)
