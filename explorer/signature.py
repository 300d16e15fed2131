"""Signature: what a function's annotations say of its arguments, told to whoever calls it with something else."""

import collections.abc
import errno
import functools
import inspect
import numbers
import os
import types
import typing
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Literal, ParamSpec, TypeVar, Union

P = ParamSpec("P")
T = TypeVar("T")
_LOOKED_AT = 64
"""Entries of a long sequence or mapping that are looked at: the first tell what it holds."""


def checked(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function, made to refuse arguments of other types than it is annotated with, before anything is done.

    Raises:
        TypeError: naming the argument, what was expected, and what came.
    """
    return checked_but()(function)


def checked_but(*names: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Return `checked` that leaves some arguments to the function, which has a better sentence for them."""

    def decorated(function: Callable[P, T]) -> Callable[P, T]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def checking(*given: P.args, **named: P.kwargs) -> T:
            try:
                arguments = signature.bind(*given, **named).arguments
            except TypeError:
                # Python says it as well.
                return function(*given, **named)
            hints = hints_of(function)
            for name in arguments.keys() & hints.keys() - {*names}:
                _refuse(signature.parameters[name], arguments[name], hints[name])
            return function(*given, **named)

        return checking

    return decorated


def _refuse(parameter: inspect.Parameter, value: Any, hint: Any) -> None:
    several = parameter.kind in (inspect.Parameter.VAR_POSITIONAL, inspect.Parameter.VAR_KEYWORD)
    each = list(value.values()) if isinstance(value, dict) else value
    for one in each if several else [value]:
        if not fits(one, hint):
            raise TypeError(f"expected {parameter.name} to be {told(hint)}; got {shown(one)}")
        if isinstance(one, (str, Path)) and _names_a_place(hint) and not _can_be(Path(one)):
            raise ValueError(f"expected {parameter.name} to be a name that a file can have; got {shown(one)}")


def _names_a_place(hint: Any) -> bool:
    kinds = [typing.get_origin(each) or each for each in (typing.get_args(hint) or (hint,))]
    return Path in kinds or os.PathLike in kinds


def _can_be(path: Path) -> bool:
    try:
        path.lstat()
    except ValueError:
        # A null byte.
        return False
    except OSError as error:
        return error.errno != errno.ENAMETOOLONG
    return True


def shown(value: Any) -> str:
    """Return a value with its type, in a few words."""
    text = " ".join(repr(value).split())
    short = text if len(text) <= 60 else f"{text[:57]}..."
    return short if value is None or isinstance(value, type) else f"{short} ({type(value).__name__})"


@functools.cache
def hints_of(function: Callable[..., Any]) -> Mapping[str, Any]:
    """Return the annotations of a function, but for those that cannot be read, such as of what is not imported."""
    found: dict[str, Any] = {}
    for name, annotation in getattr(function, "__annotations__", {}).items():
        alone = types.SimpleNamespace(__annotations__={name: annotation})
        # Whatever an annotation raises: it then says nothing.
        with suppress(Exception):
            found |= typing.get_type_hints(alone, getattr(function, "__globals__", {}))
    return found


def fits(value: Any, hint: Any) -> bool:
    """Return whether a value is of the type that an annotation names; what cannot be looked at fits."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in inner)
    if origin is Literal:
        # Which of them, the function itself knows to say.
        return any(type(value) is type(each) for each in inner)
    if origin is type:
        return isinstance(value, type)
    if hint is None:
        return value is None
    return _fits_class(value, origin or hint, inner)


def _fits_class(value: Any, kind: Any, inner: tuple[Any, ...]) -> bool:
    if not isinstance(kind, type) or (_is_protocol(kind) and not getattr(kind, "_is_runtime_protocol", False)):
        return True
    if kind in (int, float):
        # True is a number to Python alone; NumPy's numbers are numbers.
        right = numbers.Integral if kind is int else numbers.Real
        return isinstance(value, right) and not isinstance(value, bool)
    if kind is collections.abc.Callable:
        return callable(value)
    if not isinstance(value, kind):
        return False
    if kind in (Sequence, Iterable, list, tuple, set, frozenset) and isinstance(value, (str, bytes)):
        # Its characters are hardly what is meant.
        return False
    return _holds(value, inner)


def _holds(value: Any, inner: tuple[Any, ...]) -> bool:
    """Return whether the entries of a sequence or mapping fit; those of what can be gone through once are not looked
    at."""
    if isinstance(value, Mapping) and len(inner) == 2:
        first = list(value.items())[:_LOOKED_AT]
        return all(fits(key, inner[0]) and fits(each, inner[1]) for key, each in first)
    if isinstance(value, tuple) and inner and inner[-1] is not Ellipsis and len(inner) > 1:
        return len(value) == len(inner) and all(fits(each, hint) for each, hint in zip(value, inner, strict=True))
    if isinstance(value, (list, tuple)) and inner:
        return all(fits(each, inner[0]) for each in value[:_LOOKED_AT])
    return True


def _is_protocol(kind: type) -> bool:
    return bool(getattr(kind, "_is_protocol", False))


_WORDS: Mapping[Any, str] = {
    int: "a whole number", float: "a number", str: "a text", bool: "True or False", types.NoneType: "None",
}  # fmt: skip


_NAMED = ("torch", "numpy", "xarray")
"""Packages whose types are told with their names."""


def told(hint: Any) -> str:
    """Return an annotation in words."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return " or ".join(dict.fromkeys(told(each) for each in inner))
    if origin is Literal:
        return " or ".join(repr(each) for each in inner)
    kind = origin or hint
    if kind in _WORDS:
        return _WORDS[kind]
    if kind is collections.abc.Callable:
        return "a function"
    name = kind.__name__ if isinstance(kind, type) else str(kind).replace("typing.", "")
    package = getattr(kind, "__module__", "").partition(".")[0]
    name = f"{package}.{name}" if package in _NAMED else name
    article = "an" if name[0] in "AEIOU" else "a"
    held = [each for each in inner if each is not Ellipsis and not isinstance(each, TypeVar)]
    return f"{article} {name} of {' and '.join(dict.fromkeys(map(told, held)))}" if held else f"{article} {name}"
