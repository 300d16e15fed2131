"""Spec: the JSON that says which sweep a store holds, its hash, and how two of them differ."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

_MISSING = object()
_LONGEST = 60


def canonical(value: Any) -> str:
    """Return the one JSON text of a value: sorted keys, no spaces, shortest floats.

    Raises:
        ValueError, TypeError: NaN, infinity, or what JSON does not know.
    """
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)


def digest(value: Any) -> str:
    """Return the SHA-256 of the canonical JSON text."""
    return hashlib.sha256(canonical(value).encode()).hexdigest()


def plain(value: Mapping[str, Any]) -> dict[str, Any]:
    """Return the value as JSON gives it back: tuples become lists."""
    found: dict[str, Any] = json.loads(canonical(value))
    return found


def differences(stored: Mapping[str, Any], asked: Mapping[str, Any]) -> Iterator[str]:
    """Yield one line for each field that differs: its dotted name, the stored and the asked value."""
    first, second = dict(_leaves(plain(stored))), dict(_leaves(plain(asked)))
    for name in sorted(first.keys() | second.keys()):
        old, new = first.get(name, _MISSING), second.get(name, _MISSING)
        # 1, 1.0 and true are equal in Python, and different words.
        if old is _MISSING or new is _MISSING or canonical(old) != canonical(new):
            yield f"{name}: the store has {_shown(old)}, asked for {_shown(new)}"


def _leaves(value: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    for key, inner in value.items():
        # A list of planes is looked into, a list of numbers is one word.
        if isinstance(inner, list) and any(isinstance(each, dict) for each in inner):
            inner = {str(number): each for number, each in enumerate(inner)}
        # An empty one has nothing that could differ.
        if isinstance(inner, dict):
            yield from _leaves(inner, f"{before}{key}.")
        else:
            yield f"{before}{key}", inner


def _shown(value: Any) -> str:
    if value is _MISSING:
        return "nothing"
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
