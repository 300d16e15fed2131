"""State of the page /slice, and its address. The query string is the only input a callback takes."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, cast
from urllib.parse import parse_qsl, quote

from explorer.dashboard.lesson.state import MODES, number, one_of, short, some_of
from explorer.dashboard.stores.folder import NAME
from explorer.errors import StateError

COORDINATE = (-1e6, 1e6)
SEED = (0, 2**53)
STEP = (-1, 2**53)
VIEWS = ("map", "3d", "cuts")
SCALES = ("auto", "log", "linear")
SHOWN = ("contours", "checkpoints", "arrow")
LAYERS = (*SHOWN, "points")
"""Those that are shown unless the address says otherwise; and all."""
HIDEABLE = ("stores", "quantity", "scale", "view", "layers", "training", "point", "cuts", "report", "checkpoints",
            "limits", "provenance", "code", "downloads")  # fmt: skip
LONGEST_NAME = 80
"""Characters of a quantity's name."""
LONGEST_RUN = 60


@dataclass(frozen=True)
class State:
    """One view of the page; every field is a query key and its default is left out of the address."""

    store: str = ""
    beside: str = ""
    """The store beside it; the key is "with"."""
    quantity: str = "loss"
    view: str = "map"
    scale: str = "auto"
    seed: int = -1
    """Which of several planes; -1 is the first."""
    a: float = 0.0
    b: float = 0.0
    run: str = ""
    """Which of several trajectories; "" is the first."""
    at: int = -1
    """The step of it that is looked at; -1 is the last."""
    layers: tuple[str, ...] = SHOWN
    hide: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()

    def values(self) -> dict[str, Any]:
        """Return key -> value, by the address's keys."""
        return {key: getattr(self, field) for key, field in FIELDS.items()}

    def query(self) -> str:
        """Return the address, without "?": only what differs from the default, in a fixed order."""
        default = State()
        pairs = [(key, getattr(self, field)) for key, field in FIELDS.items()
                 if getattr(self, field) != getattr(default, field)]  # fmt: skip
        return "&".join(f"{key}={quote(_write(value), safe='~_.,-')}" for key, value in pairs)


FIELDS = {("with" if field == "beside" else field): field for field in State.__dataclass_fields__}
"""Key of the address -> field of the state: "with" is a word of Python's own."""


def _write(value: object) -> str:
    if isinstance(value, tuple):
        return ",".join(value) or "none"
    return repr(value) if isinstance(value, float) else str(value)


def parse(query: str) -> tuple[State, tuple[str, ...]]:
    """Read an address (with or without "?") into a state that is safe to show, and say what was replaced.

    Returns:
        (state, notes): a value that cannot be taken keeps its default and one note in plain words says so.
        Unknown keys are ignored without a note, so that links of later versions still open.
    """
    given = dict(parse_qsl(query.removeprefix("?")[:8000], keep_blank_values=True, errors="replace"))
    state, notes = State(), []
    for key, read in _READERS.items():
        if key not in given:
            continue
        try:
            state = replace(state, **{FIELDS[key]: cast(Any, read(given[key]))})
        except StateError as error:
            shown = "the first" if key == "seed" else _write(getattr(state, FIELDS[key])) or "none"
            notes.append(f"{key}: {error}; showing {shown} instead.")
    return state, tuple(notes)


def _name(text: str) -> str:
    if text and not NAME.fullmatch(text):
        raise StateError(f"a store's name (letters, digits, dot, dash, underscore) was expected, {short(text)} came")
    return text


def _quantity(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise StateError(f"the name of a quantity was expected, {short(text)} came")
    return text


def _coordinate(text: str) -> float:
    return number(text, *COORDINATE)


def _run(text: str) -> str:
    if len(text) > LONGEST_RUN or not text.isprintable():
        raise StateError(f"the name of a run was expected, {short(text)} came")
    return text


def _seed(text: str) -> int:
    return _whole(text, *SEED)


def _step(text: str) -> int:
    return _whole(text, *STEP)


def _whole(text: str, low: int, high: int) -> int:
    value = number(text, low, high)
    if value != int(value):
        raise StateError(f"a whole number was expected, {short(text)} came")
    return int(value)


_READERS: dict[str, Callable[[str], object]] = {
    "store": _name,
    "with": _name,
    "quantity": _quantity,
    "view": one_of(VIEWS),
    "scale": one_of(SCALES),
    "seed": _seed,
    "a": _coordinate,
    "b": _coordinate,
    "run": _run,
    "at": _step,
    "layers": some_of(LAYERS),
    "hide": some_of(HIDEABLE),
    "mode": some_of(MODES),
}
