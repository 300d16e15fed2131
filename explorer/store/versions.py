"""Versions: what a folder says of itself, and where its chunks are read from, by the version of its format."""

from collections.abc import Mapping
from pathlib import Path

from explorer.errors import StoreError
from explorer.files import is_real_folder
from explorer.store.chunks import Chunks, Readable
from explorer.store.format_1 import header as format_1
from explorer.store.format_1.chunks import OldChunks
from explorer.store.header import NAME, Header, header_of, read_attributes, read_json, version_of
from explorer.store.layout import Layout


def read_store(path: Path) -> tuple[Header, Mapping[str, Layout], Readable]:
    """Return the header of a store, its arrays by their folders, and its chunks; `Chunks` if they can be written, too.

    Raises:
        StoreError: it is missing, another program's, a newer version's, or damaged.
    """
    said = read_attributes(path)
    if version_of(said, path) == format_1.VERSION:
        header, arrays = format_1.header_of(said, path)
        return header, arrays, OldChunks(path, header.anatomy, arrays)
    header = header_of(said, path)
    return header, header.anatomy.arrays, Chunks(path, header.anatomy)


def cannot_continue(path: Path) -> StoreError:
    """Return the error for one who would write to a store of format 1."""
    return StoreError(
        f"expected a store that can be continued; {path} is of format 1, which is only read: export it (python -m "
        f"explorer export {path} x.nc), or sweep again into another place"
    )


def check_descriptions(root: Path, arrays: Mapping[str, Layout]) -> None:
    """Do nothing if every array's description is what the store's header makes of it.

    Raises:
        StoreError: a folder is missing, a link, or holds another array.
    """
    for folder, layout in arrays.items():
        if not is_real_folder(root / folder) or read_json(root / folder / NAME) != layout.document:
            raise StoreError(f"expected an array as the store describes it in {root / folder}; it is damaged")
