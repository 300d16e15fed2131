"""Integrity: what is written once, and every chunk, checked in the memory of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import StoreError
from explorer.store.arrays import Array, check_array, read_array
from explorer.store.layout import Layout
from explorer.store.schema import Anatomy


def check_constants(root: Path, anatomy: Anatomy) -> None:
    """Check axes and tensors. Raises StoreError if some of it is damaged."""
    for folder, layout in anatomy.constants.items():
        with _told():
            check_array(root / folder, layout)


def read_constant(root: Path, folder: str, layout: Layout) -> Array:
    """Return what was written when the store was made. Raises StoreError if it is damaged."""
    with _told():
        return read_array(root / folder, layout)


@contextmanager
def _told() -> Iterator[None]:
    try:
        yield
    except StoreError as error:
        raise StoreError(f"{error}. It cannot be computed again: remove the store and sweep again") from None
