"""The header of format 1: a digest over the spec and one over the anatomy; statuses may be a field."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from explorer.errors import StoreError
from explorer.store.header import NAME, Header, agrees, check_attrs
from explorer.store.layout import Layout
from explorer.store.schema import INDEX, STATUS, Anatomy

VERSION = 1
DONE = "done"
_INDEX_CHUNK = 1 << 20
_STATUS = {"name": STATUS, "dtype": "int8", "extra": []}


def header_of(found: Mapping[str, Any], root: Path) -> tuple[Header, dict[str, Layout]]:
    """Return the header that the attributes of a store's group hold, and its arrays.

    Raises:
        StoreError: it is damaged.
    """
    for part in ("spec", "anatomy"):
        if not agrees(found.get(part), found.get(f"{part}_sha256")):
            raise StoreError(f"expected {part} and its SHA-256 to agree in {root / NAME}; they do not: it is damaged")
    if not isinstance(found.get("attrs"), dict):
        raise StoreError(f"expected attributes in {root / NAME}; got none: it is damaged")
    check_attrs(found["attrs"])
    described = found["anatomy"]
    fields = described.get("fields")
    has_status = isinstance(fields, list) and _STATUS in fields
    others = [field for field in fields if field != _STATUS] if has_status else fields
    anatomy = Anatomy.of({**described, "fields": others, "capacity": 1})
    return Header(found["spec"], anatomy, found["attrs"]), anatomy.constants | _chunked(anatomy, has_status)


def _chunked(anatomy: Anatomy, has_status: bool) -> dict[str, Layout]:
    """Return the arrays that lie in the order of visits: all points of one after the other, and a flag of a chunk."""
    points, room = anatomy.points, anatomy.chunk
    found = {
        name: Layout((points, *layout.shape[1:]), layout.chunk, layout.dtype, layout.names, layout.empty)
        for name, layout in anatomy.chunked.items()
        if name in anatomy.fields
    }
    if has_status:
        found[STATUS] = Layout((points,), (room,), "int8", ("point",), 0)
    return found | {
        DONE: Layout((-(-points // room),), (1,), "uint8", ("chunk",), 0),
        INDEX: Layout((points,), (min(points, _INDEX_CHUNK),), "int64", ("point",), 0),
    }
