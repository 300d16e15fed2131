"""Checking: the index of a store, and every checksum, in the memory of one chunk."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from explorer.errors import StoreError
from explorer.store.arrays import Array, check_array, read_array
from explorer.store.schema import DONE, Anatomy

LOST = "It cannot be computed again: remove the store and sweep again"
"""What to do where something is damaged that is written once, when a store is made."""


def check_index(index: Array, points: int) -> None:
    """Do nothing if the index is a permutation [N] of the flat positions.

    Raises:
        StoreError: it is none.
    """
    inside = index.shape == (points,) and index.dtype == np.int64 and index.min() >= 0 and index.max() < points
    if not inside or not np.array_equal(np.bincount(index, minlength=points), np.ones(points, dtype=np.int64)):
        raise StoreError(f"expected an index that visits each of {points} points once; it does not: it is damaged")


def check_constants(root: Path, anatomy: Anatomy) -> None:
    """Check what is written once, when a store is made: index, axes and tensors.

    Raises:
        StoreError: some of it is damaged, and cannot be computed again.
    """
    layouts = anatomy.arrays
    for folder in layouts.keys() - {DONE, *anatomy.fields}:
        try:
            check_array(root / folder, layouts[folder])
        except StoreError as error:
            raise StoreError(f"{error}. {LOST}") from None


def damaged_chunks(root: Path, anatomy: Anatomy, chunks: Iterable[int]) -> list[int]:
    """Return those of the chunks that are damaged, or missing, in any field."""
    layouts = {name: anatomy.arrays[name] for name in anatomy.fields}

    def is_sound(chunk: int) -> bool:
        try:
            for name, layout in layouts.items():
                read_array(root / name, layout, chunk, chunk + 1)
        except StoreError:
            return False
        return True

    return [chunk for chunk in chunks if not is_sound(chunk)]
