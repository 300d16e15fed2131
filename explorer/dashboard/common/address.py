"""Address: a page's state as a query string, by a table that says how each key is read, written and left out."""

import math
import re
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, quote

from explorer.errors import StateError

LONGEST = 8000
"""Characters of an address that are read."""
UNQUOTED = "~_.,-@"
"""Signs that addresses are written with as they are."""
MODES = ("light", "dark", "projector")
"""How every page may look."""
_NUMBER = re.compile(r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf(inity)?)\s*", re.ASCII | re.IGNORECASE)


def written(value: object) -> str:
    """Return a value as an address has it: names with commas between, "none" for none of them; numbers exactly."""
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return repr(value) if isinstance(value, float) else str(value)


@dataclass(frozen=True)
class Field:
    """One key of an address."""

    key: str
    default: Any
    """Left out of the address, and kept where what is asked for cannot be taken."""
    read: Callable[[str], Any]
    """Raises StateError, with a sentence, for a text that it cannot take."""
    write: Callable[[Any], str] = written
    instead: str = ""
    """What a note calls the default; "" for the default as it is written."""

    def note(self, error: StateError) -> str:
        """Return the sentence that says why the default is shown."""
        return f"{self.key}: {error}; showing {self.instead or self.write(self.default) or 'none'} instead."


def query_of(sent: object) -> str:
    """Return the address in what the browser sent, whatever that is: {"query": "..."}; "" where there is none."""
    query = sent.get("query") if isinstance(sent, dict) else None
    return query if isinstance(query, str) else ""


def keys_of(query: str) -> dict[str, str]:
    """Return key -> text of an address, with or without "?"; of a key that comes twice the last."""
    return dict(parse_qsl(query.removeprefix("?")[:LONGEST], keep_blank_values=True, errors="replace"))


def parse(fields: Sequence[Field], given: Mapping[str, str]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Read the keys of an address into values that are safe to show, and say what was replaced.

    Returns:
        (values, notes): every field's value; what cannot be taken keeps its default and one note in plain words says
        so. Unknown keys are ignored without a note, so that links of later versions still open.
    """
    values, notes = {field.key: field.default for field in fields}, []
    for field in fields:
        if field.key not in given:
            continue
        try:
            values[field.key] = field.read(given[field.key])
        except StateError as error:
            notes.append(field.note(error))
    return values, tuple(notes)


def query(fields: Sequence[Field], values: Mapping[str, Any], always: Collection[str] = ()) -> str:
    """Return the address of values, without "?", in the order of the fields: what differs from its default, and the
    keys that are `always` there."""
    return "&".join(
        f"{field.key}={quote(field.write(values[field.key]), safe=UNQUOTED)}"
        for field in fields
        if field.key in always or values[field.key] != field.default
    )


def read_number(text: str, low: float, high: float) -> float:
    """Read a finite number in [low, high]. Raises StateError."""
    # Python would also take 1_0 for 10, and digits of other scripts.
    if not _NUMBER.fullmatch(text):
        raise StateError(f"a number was expected, {short(text)} came")
    value = float(text)
    if not math.isfinite(value):
        raise StateError(f"a finite number was expected, {short(text)} came")
    if not low <= value <= high:
        raise StateError(f"a number from {low:g} to {high:g} was expected, {value:g} came")
    return value


def between(low: float, high: float) -> Callable[[str], float]:
    """Return a reader of a finite number in [low, high]; it raises StateError."""
    return lambda text: read_number(text, low, high)


def whole(low: float, high: float) -> Callable[[str], int]:
    """Return a reader of a whole number in [low, high]; it raises StateError."""

    def read(text: str) -> int:
        value = read_number(text, low, high)
        if value != int(value):
            raise StateError(f"a whole number was expected, {short(text)} came")
        return int(value)

    return read


def one_of(names: Collection[str]) -> Callable[[str], str]:
    """Return a reader of one of the names; it raises StateError for any other text."""

    def read(text: str) -> str:
        if text not in names:
            raise StateError(f"one of {', '.join(names) or 'none'} was expected, {short(text)} came")
        return text

    return read


def some_of(names: Collection[str]) -> Callable[[str], tuple[str, ...]]:
    """Return a reader of names with commas between, "none" for none, into the order of `names`; raises StateError."""

    def read(text: str) -> tuple[str, ...]:
        chosen = [] if text == "none" else [one_of(names)(name) for name in text.split(",") if name]
        return tuple(name for name in names if name in chosen)

    return read


def short(text: str) -> str:
    """Return a text of others for a sentence: quoted, and cut where it is long."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
