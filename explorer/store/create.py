"""Making: a store comes into being complete or not at all."""

import json
import math
import shutil
import time
import uuid
from collections.abc import Iterable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from explorer.errors import StoreError
from explorer.files import STALE, disk_error, is_real_folder, sync_folder, write_whole
from explorer.store.arrays import Array, write_array
from explorer.store.header import NAME, Attribute, Header
from explorer.store.schema import Anatomy, FieldSpec, axis_folder
from explorer.store.spec import plain


def header_for(
    spec: Mapping[str, Any],
    attrs: Mapping[str, Attribute],
    dims: Mapping[str, Array],
    fields: Mapping[str, FieldSpec],
    chunk: int,
    tensors: Mapping[str, Array],
) -> Header:
    """Return the header of a new store; arguments as for `Store.create`. Raises StoreError."""
    axes = {label: (str(values.dtype), len(values)) for label, values in dims.items()}
    shapes = {name: (str(tensor.dtype), tensor.shape) for name, tensor in tensors.items()}
    points = math.prod(len(values) for values in dims.values())
    anatomy = Anatomy(axes, dict(fields), shapes, min(chunk, points)).with_room()
    return Header(plain(spec), anatomy, dict(attrs))


def make_store(path: Path, header: Header, axes: Iterable[Array], tensors: Mapping[str, Array]) -> None:
    """Write a store without chunks into a temporary sibling, and rename it; do nothing where a store is there already.

    Args:
        path: where nothing is yet, or an empty folder; or where another process makes the same at this moment.
        header: of the store.
        axes, tensors: what is written once.

    Raises:
        StoreError: something else is there, or the disk is full; nothing is left behind.
    """
    contents = {axis_folder(number): values for number, values in enumerate(axes)} | dict(tensors)
    if path.name in ("", ".."):
        raise StoreError(f"expected a place with a name of its own, such as runs/x.zarr; got {path}")
    _sweep_half_made(path)
    making = path.with_name(f".{path.name}.{uuid.uuid4().hex}.partial")
    try:
        if is_free(path):
            making.mkdir(parents=True)
            _write_contents(making, header, contents)
            making.rename(path)
            sync_folder(path.parent)
    except OSError as error:
        if is_free(path):
            raise disk_error(error, f"the store {path}", "Nothing was left behind.") from error
    finally:
        shutil.rmtree(making, ignore_errors=True)
    if not is_real_folder(path) or not (path / NAME).is_file():
        raise StoreError(f"expected a place where nothing is yet; there is something at {path}: choose another")


def is_free(path: Path) -> bool:
    """Return whether a store can be made here: there is nothing, or a folder with nothing in it."""
    if is_real_folder(path):
        with suppress(OSError):
            return next(path.iterdir(), None) is None
        return False
    return not path.exists() and not path.is_symlink()


def _write_contents(root: Path, header: Header, contents: Mapping[str, Array]) -> None:
    header.write(root)
    for folder, layout in header.anatomy.arrays.items():
        (root / folder).mkdir()
        write_whole(root / folder / NAME, json.dumps(layout.document, indent=1).encode())
        if folder in contents:
            write_array(root / folder, layout, contents[folder])
        sync_folder(root / folder)
    sync_folder(root)


def _sweep_half_made(path: Path) -> None:
    """Remove what kills during the making of this very store left more than an hour ago."""
    for left in path.parent.glob(f".{path.name}.{'[0-9a-f]' * 32}.partial") if path.parent.is_dir() else ():
        if is_real_folder(left) and time.time() - left.stat().st_mtime > STALE:
            shutil.rmtree(left, ignore_errors=True)
