"""Chunks: points that were appended together, each with its position and its status; the unit of all that is lost."""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import zarr
from numpy.typing import ArrayLike, NDArray

from explorer.errors import StoreError
from explorer.landscape import Status
from explorer.store.arrays import Array, chunk_file, read_chunk, writable_array, write_chunk
from explorer.store.flags import Flags
from explorer.store.schema import INDEX, MOST_REASON, REASON, STATUS, Anatomy, FieldSpec


@dataclass(frozen=True, eq=False)
class Chunk:
    """Points of a landscape that came together."""

    number: int
    positions: NDArray[np.int64]
    """[n], flat, in C order of the grid."""
    status: NDArray[np.int8]
    """[n]: evaluated, interpolated or failed."""
    fields: Mapping[str, Array]
    """Name -> [n, ...]; empty where all of the points failed."""
    reason: str | None = None
    """Why points failed."""


def checked_positions(positions: ArrayLike, points: int) -> NDArray[np.int64]:
    """Return flat positions [n], one or more. Raises ValueError if they are not on a grid of so many points."""
    at = np.asarray(positions)
    if at.ndim != 1 or not at.size or at.dtype.kind not in "iu" or at.min() < 0 or at.max() >= points:
        raise ValueError(f"expected one or more flat positions from 0 to {points - 1}; got {at}")
    return at.astype(np.int64)


def checked_status(status: ArrayLike, points: int) -> NDArray[np.int8]:
    """Return the status [n] of points that have values. Raises ValueError if it says that they have none."""
    given = np.broadcast_to(np.asarray(status, dtype=np.int8), (points,))
    if not np.isin(given, (Status.EVALUATED, Status.INTERPOLATED)).all():
        raise ValueError(f"expected points that are evaluated or interpolated; got status {np.unique(given)}")
    return given


def check_fields(fields: Mapping[str, Array], specs: Mapping[str, FieldSpec], points: int) -> None:
    """Do nothing if every field [n, ...] is there. Raises ValueError."""
    shapes = {name: (points, *spec.shape) for name, spec in specs.items()}
    got = {name: np.shape(values) for name, values in fields.items()}
    if got != shapes:
        raise ValueError(f"expected fields of shapes {shapes}; got {got}")


class Readable(Protocol):
    """Where chunks are read from."""

    def numbers(self) -> list[int]:
        """Return the numbers of the chunks that are there, rising. Raises StoreError if the store is gone."""

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that are the same as long as no chunk comes or goes."""

    def read(self, number: int, *, whole: bool = True) -> Chunk:
        """Return a chunk; its fields only if it is to be whole. Raises StoreError if it is damaged."""


class Chunks:
    """The chunks of a store, by their numbers."""

    def __init__(self, root: Path, anatomy: Anatomy) -> None:
        self._root = root
        self._anatomy = anatomy
        self._layouts = anatomy.chunked
        self._flags = Flags(root / INDEX, anatomy.capacity)

    def numbers(self) -> list[int]:
        """Return the numbers of the chunks that are there, rising. Raises StoreError if the store is gone."""
        return self._flags.done()

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that are the same as long as no chunk comes or goes."""
        numbers = self.numbers()
        return len(numbers), hash(tuple(numbers))

    def read(self, number: int, *, whole: bool = True) -> Chunk:
        """Return a chunk; its fields only if it is to be whole. Raises StoreError if it is damaged."""
        positions = self._positions(number)
        status = self._read(STATUS, number)[: len(positions)]
        if status.min() < Status.EVALUATED or status.max() > Status.FAILED:
            raise StoreError(f"expected a status of every point of chunk {number} in {self._root}: it is damaged")
        failed = status == Status.FAILED
        reason = self._reason(number) if failed.any() else None
        names = () if failed.all() or not whole else self._anatomy.fields
        fields = {name: self._read(name, number)[: len(positions)] for name in names}
        return Chunk(number, positions, status, fields, reason)

    def write(self, positions: Array, status: Array, fields: Mapping[str, Array], reason: str | None = None) -> int:
        """Append a chunk and return its number: what it holds first, its part of the index, which says so, last.

        Raises:
            StoreError: there is no number left, or the store is gone.
            OSError: the disk is full; nothing is left of the chunk but its number.
        """
        contents = dict(fields) | {STATUS: status}
        if reason is not None:
            words = reason.encode("utf-8", "replace")[:MOST_REASON].ljust(MOST_REASON, b"\0")
            contents[REASON] = np.frombuffer(words, np.uint8)[None]
        number = self._flags.claim()
        try:
            for name, values in (contents | {INDEX: positions}).items():
                write_chunk(self._arrays[name], number, self._layouts[name], values)
        except OSError:
            # Of an interrupt nothing is taken away: what it met may still be on its way to the disk.
            with suppress(OSError):
                self.take_out(number)
            raise
        return number

    def take_out(self, number: int) -> None:
        """Remove a chunk: first the flag. Raises OSError."""
        self._flags.take_out(number)
        for name, layout in self._layouts.items():
            # It may not be there, or something else may stand for it.
            with suppress(OSError):
                chunk_file(self._root / name, layout, number).unlink()

    @cached_property
    def _arrays(self) -> dict[str, "zarr.Array[Any]"]:
        return {name: writable_array(self._root / name, layout) for name, layout in self._layouts.items()}

    def _read(self, name: str, number: int) -> Array:
        return read_chunk(self._root / name, self._layouts[name], number)

    def _positions(self, number: int) -> NDArray[np.int64]:
        index = self._read(INDEX, number)
        count = int(np.count_nonzero(index >= 0))
        if not count or index.max() >= self._anatomy.points or index.min() < -1 or (index[:count] < 0).any():
            raise StoreError(f"expected positions of points in chunk {number} of {self._root}: it is damaged")
        return index[:count]

    def _reason(self, number: int) -> str:
        return self._read(REASON, number).tobytes().rstrip(b"\0").decode("utf-8", "ignore")
