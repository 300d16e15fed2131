"""Keywords: whether what a store says fits the signature of the function that it names."""

import inspect
from collections.abc import Callable, Mapping
from typing import Any

from explorer.signature import fits, hints_of, told

_PLAIN = (bool, int, float, str, type(None))


def returns(function: Callable[..., Any], kind: type) -> bool:
    """Return whether a function is annotated as returning this type."""
    return inspect.isfunction(function) and hints_of(function).get("return") is kind


def refuse_keywords(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse keywords that a function does not take, and values that are not plain or of another type than its
    annotations say.

    Raises:
        TypeError: naming the keyword.
    """
    inspect.signature(function).bind(**given)
    hints = hints_of(function)
    for name, value in given.items():
        entries = value if isinstance(value, list) else [value]
        if not all(isinstance(each, _PLAIN) for each in entries):
            raise TypeError(f"expected {name} to be a number, a text or a list of such; got {value!r:.60}")
        if name in hints and not fits(value, hints[name]):
            raise TypeError(f"expected {name} to be {told(hints[name])}; got {value!r:.60}")
