"""State: what the page shows, and its address. The query string is the only input a callback takes."""

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, cast
from urllib.parse import parse_qsl, quote

import torch
from torch import Tensor

from explorer.descent import OPTIMIZERS, SCHEDULES
from explorer.errors import StateError
from explorer.study import Study, TargetSet

OWN = "own"
"""The target set made of the learner's own points."""
MOST_POINTS = 40
RESOLUTION = (17, 513)
THETA = (-1000.0, 1000.0)
DATA = (-100.0, 100.0)
DELTA = (0.01, 10.0)
RATE = (0.001, 100.0)
MOST_PATHS = 8
STEPS = (1, 5000)
BATCH = (0, 1000)
SEED = (0, 9999)
AT = (-1, 5000)
WIDTH = (1e-9, 2000.0)
"""Of a window, along each axis."""
BASINS = ("gd", "momentum", "rmsprop", "adam")
SHOWN = ("minimum", "loss", "steps", "diverged")
ACROSS = ("starts", "rates")
WEIGHT = (0.01, 1000.0)
VIEWS = ("map", "3d", "compare", "race", "basins")
LAYERS = ("contours", "minima", "pulls", "field", "kinks", "ellipse", "influence")
MODES = ("light", "dark", "projector")
HIDEABLE = ("study", "target", "loss", "delta", "view", "layers", "n", "readout", "step", "losses", "data", "tape",
            "code", "lesson", "downloads", "arrow", "descent", "zoom",
            "basins")  # fmt: skip

Point = tuple[float, float]
_NUMBER = re.compile(r"\s*[+-]?((\d+\.?\d*|\.\d+)(e[+-]?\d+)?|nan|inf(inity)?)\s*", re.ASCII | re.IGNORECASE)


@dataclass(frozen=True)
class State:
    """One view of the page; every field is a query key and its default is left out of the address."""

    study: str = "neuron"
    target: str = "two_points"
    loss: str = "mse"
    delta: float = 0.25
    w: float = -1.5
    b: float = 1.5
    n: int = 161
    points: tuple[Point, ...] = ()
    view: str = "map"
    layers: tuple[str, ...] = ("contours", "minima", "pulls")
    hide: tuple[str, ...] = ()
    mode: tuple[str, ...] = ()
    weight: float = 1.0
    lr: float = 0.5
    opt: tuple[str, ...] = ()
    """Optimizers whose paths are shown, each `name` or `name@rate`; a rate of its own stands over `lr`."""
    steps: int = 200
    batch: int = 0
    """Samples of a mini-batch; 0 takes all."""
    seed: int = 0
    schedule: str = "none"
    at: int = -1
    """The step that the transport stands at; -1 is the end."""
    window: tuple[float, ...] = ()
    """Low and high of w, then of b, of the part that is looked at; () is the target set's own window."""
    basin: str = ""
    """The optimizer of the basin map; "" is the first of BASINS."""
    show: str = "minimum"
    """What the basin map shows of each descent."""
    across: str = "starts"
    """Whether the basin map's second axis is b, or the learning rate."""
    activity: str = ""

    def query(self) -> str:
        """Return the address, without "?": only what differs from the default, in a fixed order.

        With an activity, target and loss are always written: without them it stands for the scene that it sets.
        """
        default = State()
        always = ("target", "loss") if self.activity else ()
        parts = [
            f"{key}={quote(_write(getattr(self, key)), safe='~_.,-@')}"
            for key in KEYS
            if getattr(self, key) != getattr(default, key) or key in always
        ]
        return "&".join(parts)


def _write(value: object) -> str:
    if isinstance(value, tuple):
        if value and isinstance(value[0], tuple):
            return "~".join(f"{x!r}_{y!r}" for x, y in value)
        if value and isinstance(value[0], float):
            return "_".join(map(repr, value))
        return ",".join(value) or "none"
    return repr(value) if isinstance(value, float) else str(value)


def number(text: str, low: float, high: float) -> float:
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


def read_points(text: str) -> tuple[Point, ...]:
    """Read `x_y~x_y~...`. Raises StateError, also for more than 40 points."""
    pairs = [pair for pair in text.split("~") if pair]
    if len(pairs) > MOST_POINTS:
        raise StateError(f"at most {MOST_POINTS} points were expected, {len(pairs)} came")
    return tuple(_point(pair) for pair in pairs)


def _point(pair: str) -> Point:
    x, separator, y = pair.partition("_")
    if not separator:
        raise StateError(f"points as x_y~x_y were expected, {short(pair)} came")
    return number(x, *DATA), number(y, *DATA)


def read_window(text: str) -> tuple[float, ...]:
    """Read `wlow_whigh_blow_bhigh`, or nothing for the target set's own window. Raises StateError."""
    if text in ("", "none"):
        return ()
    ends = [number(part, *THETA) for part in text.split("_")]
    if len(ends) != 4:
        raise StateError(f"a window as wlow_whigh_blow_bhigh was expected, {short(text)} came")
    for width in (ends[1] - ends[0], ends[3] - ends[2]):
        # The ends are rounded for the address.
        if not 0.99 * WIDTH[0] <= width <= WIDTH[1]:
            raise StateError(f"a window from {WIDTH[0]:g} to {WIDTH[1]:g} wide and high was expected, {width:g} came")
    return tuple(ends)


def one_of(names: tuple[str, ...] | Mapping[str, object]) -> Callable[[str], str]:
    """Return a reader of one of the names; it raises StateError for any other text."""

    def read(text: str) -> str:
        if text not in names:
            raise StateError(f"one of {', '.join(names) or 'none'} was expected, {short(text)} came")
        return text

    return read


