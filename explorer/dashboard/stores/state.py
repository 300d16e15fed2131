"""State of the page /slice, and its address. The query string is the only input a callback takes."""

from dataclasses import dataclass
from typing import Any

from explorer.dashboard.common import address
from explorer.dashboard.common.address import MODES, Field, between, one_of, short, some_of, whole
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
        return {key: getattr(self, name) for key, name in KEYS.items()}

    def query(self) -> str:
        """Return the address, without "?": only what differs from the default, in a fixed order."""
        return address.query(FIELDS, self.values())


def parse(query: str) -> tuple[State, tuple[str, ...]]:
    """Read an address (with or without "?") into a state that is safe to show, and say what was replaced.

    Returns:
        (state, notes): see `address.parse`.
    """
    values, notes = address.parse(FIELDS, address.keys_of(query))
    return State(**{KEYS[key]: value for key, value in values.items()}), notes


def _name(text: str) -> str:
    if text and not NAME.fullmatch(text):
        raise StateError(f"a store's name (letters, digits, dot, dash, underscore) was expected, {short(text)} came")
    return text


def _quantity(text: str) -> str:
    if not 0 < len(text) <= LONGEST_NAME or not text.isprintable():
        raise StateError(f"the name of a quantity was expected, {short(text)} came")
    return text


def _run(text: str) -> str:
    if len(text) > LONGEST_RUN or not text.isprintable():
        raise StateError(f"the name of a run was expected, {short(text)} came")
    return text


FIELDS = (
    Field("store", State.store, _name),
    Field("with", State.beside, _name),
    Field("quantity", State.quantity, _quantity),
    Field("view", State.view, one_of(VIEWS)),
    Field("scale", State.scale, one_of(SCALES)),
    Field("seed", State.seed, whole(*SEED), instead="the first"),
    Field("a", State.a, between(*COORDINATE)),
    Field("b", State.b, between(*COORDINATE)),
    Field("run", State.run, _run),
    Field("at", State.at, whole(*STEP)),
    Field("layers", State.layers, some_of(LAYERS)),
    Field("hide", State.hide, some_of(HIDEABLE)),
    Field("mode", State.mode, some_of(MODES)),
)
KEYS = {field.key: "beside" if field.key == "with" else field.key for field in FIELDS}
"""Key of the address -> field of the state: "with" is a word of Python's own."""
