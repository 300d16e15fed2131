"""Notes: the attributes of a landscape that hold JSON, which in a stranger's store may be anything."""

import json
from collections.abc import Mapping
from typing import Any


def words_in(attrs: Mapping[Any, Any], name: str) -> list[str]:
    """Return the list of texts that an attribute holds; none where it holds something else."""
    return [each for each in _list_in(attrs, name) if isinstance(each, str)]


def records_in(attrs: Mapping[Any, Any], name: str) -> list[dict[str, Any]]:
    """Return the list of records that an attribute holds; none where it holds something else."""
    return [each for each in _list_in(attrs, name) if isinstance(each, dict)]


def text_of(attrs: Mapping[Any, Any]) -> str:
    """Return all attributes as one JSON text."""
    return json.dumps({str(name): value for name, value in attrs.items()}, default=str)


def _list_in(attrs: Mapping[Any, Any], name: str) -> list[Any]:
    try:
        found = json.loads(str(attrs.get(name, "[]")))
    except (ValueError, RecursionError):
        return []
    return found if isinstance(found, list) else []