def some_of(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Return a reader of names with commas between, "none" for none, into the order of `names`; raises StateError."""

    def read(text: str) -> tuple[str, ...]:
        chosen = [] if text == "none" else [one_of(names)(name) for name in text.split(",") if name]
        return tuple(name for name in names if name in chosen)

    return read


def _whole(low: float, high: float) -> Callable[[str], int]:
    def read(text: str) -> int:
        value = number(text, low, high)
        if value != int(value):
            raise StateError(f"a whole number was expected, {short(text)} came")
        return int(value)

    return read


def rated(entry: str) -> tuple[str, float | None]:
    """Return the name and the rate of its own, if it has one, of `name` or `name@rate`. Raises StateError."""
    name, separator, rate = entry.partition("@")
    return name, number(rate, *RATE) if separator else None


def _optimizers(names: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """Return a reader of up to 8 optimizers, each once, with commas between; rates as the script writes them."""

    def one(entry: str) -> str:
        name, rate = rated(entry)
        return one_of(names)(name) + ("" if rate is None else f"@{repr(rate).removesuffix('.0')}")

    def read(text: str) -> tuple[str, ...]:
        chosen = [] if text == "none" else [one(entry) for entry in text.split(",") if entry]
        if len(set(chosen)) > MOST_PATHS:
            raise StateError(f"at most {MOST_PATHS} optimizers were expected, {len(set(chosen))} came")
        return tuple(dict.fromkeys(chosen))

    return read


def _between(low: float, high: float) -> Callable[[str], float]:
    return lambda text: number(text, low, high)


KEYS: tuple[str, ...] = tuple(State.__dataclass_fields__)


def _readers(study: Study, studies: Mapping[str, Study]) -> dict[str, Callable[[str], object]]:
    return {
        "study": one_of(studies),
        "target": one_of({**study.targets, OWN: None} if study.own else study.targets),
        "loss": one_of({**study.losses, **study.hidden}),
        "delta": _between(*DELTA),
        "w": _between(*THETA),
        "b": _between(*THETA),
        "n": _whole(*RESOLUTION),
        "points": read_points,
        "view": one_of(VIEWS),
        "layers": some_of(LAYERS),
        "hide": some_of(HIDEABLE),
        "mode": some_of(MODES),
        "weight": _between(*WEIGHT),
        "lr": _between(*RATE),
        "opt": _optimizers((*OPTIMIZERS, *study.optimizers)),
        "steps": _whole(*STEPS),
        "batch": _whole(*BATCH),
        "seed": _whole(*SEED),
        "schedule": one_of(SCHEDULES),
        "at": _whole(*AT),
        "window": read_window,
        "basin": one_of(("", *BASINS)),
        "show": one_of(SHOWN),
        "across": one_of(ACROSS),
        "activity": one_of(tuple(activity.name for activity in study.activities)),
    }


def parse(query: str, studies: Mapping[str, Study]) -> tuple[State, tuple[str, ...]]:
    """Read an address (with or without "?") into a state that is safe to show, and say what was replaced.

    Returns:
        (state, notes): a value that cannot be taken keeps its default and one note in plain words says so.
        Unknown keys are ignored without a note, so that links of later versions still open.
    """
    given = dict(parse_qsl(query.removeprefix("?")[:8000], keep_blank_values=True, errors="replace"))
    state, notes = _start(given.get("study", ""), studies), []
    study = studies[state.study]
    if not given.keys() & {"target", "loss"}:
        given = _setup(given.get("activity", ""), study) | given
    for key, read in _readers(study, studies).items():
        # A study without target sets has no loss to choose: those keys say nothing there.
        if key not in given or (key in ("target", "loss", "points") and not study.targets):
            continue
        try:
            state = replace(state, **{key: cast(Any, read(given[key]))})
        except StateError as error:
            notes.append(f"{key}: {error}; showing {_write(getattr(state, key)) or 'none'} instead.")
    return _consistent(state, study, notes)


def _start(name: str, studies: Mapping[str, Study]) -> State:
    default = State.study if State.study in studies else next(iter(studies))
    study = studies[name if name in studies else default]
    target = State.target if State.target in study.targets else next(iter(study.targets), State.target)
    loss = State.loss if State.loss in study.losses else next(iter(study.losses), State.loss)
    return State(study=study.name, target=target, loss=loss)


def _setup(activity: str, study: Study) -> dict[str, str]:
    """Return the scene that an activity sets."""
    return next((dict(each.setup) for each in study.activities if each.name == activity), {})


def _consistent(state: State, study: Study, notes: list[str]) -> tuple[State, tuple[str, ...]]:
    if state.target == OWN and not state.points:
        first = next(iter(study.targets), State.target)
        notes.append(f"target: your own points were asked for, but none came; showing {first} instead.")
        state = replace(state, target=first)
    elif state.target != OWN and state.points:
        notes.append("points: they belong to target=own; shown without them instead.")
        state = replace(state, points=())
    return state, tuple(notes)


def target_set(state: State, study: Study) -> TargetSet:
    """Return the target set that the state shows, the learner's own points included."""
    if state.target != OWN or study.own is None:
        return study.targets[state.target]
    return _own(state.points, study.own)


@lru_cache(maxsize=32)
def _own(points: tuple[Point, ...], own: Callable[[Tensor, Tensor], TargetSet]) -> TargetSet:
    """Finding a window that fits takes longer than everything else about a point: once for the same data."""
    x, y = torch.tensor(points, dtype=torch.float64).T
    return own(x, y)


def short(text: str) -> str:
    """Return a text of others for a sentence: quoted, and cut where it is long."""
    return repr(text if len(text) <= 40 else text[:37] + "...")
