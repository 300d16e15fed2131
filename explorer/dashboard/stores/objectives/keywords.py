"""Keywords: whether what a store says fits the signature of the function that it names."""

import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from types import NoneType, UnionType
from typing import Any, Literal, Union

_PLAIN = (bool, int, float, str, NoneType)


def returns(function: Callable[..., Any], kind: type) -> bool:
    """Return whether a function is annotated as returning this type."""
    return inspect.isfunction(function) and _hints(function).get("return") is kind


def refuse_keywords(function: Callable[..., Any], given: Mapping[str, Any]) -> None:
    """Refuse keywords that a function does not take, and values that are not plain or of another type than its
    annotations say.

    Raises:
        TypeError: naming the keyword.
    """
    inspect.signature(function).bind(**given)
    hints = _hints(function)
    for name, value in given.items():
        entries = value if isinstance(value, list) else [value]
        if not all(isinstance(each, _PLAIN) for each in entries):
            raise TypeError(f"expected {name} to be a number, a text or a list of such; got {value!r:.60}")
        if name in hints and not _fits(value, hints[name]):
            raise TypeError(f"expected {name} to be {_told(hints[name])}; got {value!r:.60}")


def _hints(function: Callable[..., Any]) -> dict[str, Any]:
    try:
        return typing.get_type_hints(function)
    # Whatever an annotation of the user's raises: then it says nothing.
    except Exception:
        return {}


def _fits(value: Any, hint: Any) -> bool:
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, UnionType):
        return any(_fits(value, each) for each in inner)
    if origin is Literal:
        return any(value == each and type(value) is type(each) for each in inner)
    if isinstance(value, list):
        element = inner[0] if inner else Any
        return (origin or hint) in (list, tuple, Sequence) and all(_fits(each, element) for each in value)
    if hint is None or hint is NoneType:
        return value is None
    # True is a number to Python, and no number to anybody else.
    return type(value) is hint or (hint is float and type(value) is int)


def _told(hint: Any) -> str:
    return hint.__name__ if isinstance(hint, type) else str(hint).replace("typing.", "")
