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

FORMAT, VERSION = "landscape-explorer", 1
NAME = "zarr.json"
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
        _check_attrs(self.attrs)
        anatomy = self.anatomy.describe()
        attributes = {
            "format": FORMAT,
            "format_version": VERSION,
            "spec": self.spec,
            "spec_sha256": digest(self.spec),
            "anatomy": anatomy,
            "anatomy_sha256": digest(anatomy),
            "attrs": dict(self.attrs),
        }
        text = canonical({"zarr_format": 3, "node_type": "group", "attributes": attributes}).encode()
        if len(text) > _MOST_BYTES:
            raise StoreError(
                f"expected a header of at most {_MOST_BYTES} bytes; got {len(text)}: shorten the attributes"
            )
        write_whole(root / NAME, text)


def read_header(root: Path) -> Header:
    """Return the header of a store.

    Raises:
        StoreError: there is none, or it is another program's, a newer version's, or damaged.
    """
    found = _attributes(root)
    if found.get("format") != FORMAT:
        raise StoreError(f"expected a store of {FORMAT}; {root} is a Zarr group of something else")
    if found.get("format_version") != VERSION:
        raise StoreError(
            f"expected a store of format version {VERSION}; {root} has {str(found.get('format_version'))[:20]}: "
            "open it with the version of explorer that wrote it, or run the sweep again"
        )
    for part in ("spec", "anatomy"):
        if not _agrees(found.get(part), found.get(f"{part}_sha256")):
            raise StoreError(f"expected {part} and its SHA-256 to agree in {root / NAME}; they do not: it is damaged")
    if not isinstance(found.get("attrs"), dict):
        raise StoreError(f"expected attributes in {root / NAME}; got none: it is damaged")
    _check_attrs(found["attrs"])
    return Header(found["spec"], Anatomy.of(found["anatomy"]), found["attrs"])


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


def _attributes(root: Path) -> Mapping[str, Any]:
    if not root.is_dir():
        got = f"{root} is a file" if root.exists() else f"there is none at {root}"
        raise StoreError(f"expected a store, which is a folder; {got}")
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


def _agrees(part: Any, sha256: Any) -> bool:
    try:
        return isinstance(part, dict) and digest(part) == sha256
    except ValueError:
        # A number beyond the floats, half a Unicode character: what JSON may hold, and we never wrote.
        return False


def _check_attrs(attrs: Mapping[str, Any]) -> None:
    for name, value in attrs.items():
        if not isinstance(name, str) or not isinstance(value, str | int | float) or not _is_finite(value):
            raise StoreError(
                f"expected text or a finite number as attribute {name!r}; got {str(value)[:60]}: use JSON text"
            )


def _is_finite(value: Attribute) -> bool:
    return not isinstance(value, float) or math.isfinite(value)


def _no_constant(text: str) -> float:
    raise StoreError(f"expected finite numbers; got {text}")
