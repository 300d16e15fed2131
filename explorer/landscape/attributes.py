"""Attributes: the JSON text among them, read by one rule.

A landscape may come from a stranger's store or file, whose attributes may hold anything: what is not as agreed is left
out, not believed, and nothing here raises.
"""

import json
from collections.abc import Mapping
from typing import Any, TypeVar, cast, get_args, get_origin

import numpy as np

Attrs = Mapping[Any, Any]
T = TypeVar("T")


def nested(attrs: Attrs, name: str, expected: type[T]) -> T:
    """Return an attribute that holds JSON text; empty where it is missing or something else.

    Args:
        attrs: of a landscape or a store.
        name: of the attribute.
        expected: `list`, `dict`, or one of these with the type of its entries, for example `list[str]`; entries of
            other types are left out.
    """
    found = agreed(parsed(attrs.get(name)), expected)
    empty: T = (get_origin(expected) or expected)()
    return empty if found is None else found


def parsed(text: object) -> Any:
    """Return what a JSON text stands for; None where it is none."""
    try:
        return json.loads(text) if isinstance(text, str) else None
    except (ValueError, RecursionError):
        return None


def agreed(value: object, expected: type[T]) -> T | None:
    """Return what of a parsed value is of a type as for `nested`, or `float`, `str`; None where it is another."""
    kind, entry = get_origin(expected) or expected, get_args(expected)
    found: Any = None
    if kind is float:
        found = as_number(value)
    elif isinstance(value, kind) and not isinstance(value, bool):
        found = _entries(value, entry[-1]) if entry else value
    return cast("T | None", found)


def _entries(value: Any, expected: Any) -> Any:
    if expected is Any:
        return value
    if isinstance(value, dict):
        kept = {name: agreed(each, expected) for name, each in value.items()}
        return {name: each for name, each in kept.items() if each is not None}
    return [each for each in (agreed(each, expected) for each in value) if each is not None]


def as_number(value: object) -> float | None:
    """Return a number, which may be NaN or infinite; None for anything else, truth values and texts among them."""
    if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
        return None
    try:
        return float(value)
    except OverflowError:
        return None


def text_of(attrs: Attrs) -> str:
    """Return all attributes as one JSON text."""
    return json.dumps({str(name): value for name, value in attrs.items()}, default=str)
