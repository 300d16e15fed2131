"""Reader: what one may do with a store whether it is open for writing or not."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from explorer.errors import StoreError
from explorer.landscape import Status
from explorer.store.arrays import Array
from explorer.store.chunks import Chunk, Chunks, Readable
from explorer.store.header import Attribute, Header
from explorer.store.integrity import read_constant
from explorer.store.schema import FieldSpec, axis_folder
from explorer.store.spec import differences, digest
from explorer.store.standing import Count
from explorer.store.to_grid import scattered
from explorer.store.versions import read_store

_COMPUTED = (Status.EVALUATED, Status.INTERPOLATED)


class Reader:
    """A landscape on the disk, of either format, while others may write to it."""

    def __init__(self, path: Path, header: Header, chunks: Readable) -> None:
        self.path = path
        self._header = header
        self._chunks = chunks
        self._count = Count(chunks, header.anatomy.points)
        self._known: set[int] = set()

    @property
    def can_continue(self) -> bool:
        """Whether its format is one that is written."""
        return isinstance(self._chunks, Chunks)

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
        return self._count.now().settled

    @property
    def failures(self) -> dict[int, str]:
        """Number of a chunk -> why points of it failed that no other chunk has computed."""
        return self._count.now().failures

    def stamp(self) -> tuple[int, ...]:
        """Return numbers that are the same as long as no chunk comes or goes; other processes find the same."""
        return self._chunks.stamp()

    def news(self) -> Iterator[Chunk]:
        """Yield the chunks that were not appended here nor yielded before: at first all that are there. Those that are
        damaged are passed over.

        Raises:
            StoreError: the store is gone.
        """
        for number in self.numbers:
            if number in self._known:
                continue
            self._known.add(number)
            try:
                chunk = self._chunks.read(number)
            except StoreError:
                continue
            yield chunk

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
        self.refresh()
        anatomy = self._header.anatomy
        damaged: list[int] = []
        axes = [self._constant(axis_folder(number)) for number in range(len(anatomy.axes))]
        found, failures = scattered(anatomy, axes, self._sound(damaged))
        done = int(np.isin(found["status"].values, _COMPUTED).sum())
        lists = {"damaged": damaged, "failed": failures}
        notes = {name: json.dumps(value) for name, value in lists.items() if value}
        return found.assign_attrs(
            {**self.attrs, **found.attrs, "done_points": done, "total_points": self.points, **notes}
        )

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

    def refresh(self) -> None:
        """Read the attributes again, which a writer may have changed.

        Raises:
            StoreError: the store is gone, or there is another at its place.
        """
        header = read_store(self.path)[0]
        if (header.spec, header.anatomy) != (self._header.spec, self._header.anatomy):
            raise StoreError(f"expected the store that was opened at {self.path}; there is another now: open it again")
        self._header = header

    def _constant(self, folder: str) -> Array:
        return read_constant(self.path, folder, self._header.anatomy.constants[folder])
