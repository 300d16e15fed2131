"""Arrays: written through Zarr over files that last; read chunk by chunk with no surprise from a stranger's disk."""

from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import Any

import google_crc32c
import numpy as np
import zarr
from numpy.typing import NDArray
from zarr.core.buffer import Buffer
from zarr.storage import LocalStore, StorePath

from explorer.errors import StoreError
from explorer.files import read_regular, write_whole
from explorer.store.layout import Layout

_CHECKSUM = 4
"""Bytes of crc32c after each chunk."""

Array = NDArray[Any]


class ChunkFiles(LocalStore):
    """The folder of one array: Zarr's own store renames without fsync."""

    async def set(self, key: str, value: Buffer) -> None:
        """Write a chunk whole and to the disk. Raises OSError."""
        # In Zarr's own thread, where Zarr would wake a second one: chunks come one at a time.
        write_whole(self.root / key, value.as_numpy_array().data)


def writable_array(folder: Path, layout: Layout) -> "zarr.Array[Any]":
    """Return the Zarr array of a layout, to be written in whole chunks."""
    # All-NaN chunks are results, to be written like any other.
    config = {"write_empty_chunks": True}
    inner = zarr.AsyncArray(layout.document, StorePath(ChunkFiles(folder)), config)  # type: ignore[call-overload]
    return zarr.Array(inner)


def write_array(folder: Path, layout: Layout, values: Array) -> None:
    """Write all of an array, a chunk at a time: Zarr would hold copies of ten.

    Raises:
        OSError: the disk is full.
    """
    array = writable_array(folder, layout)
    for at in _chunks(layout):
        where = _where(layout, at)
        array[where] = values[where]


def read_array(folder: Path, layout: Layout) -> Array:
    """Return all of an array.

    Zarr would take a missing chunk for fill values, follow links, and spend ten times as long on small chunks.

    Raises:
        StoreError: a chunk is missing or damaged.
    """
    for at in _chunks(layout):
        # Before there is room made for them: a description is no proof of terabytes.
        _check_size(*_place(folder, layout, at))
    found = np.empty(layout.shape, dtype=layout.dtype)
    for at in _chunks(layout):
        room = found[_where(layout, at)]
        # The last chunk along a dimension is stored in full, beyond the end of the array.
        room[...] = _read_chunk(folder, layout, at)[tuple(slice(n) for n in room.shape)]
    return found


def read_chunk(folder: Path, layout: Layout, number: int) -> Array:
    """Return the one chunk with this number along the first dimension, in full.

    Raises:
        StoreError: it is missing or damaged.
    """
    return _read_chunk(folder, layout, _first(layout, number))


def write_chunk(array: "zarr.Array[Any]", number: int, layout: Layout, values: Array) -> None:
    """Write the first entries of one chunk along the first dimension; the others are empty.

    Raises:
        OSError: the disk is full.
    """
    whole = np.full(layout.chunk, layout.empty, dtype=layout.dtype)
    whole[: len(values)] = values
    array[number * layout.chunk[0] : (number + 1) * layout.chunk[0]] = whole


def chunk_file(folder: Path, layout: Layout, number: int) -> Path:
    """Return where the first of the chunks with this number along the first dimension lies."""
    return _place(folder, layout, _first(layout, number))[0]


def check_array(folder: Path, layout: Layout) -> None:
    """Read every chunk, in the memory of one.

    Raises:
        StoreError: a chunk is missing or damaged.
    """
    for at in _chunks(layout):
        _read_chunk(folder, layout, at)


def _chunks(layout: Layout) -> Iterator[tuple[int, ...]]:
    return product(*(range(-(-n // each)) for n, each in zip(layout.shape, layout.chunk, strict=True)))


def _first(layout: Layout, number: int) -> tuple[int, ...]:
    return (number,) + (0,) * (len(layout.chunk) - 1)


def _where(layout: Layout, at: tuple[int, ...]) -> tuple[slice, ...]:
    """Return where the entries of a chunk are in the array."""
    return tuple(slice(i * n, (i + 1) * n) for i, n in zip(at, layout.chunk, strict=True))


def _place(folder: Path, layout: Layout, at: tuple[int, ...]) -> tuple[Path, int]:
    """Return the file of a chunk and its size."""
    return folder / ".".join(["c", *map(str, at)]), layout.chunk_bytes + _CHECKSUM


def _check_size(path: Path, size: int) -> None:
    try:
        found = path.lstat().st_size
    except OSError as error:
        raise StoreError(f"expected a chunk {path}; got {error.strerror}") from None
    if found != size:
        raise StoreError(f"expected {size} bytes in {path}; got {found}: it is damaged")


def _read_chunk(folder: Path, layout: Layout, at: tuple[int, ...]) -> Array:
    path, size = _place(folder, layout, at)
    try:
        raw = read_regular(path, size)
    except OSError as error:
        raise StoreError(f"expected a chunk {path}; got {error.strerror}") from None
    if len(raw) != size:
        raise StoreError(f"expected {size} bytes in {path}; got {len(raw)}: it is damaged")
    inner, checksum = raw[:-_CHECKSUM], raw[-_CHECKSUM:]
    if google_crc32c.value(inner).to_bytes(_CHECKSUM, "little") != checksum:
        raise StoreError(f"expected the bytes of {path} to have their checksum; they have not: it is damaged")
    return np.frombuffer(inner, np.dtype(layout.dtype).newbyteorder("<")).reshape(layout.chunk)
