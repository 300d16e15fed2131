"""Integrity: what is written once, and every chunk, checked in the memory of one."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from explorer.errors import StoreError
from explorer.files import is_real_folder
from explorer.store.arrays import Array, check_array, read_array
from explorer.store.header import NAME, read_json
from explorer.store.layout import Layout
from explorer.store.schema import Anatomy


def check_descriptions(root: Path, arrays: dict[str, Layout]) -> None:
    """Do nothing if every array's description is what the store's header makes of it.

    Raises:
        StoreError: a folder is missing, a link, or holds another array.
    """
    for folder, layout in arrays.items():
        if not is_real_folder(root / folder) or read_json(root / folder / NAME) != layout.document:
            raise StoreError(f"expected an array as the store describes it in {root / folder}; it is damaged")


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
