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

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import ArrayLike, NDArray

from explorer.errors import StoreError
from explorer.files import disk_error, sweep_partials
from explorer.landscape import Status
from explorer.store.arrays import Array
from explorer.store.chunks import Chunk, Chunks
from explorer.store.create import make_store
from explorer.store.header import Attribute, Header, read_header
from explorer.store.integrity import check_constants, check_descriptions, read_constant
from explorer.store.schema import Anatomy, FieldSpec, axis_folder
from explorer.store.spec import differences, digest, plain
from explorer.store.to_grid import Standing, scattered

__all__ = ["FieldSpec", "Store", "open_landscape"]

_AGAIN = "What is done is safe: run the same words again to continue."
_GIVEN = (Status.EVALUATED, Status.INTERPOLATED)


class Store:
    """A landscape on the disk, to which one or more processes append chunks of points while others read it.

    Made by `create`, opened by `open`. Writing is at least once, content exactly once: two writers that evaluate the
    same point find the same values.
    """

    def __init__(self, path: Path, header: Header, chunks: Chunks, *, write: bool) -> None:
        self.path = path
        self.writable = write
        self._header = header
        self._chunks = chunks
        self._known: set[int] = set()
        self._counted: set[int] = set()
        self._standing = Standing(0)

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
        axes = {label: (str(values.dtype), len(values)) for label, values in dims.items()}
        shapes = {name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
        points = int(np.prod([len(values) for values in dims.values()]))
        anatomy = Anatomy(axes, dict(fields), shapes, min(chunk, points)).with_room()
        axis_arrays = {axis_folder(number): values for number, values in enumerate(dims.values())}
        make_store(path, Header(plain(spec), anatomy, dict(attrs)), {**axis_arrays, **tensors})
        made = cls.open(path, write=True)
        made.refuse_other(spec)
        return made

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, write: bool = False) -> "Store":
        """Return a store, its files' descriptions checked against the limits before anything else is read.

        Raises:
            StoreError: it is missing, another program's, a newer version's, or damaged.
        """
        path = Path(path)
        header = read_header(path)
        arrays = header.anatomy.arrays
        check_descriptions(path, arrays)
        if write:
            for name in ("", *arrays):
                sweep_partials(path / name)
        return cls(path, header, Chunks(path, header.anatomy), write=write)

    @property
    def spec(self) -> dict[str, Any]:
        """What must be equal for a sweep to continue here."""
        return dict(self._header.spec)

    @property
    def attrs(self) -> dict[str, Attribute]:
        """The attributes as they were last read, with `spec_sha256`."""
        return {**self._header.attrs, "spec_sha256": digest(self._header.spec)}

    @property
    def points(self) -> int:
        """N, the number of grid points."""
        return self._header.anatomy.points

    @property
    def chunk_size(self) -> int:
        """Points for which a chunk has room."""
        return self._header.anatomy.chunk

    @property
    def fields(self) -> dict[str, FieldSpec]:
        """Name -> what each quantity is like."""
        return dict(self._header.anatomy.fields)

    @property
    def numbers(self) -> list[int]:
        """The numbers of the chunks that are there now, rising. Raises StoreError if the store is gone."""
        return self._chunks.numbers()

    @property
    def settled(self) -> int:
        """How many points are computed or failed now, as far as their chunks' index and status tell."""
        return self._counted_points().settled

    @property
    def failures(self) -> dict[int, str]:
        """Number of a chunk -> why points of it failed that no other chunk has computed."""
        return self._counted_points().failures

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that are the same as long as no chunk comes or goes; other processes find the same."""
        return self._chunks.stamp()

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
        at = self._checked(positions)
        if len(at) > self.chunk_size:
            raise ValueError(f"expected at most {self.chunk_size} points in a chunk of {self.path}; got {len(at)}")
        shapes = {name: (len(at), *spec.shape) for name, spec in self.fields.items()}
        got = {name: np.shape(values) for name, values in fields.items()}
        if got != shapes:
            raise ValueError(f"expected fields of shapes {shapes}; got {got}")
        given = np.broadcast_to(np.asarray(status, dtype=np.int8), at.shape)
        if not np.isin(given, _GIVEN).all():
            raise ValueError(f"expected points that are evaluated or interpolated; got status {np.unique(given)}")
        return self._append(at, given, fields)

    def fail(self, positions: NDArray[np.int64], reason: str) -> None:
        """Note that points [n] could not be computed, and why; taken back where they are appended later.

        Raises:
            ValueError, StoreError: as for `append`.
        """
        at = self._checked(positions)
        for first in range(0, len(at), self.chunk_size):
            piece = at[first : first + self.chunk_size]
            self._append(piece, np.full(len(piece), Status.FAILED, dtype=np.int8), {}, reason)

    def news(self) -> Iterator[Chunk]:
        """Yield the chunks that were not appended here nor yielded before: at first all that are there. Those that are
        damaged are passed over.

        Raises:
            StoreError: the store is gone.
        """
        for number in self.numbers:
            if number not in self._known:
                self._known.add(number)
                with suppress(StoreError):
                    yield self._chunks.read(number)

    def set_attrs(self, attrs: Mapping[str, Attribute]) -> None:
        """Add or replace attributes, all at once.

        Raises:
            StoreError: as for `append`; or a value that is no text and no finite number.
        """
        with self._writing(f"the attributes of {self.path}"):
            self._refresh()
            changed = Header(self._header.spec, self._header.anatomy, {**self._header.attrs, **attrs})
            changed.write(self.path)
            self._header = changed

    def tensor(self, name: str) -> Array:
        """Return a tensor as it was given. Raises StoreError if there is none or it is damaged."""
        known = list(self._header.anatomy.tensors)
        if name not in known:
            raise StoreError(f"expected a tensor among {known} in {self.path}; got {name!r}")
        return self._constant(name)

    def landscape(self) -> xr.Dataset:
        """Return what is there so far on the grid: a point is whole or NaN with status 0.

        Attributes are those of the store, and `done_points`, `total_points`, `nonfinite`; where there are any,
        `damaged` (JSON list of the numbers of damaged chunks, taken as not there) and `failed` (JSON, as `failures`).

        Raises:
            StoreError: an axis is damaged, or the store is gone.
        """
        self._refresh()
        anatomy = self._header.anatomy
        damaged: list[int] = []
        axes = [self._constant(axis_folder(number)) for number in range(len(anatomy.axes))]
        found, failures = scattered(anatomy, axes, self._sound(damaged))
        done = int(np.isin(found["status"].values, _GIVEN).sum())
        lists = {"damaged": damaged, "failed": failures}
        notes = {name: json.dumps(value) for name, value in lists.items() if value}
        return found.assign_attrs(
            {**self.attrs, **found.attrs, "done_points": done, "total_points": self.points, **notes}
        )

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
            with self._writing(f"without the damaged chunks of {self.path}"):
                for number in damaged:
                    self._chunks.take_out(number)
        return damaged

    def refuse_other(self, spec: Mapping[str, Any]) -> None:
        """Do nothing if the spec is the store's.

        Raises:
            StoreError: it is another; names each field that differs with both values.
        """
        lines = list(differences(self._header.spec, spec))
        if lines:
            raise StoreError(
                f"{self.path} holds another sweep. " + "; ".join(lines) + ". Use the words it was made with, "
                "or another place to write to"
            )

    def _sound(self, damaged: list[int]) -> Iterator[Chunk]:
        """Yield every chunk that is there, and list those that are damaged."""
        for number in self.numbers:
            try:
                chunk = self._chunks.read(number)
            except StoreError:
                damaged.append(number)
            else:
                yield chunk

    def _counted_points(self) -> Standing:
        """Return what is known of every point; only chunks that have come since are read."""
        numbers = set(self.numbers)
        if not self._counted or self._counted - numbers:
            self._counted, self._standing = set(), Standing(self.points)
        for number in sorted(numbers - self._counted):
            with suppress(StoreError):
                self._standing.take(self._chunks.read(number, whole=False))
        self._counted = numbers
        return self._standing

    def _refresh(self) -> None:
        """Read the attributes again, which a writer may have changed."""
        header = read_header(self.path)
        if (header.spec, header.anatomy) != (self._header.spec, self._header.anatomy):
            raise StoreError(f"expected the store that was opened at {self.path}; there is another now: open it again")
        self._header = header

    def _constant(self, folder: str) -> Array:
        return read_constant(self.path, folder, self._header.anatomy.constants[folder])

    def _checked(self, positions: NDArray[np.int64]) -> NDArray[np.int64]:
        at = np.asarray(positions)
        if at.ndim != 1 or not at.size or at.dtype.kind not in "iu" or at.min() < 0 or at.max() >= self.points:
            raise ValueError(f"expected one or more flat positions from 0 to {self.points - 1}; got {at}")
        return at.astype(np.int64)

    def _append(
        self, at: NDArray[np.int64], status: NDArray[np.int8], fields: Mapping[str, Array], reason: str | None = None
    ) -> int:
        with self._writing(f"{len(at)} points of {self.path}"):
            number = self._chunks.write(at, status, fields, reason)
        self._known.add(number)
        return number

    @contextmanager
    def _writing(self, what: str) -> Iterator[None]:
        if not self.writable:
            raise StoreError(f"expected a store open for writing; {self.path} is open for reading: use write=True")
        try:
            yield
        except OSError as error:
            raise disk_error(error, what, _AGAIN) from error


def open_landscape(path: str | os.PathLike[str]) -> xr.Dataset:
    """Return the landscape of a running or finished sweep, as far as it is computed.

    Raises:
        StoreError: there is no store, or it cannot be read.
    """
    return Store.open(path).landscape()
