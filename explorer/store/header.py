"""Header: the store's own zarr.json, with the spec, the anatomy and the attributes of its landscape."""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from explorer.errors import StoreError
from explorer.files import read_regular, write_whole
from explorer.store.schema import Anatomy
from explorer.store.spec import canonical, digest

FORMAT, VERSION = "landscape-explorer", 2
NAME = "zarr.json"
_DIGEST = "sha256"
_MOST_BYTES = 4 << 20

Attribute = str | int | float


@dataclass(frozen=True)
class Header:
    """What a store says of itself."""

    spec: Mapping[str, Any]
    anatomy: Anatomy
    attrs: Mapping[str, Attribute]

    def write(self, root: Path) -> None:
        """Write it whole.

        Raises:
            StoreError: an attribute that is no text and no number, or too much text.
            OSError: it cannot be written.
        """
        check_attrs(self.attrs)
        said = {
            "format": FORMAT,
            "format_version": VERSION,
            "spec": self.spec,
            "anatomy": self.anatomy.describe(),
            "attrs": dict(self.attrs),
        }
        group = {"zarr_format": 3, "node_type": "group", "attributes": said | {_DIGEST: digest(said)}}
        text = canonical(group).encode()
        if len(text) > _MOST_BYTES:
            raise StoreError(
                f"expected a header of at most {_MOST_BYTES} bytes; got {len(text)}: shorten the attributes"
            )
        write_whole(root / NAME, text)


def read_header(root: Path) -> Header:
    """Return the header of a store of this format.

    Raises:
        StoreError: there is none, or it is another program's, another version's, or damaged.
    """
    return header_of(read_attributes(root), root)


def header_of(found: Mapping[str, Any], root: Path) -> Header:
    """Return the header that the attributes of a store's group hold. Raises StoreError as `read_header`."""
    if version_of(found, root) != VERSION:
        raise StoreError(
            f"expected a store of format version {VERSION}; {root} has {str(found.get('format_version'))[:20]}: "
            "open it with the version of explorer that wrote it, or run the sweep again"
        )
    if not agrees({name: value for name, value in found.items() if name != _DIGEST}, found.get(_DIGEST)):
        raise StoreError(
            f"expected the attributes in {root / NAME} to have their SHA-256; they have not: it is damaged, remove the "
            "store and sweep again"
        )
    if not all(isinstance(found.get(part), dict) for part in ("spec", "attrs")):
        raise StoreError(f"expected a spec and attributes in {root / NAME}; got none: it is damaged")
    check_attrs(found["attrs"])
    return Header(found["spec"], Anatomy.of(found.get("anatomy")), found["attrs"])


def version_of(found: Mapping[str, Any], root: Path) -> Any:
    """Return the version of the format that a group's attributes name. Raises StoreError if it is another program's."""
    if found.get("format") != FORMAT:
        raise StoreError(f"expected a store of {FORMAT}; {root} is a Zarr group of something else")
    return found.get("format_version")


def read_json(path: Path, most: int = _MOST_BYTES) -> Any:
    """Return the content of a JSON file.

    Raises:
        StoreError: it is missing, too long, nested too deeply, or no JSON.
    """
    try:
        return json.loads(read_regular(path, most), parse_constant=_no_constant)
    except OSError as error:
        raise StoreError(f"expected a file {path}; got {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        if isinstance(error, StoreError):
            raise
        raise StoreError(
            f"expected JSON in {path}; it is damaged ({error}): remove the store and sweep again"
        ) from None


def read_attributes(root: Path) -> Mapping[str, Any]:
    """Return the attributes of a Zarr group. Raises StoreError if there is none."""
    if not root.is_dir():
        none = f"there is none at {root} (a sweep that has just begun makes its store once it has timed a few points)"
        raise StoreError(f"expected a store, which is a folder; {f'{root} is a file' if root.exists() else none}")
    if not (root / NAME).exists():
        raise StoreError(
            f"expected a store with a file {NAME}; the folder {root} has none, so it is something else: name a store, "
            "or, to make one, a place where nothing is yet"
        )
    group = read_json(root / NAME)
    found = group.get("attributes") if isinstance(group, dict) else None
    if not isinstance(found, dict) or group.get("zarr_format") != 3 or group.get("node_type") != "group":
        raise StoreError(f"expected a Zarr group of format 3 with attributes in {root / NAME}; got something else")
    return found


def agrees(part: Any, sha256: Any) -> bool:
    """Return whether a part of a header has this SHA-256."""
    try:
        return isinstance(part, dict) and digest(part) == sha256
    except (ValueError, RecursionError):
        # A number beyond the floats, half a character, brackets without end: what JSON may hold, and we never wrote.
        return False


def check_attrs(attrs: Mapping[str, Any]) -> None:
    """Do nothing if attributes are text and finite numbers. Raises StoreError."""
    for name, value in attrs.items():
        if not isinstance(name, str) or not isinstance(value, str | int | float) or not _is_finite(value):
            raise StoreError(
                f"expected text or a finite number as attribute {name!r}; got {str(value)[:60]}: use JSON text"
            )


def _is_finite(value: Attribute) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _no_constant(text: str) -> float:
    raise StoreError(f"expected finite numbers; got {text}")
