"""Store: where a landscape is written as it comes, so that a kill at any moment loses only the chunks in flight."""

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
import zarr
from numpy.typing import NDArray

from explorer.errors import StoreError
from explorer.files import disk_error, is_real_folder, sweep_partials
from explorer.landscape import Status
from explorer.store.arrays import Array, read_array, writable_array
from explorer.store.create import make_store
from explorer.store.flags import Failure, Flags, Holes
from explorer.store.header import NAME, Attribute, Header, read_header, read_json
from explorer.store.integrity import LOST, check_constants, check_index, damaged_chunks
from explorer.store.schema import DONE, INDEX, STATUS, Anatomy, FieldSpec, axis_folder
from explorer.store.spec import differences, digest, plain
from explorer.store.to_grid import scattered

__all__ = ["FieldSpec", "Store", "open_landscape"]

_AGAIN = "What is done is safe: run the same words again to continue."


class Store:
    """A Zarr format 3 folder that one or more processes fill chunk by chunk while others read it.

    Each quantity lies one-dimensional in visiting order beside `index`, the flat position of each point: a chunk of
    points is one Zarr chunk of each field and one flag, written last. Made by `create`, opened by `open`.

    Writing is at least once, content exactly once: two writers that put the same chunk put the same values.
    """

    def __init__(self, path: Path, header: Header, *, write: bool) -> None:
        self.path = path
        self.writable = write
        self._header = header
        self._layouts = header.anatomy.arrays
        self._flags = Flags(path, self._layouts[DONE])

    @classmethod
    def create(
        cls,
        path: str | os.PathLike[str],
        *,
        spec: Mapping[str, Any],
        attrs: Mapping[str, Attribute],
        dims: Mapping[str, Array],
        index: NDArray[np.int64],
        fields: Mapping[str, FieldSpec],
        chunk: int,
        tensors: Mapping[str, Array],
    ) -> "Store":
        """Make a store, complete or not at all, and return it open for writing.

        Args:
            path: where nothing is yet.
            spec: JSON-ready: what must be equal for a sweep to continue here.
            attrs: of the landscape: text and numbers.
            dims: label -> points, in order; N is the product of their lengths, positions count in C order.
            index: a permutation [N] of the flat positions, in visiting order.
            fields: name -> what each quantity is like.
            chunk: points that are saved together; more than N means N.
            tensors: such as origin [P] and basis [K, P] or [S, K, P].

        Raises:
            StoreError: something is there already, the disk is full, or a size or name is beyond the limits.
        """
        path = Path(path)
        axes = {label: (str(values.dtype), len(values)) for label, values in dims.items()}
        shapes = {name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
        points = int(np.prod([len(values) for values in dims.values()]))
        header = Header(plain(spec), Anatomy(axes, dict(fields), shapes, min(chunk, points)), dict(attrs))
        check_index(index, points)
        axis_arrays = {axis_folder(number): values for number, values in enumerate(dims.values())}
        make_store(path, header, {INDEX: index, **axis_arrays, **tensors})
        return cls.open(path, write=True)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, write: bool = False) -> "Store":
        """Return a store, its files' descriptions checked against the limits before anything else is read.

        Raises:
            StoreError: it is missing, another program's, a newer version's, or damaged.
        """
        path = Path(path)
        header = read_header(path)
        for folder, layout in header.anatomy.arrays.items():
            if not is_real_folder(path / folder) or read_json(path / folder / NAME) != layout.document:
                raise StoreError(f"expected an array as the store describes it in {path / folder}; it is damaged")
        if write:
            for name in ("", *header.anatomy.arrays):
                sweep_partials(path / name)
        return cls(path, header, write=write)

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
    def chunks(self) -> int:
        """The number of chunks."""
        return self._header.anatomy.chunks

    @property
    def chunk_size(self) -> int:
        """Points in every chunk but the last, which may have fewer."""
        return self._header.anatomy.chunk

    @property
    def fields(self) -> dict[str, FieldSpec]:
        """Name -> what each quantity is like."""
        return dict(self._header.anatomy.fields)

    @property
    def done(self) -> NDArray[np.uint8]:
        """The flags [chunks] as they are now: 0 not computed, 1 done, 2 failed."""
        return self._flags.read()

    @property
    def failures(self) -> dict[int, str]:
        """Failed chunk -> why."""
        return {chunk: failure.reason for chunk, failure in self._flags.failures().items()}

    @cached_property
    def index(self) -> NDArray[np.int64]:
        """The flat position [N] of each point, in visiting order. Raises StoreError if it is damaged."""
        index = self._constant(INDEX)
        check_index(index, self.points)
        return index

    @cached_property
    def _writable(self) -> dict[str, "zarr.Array[Any]"]:
        return {name: writable_array(self.path / name, self._layouts[name]) for name in self.fields}

    def positions(self, chunk: int) -> NDArray[np.int64]:
        """Return the flat positions of a chunk's points."""
        return self.index[self._slice(chunk)]

    def put(self, chunk: int, fields: Mapping[str, Array]) -> None:
        """Write a chunk of every field [n, ...], and when that is on the disk its flag.

        Raises:
            ValueError: a field is missing or of another shape.
            StoreError: the disk is full, or the store is gone; the store stays as it was and can be continued.
        """
        where = self._slice(chunk)
        self._check_fields(fields, where.stop - where.start)
        with self._writing(f"chunk {chunk} of {self.path}"):
            self._write(where, fields)
            self._flags.mark(chunk)

    def put_part(self, chunk: int, fields: Mapping[str, Array]) -> None:
        """Write a chunk of which only some points are there, as its field `status` tells: the others are 0 there, and
        `nothing` in the other fields. Its flag stays 0. It may be written again with more of them.

        Raises:
            ValueError, StoreError: as for `put`; or a store without a field `status`.
        """
        where = self._slice(chunk)
        if STATUS not in self.fields:
            raise ValueError(f"expected a store with a field {STATUS!r} for a part of a chunk; {self.path} has none")
        self._check_fields(fields, where.stop - where.start)
        with self._writing(f"chunk {chunk} of {self.path}"):
            self._write(where, fields)
            self._flags.mark_part(chunk)

    def fail(self, chunk: int, reason: str, *, fields: Mapping[str, Array] | None = None, holes: Holes = ()) -> None:
        """Mark a chunk as one that cannot be computed, with the reason.

        Args:
            chunk, reason: which, and why.
            fields: every field [n, ...] of the chunk, where some of its points could be computed.
            holes: (first, one after the last) of each run of its points that could not.

        Raises:
            ValueError, StoreError: as for `put`.
        """
        where = self._slice(chunk)
        if fields is not None:
            self._check_fields(fields, where.stop - where.start)
        failure = Failure(reason, holes if fields is not None else ())
        with self._writing(f"the failure of chunk {chunk} of {self.path}"):
            # Marked before the fields are written, so that a hole is never taken for a result, and after it: another
            # writer that puts this very chunk takes the mark away.
            self._flags.fail(chunk, failure)
            if fields is not None:
                self._write(where, fields)
                self._flags.fail(chunk, failure)

    def set_attrs(self, attrs: Mapping[str, Attribute]) -> None:
        """Add or replace attributes, all at once.

        Raises:
            StoreError: as for `put`; or a value that is no text and no finite number.
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
        return self._read(name)

    @property
    def parts(self) -> tuple[tuple[int, int], ...]:
        """The chunks that hold some of their points but are not done, each with the time of its last writing in ns."""
        return self._flags.stamps()

    def landscape(self) -> xr.Dataset:
        """Return what is done so far on the grid, read flags first: a point is whole or NaN with status 0.

        Attributes are those of the store, and `done_points`, `total_points`, `nonfinite`; where there are any,
        `damaged` (JSON list of chunks whose checksum is wrong, taken as not computed) and `failed` (JSON, chunk ->
        reason).

        Raises:
            StoreError: the index or an axis is damaged.
        """
        self._refresh()
        # Parts first: one that is done meanwhile is counted as done.
        anatomy, parts, flags = self._header.anatomy, self._flags.parts(), self.done
        axes = [self._constant(axis_folder(number)) for number in range(len(anatomy.axes))]
        failures = self._flags.failures()
        holes = {chunk: failure.holes for chunk, failure in failures.items()}
        found, damaged = scattered(anatomy, axes, self.index, flags, holes, self._read, parts)
        done = np.isin(found["status"].values, (Status.EVALUATED, Status.INTERPOLATED))
        counts = {"done_points": int(np.count_nonzero(done)), "total_points": self.points}
        lists = {"damaged": damaged, "failed": {chunk: failure.reason for chunk, failure in failures.items()}}
        notes = {name: json.dumps(value) for name, value in lists.items() if value}
        return found.assign_attrs({**self.attrs, **found.attrs, **counts, **notes})

    def verify(self) -> list[int]:
        """Check every checksum; return the damaged chunks, which are queued again if the store is open for writing.

        Raises:
            StoreError: the index, an axis or a tensor is damaged, which cannot be computed again.
        """
        check_constants(self.path, self._header.anatomy)
        written = [*np.flatnonzero(self.done == 1).tolist(), *self._flags.parts()]
        damaged = damaged_chunks(self.path, self._header.anatomy, written)
        if self.writable:
            with self._writing(f"the flags of damaged chunks of {self.path}"):
                for chunk in damaged:
                    self._flags.clear(chunk)
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

    def _refresh(self) -> None:
        """Read the attributes again, which a writer may have changed."""
        header = read_header(self.path)
        if (header.spec, header.anatomy) != (self._header.spec, self._header.anatomy):
            raise StoreError(f"expected the store that was opened at {self.path}; there is another now: open it again")
        self._header = header

    def _slice(self, chunk: int) -> slice:
        if not 0 <= chunk < self.chunks:
            raise ValueError(f"expected a chunk from 0 to {self.chunks - 1}; got {chunk}")
        return slice(chunk * self.chunk_size, min((chunk + 1) * self.chunk_size, self.points))

    def _read(self, folder: str, first: int = 0, after: int | None = None) -> Array:
        return read_array(self.path / folder, self._layouts[folder], first, after)

    def _constant(self, folder: str) -> Array:
        """Read what is written once, when a store is made."""
        try:
            return self._read(folder)
        except StoreError as error:
            raise StoreError(f"{error}. {LOST}") from None

    def _write(self, where: slice, fields: Mapping[str, Array]) -> None:
        # A status is never there before what it speaks of.
        for name, values in sorted(fields.items(), key=lambda field: field[0] == STATUS):
            self._writable[name][where] = np.ascontiguousarray(values, dtype=self._layouts[name].dtype)

    def _check_fields(self, fields: Mapping[str, Array], points: int) -> None:
        shapes = {name: (points, *spec.shape) for name, spec in self.fields.items()}
        got = {name: np.shape(values) for name, values in fields.items()}
        if got != shapes:
            raise ValueError(f"expected fields of shapes {shapes}; got {got}")

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
