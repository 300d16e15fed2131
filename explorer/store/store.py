"""Store: where a landscape is written as it comes, so that a kill at any moment loses only the chunks in flight.

A folder, written through Zarr (format 3): the axes, origin and basis, written once, and the chunks of points. Chunk
number i is the i-th Zarr chunk of every field, of `status` and of `index`, the flat position of each of its points.

Making a store
 1. Everything is written into a sibling with a name that no one looks for, and renamed: it is there whole or not at
    all. Of several that are made at once one is there first, and the others join it.
Appending a chunk
 2. A number is claimed by making an empty file that was not there: no two writers ever share a number, so nothing is
    written twice. A killed writer's number is lost, and nothing else.
 3. Fields, status and, of points that failed, the reason are written, each file whole and on the disk before it bears
    its name.
 4. The chunk's part of the index is written, in the same way. Now, and not before, the chunk is there.
Reading
 5. The names in the folder of the index say which chunks are there; then these are read, each file with its checksum.
    One that is damaged is as if it were not there. Nothing is locked.
 6. Where a point is in several chunks, evaluated is right over interpolated, that over failed; of equals the later.
Taking out
 7. A damaged chunk loses its part of the index first; its number stays taken.
Attributes
 8. The header is replaced whole, with a digest over all that it says.
"""

import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from explorer.errors import StoreError
from explorer.files import disk_error, sweep_partials
from explorer.landscape import Status
from explorer.signature import checked
from explorer.store.arrays import Array
from explorer.store.chunks import Chunks, Readable, check_fields, checked_positions, checked_status
from explorer.store.create import header_for, make_store
from explorer.store.header import Attribute, Header
from explorer.store.integrity import check_constants
from explorer.store.reader import Reader
from explorer.store.schema import FieldSpec
from explorer.store.versions import cannot_continue, check_descriptions, read_store

__all__ = ["FieldSpec", "Store", "open_landscape"]

_AGAIN = "What is done is safe: run the same words again to continue."
_GONE = "The store was removed meanwhile, with all that was done: run the same words again to begin anew."


class Store(Reader):
    """A landscape on the disk, to which one or more processes append chunks of points while others read it.

    Made by `create`, opened by `open`. Writing is at least once, content exactly once: two writers that evaluate the
    same point find the same values.
    """

    def __init__(self, path: Path, header: Header, chunks: Readable, own: Chunks | None = None) -> None:
        super().__init__(path, header, chunks)
        self._own = own

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        spec: Mapping[str, Any],
        attrs: Mapping[str, Attribute],
        dims: Mapping[str, Array],
        fields: Mapping[str, FieldSpec],
        chunk: int,
        tensors: Mapping[str, Array],
    ) -> "Store":
        """Make a store, complete or not at all, and return it open for writing. Where another process has just made one
        for the same sweep, return that one; it may have chunks of another size.

        Args:
            path: where nothing is yet.
            spec: JSON-ready: what must be equal for a sweep to continue here.
            attrs: of the landscape: text and numbers.
            dims: label -> points, in order; N is the product of their lengths, positions count in C order.
            fields: name -> what each quantity is like.
            chunk: points for which a chunk has room; more than N means N. Each takes all of its room on the disk.
            tensors: such as origin [P] and basis [K, P] or [S, K, P].

        Raises:
            StoreError: something else is there, the disk is full, or a size or name is beyond the limits.
        """
        path = Path(path)
        make_store(path, header_for(spec, attrs, dims, fields, chunk, tensors), dims.values(), tensors)
        made = cls.open(path, write=True)
        made.refuse_other(spec)
        return made

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, write: bool = False) -> "Store":
        """Return a store, its files' descriptions checked against the limits before anything else is read.

        Raises:
            StoreError: it is missing, another program's, a newer version's, or damaged; or to be written, but of
                format 1.
        """
        path = Path(path)
        header, arrays, chunks = read_store(path)
        check_descriptions(path, arrays)
        if not write:
            return cls(path, header, chunks)
        if not isinstance(chunks, Chunks):
            raise cannot_continue(path)
        for name in ("", *arrays):
            sweep_partials(path / name)
        return cls(path, header, chunks, chunks)

    @property
    def writable(self) -> bool:
        """Whether it is open for writing."""
        return self._own is not None

    def append(
        self, positions: NDArray[np.int64], fields: Mapping[str, Array], status: ArrayLike = Status.EVALUATED
    ) -> int:
        """Write a chunk of points; return its number.

        Args:
            positions: flat, [n], from 1 to `chunk_size` of them.
            fields: every field, [n, ...].
            status: of all of them, or [n]: evaluated or interpolated.

        Raises:
            ValueError: positions beyond the grid, a field that is missing or of another shape, another status.
            StoreError: the disk is full, or the store is gone; it stays as it was and can be continued.
        """
        at = checked_positions(positions, self.points)
        if len(at) > self.chunk_size:
            raise ValueError(f"expected at most {self.chunk_size} points in a chunk of {self.path}; got {len(at)}")
        check_fields(fields, self.fields, len(at))
        return self._append(at, checked_status(status, len(at)), fields)

    def fail(self, positions: NDArray[np.int64], reason: str) -> None:
        """Note that points [n] could not be computed, and why; taken back where they are appended later.

        Raises:
            ValueError, StoreError: as for `append`.
        """
        at = checked_positions(positions, self.points)
        for first in range(0, len(at), self.chunk_size):
            piece = at[first : first + self.chunk_size]
            self._append(piece, np.full(len(piece), Status.FAILED, dtype=np.int8), {}, reason)

    def set_attrs(self, attrs: Mapping[str, Attribute]) -> None:
        """Add or replace attributes, all at once.

        Raises:
            StoreError: as for `append`; or a value that is no text and no finite number.
        """
        with self._writing(f"the attributes of {self.path}"):
            self.refresh()
            changed = Header(self._header.spec, self._header.anatomy, {**self._header.attrs, **attrs})
            changed.write(self.path)
            self._header = changed

    def verify(self) -> list[int]:
        """Check every checksum; return the numbers of damaged chunks, which are taken out if the store is open for
        writing, so that their points are computed again.

        Raises:
            StoreError: an axis or a tensor is damaged, which cannot be computed again.
        """
        check_constants(self.path, self._header.anatomy)
        damaged: list[int] = []
        for _ in self._sound(damaged):
            pass
        if self.writable:
            with self._writing(f"{self.path} without damaged chunks") as chunks:
                for number in damaged:
                    chunks.take_out(number)
        return damaged

    def _append(
        self, at: NDArray[np.int64], status: NDArray[np.int8], fields: Mapping[str, Array], reason: str | None = None
    ) -> int:
        with self._writing(f"{len(at)} points of {self.path}") as chunks:
            number = chunks.write(at, status, fields, reason)
        self._known.add(number)
        return number

    @contextmanager
    def _writing(self, what: str) -> Iterator[Chunks]:
        if self._own is None:
            raise StoreError(f"expected a store open for writing; {self.path} is open for reading: use write=True")
        try:
            yield self._own
        except OSError as error:
            raise disk_error(error, what, _AGAIN if self.path.is_dir() else _GONE) from error


@checked
def open_landscape(path: str | os.PathLike[str]) -> xr.Dataset:
    """Return the landscape of a running or finished sweep, as far as it is computed.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    return Store.open(path).landscape()
