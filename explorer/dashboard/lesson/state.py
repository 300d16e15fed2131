"""State: what the page shows, and its address. The query string is the only input a callback takes."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from explorer.dashboard.common import address
from explorer.dashboard.common.address import MODES, Field, between, one_of, some_of, whole
from explorer.dashboard.lesson import readers
from explorer.dashboard.lesson.readers import Point
from explorer.descent import OPTIMIZERS, SCHEDULES
from explorer.study import Parameter, Study

OWN = "own"
"""The target set made of the learner's own points."""
Catalogue = Mapping[str, Study]


@dataclass(frozen=True)
class State:
    """One view of the page; every field is a query key (of `parameters` every name) and its default is left out of the
    address. The catalogue decides the first three and the parameters: `start`."""

    study: str
    target: str
    loss: str
    parameters: tuple[tuple[str, float], ...] = ()
    """(name, value) of every number that a loss of the catalogue takes."""
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

    def values(self) -> dict[str, Any]:
        """Return key -> value, by the address's keys, in their order."""
        named = {name: getattr(self, name) for name in self.__dataclass_fields__}
        first = {name: named.pop(name) for name in ("study", "target", "loss")}
        return first | dict(named.pop("parameters")) | named

    def only(self, *names: str) -> "State":
        """Return study, target set, loss and these fields, all others as they are by default: a cache's key."""
        return State(self.study, self.target, self.loss, **{name: getattr(self, name) for name in names})


def start(studies: Catalogue) -> State:
    """Return what an address without keys shows: the catalogue's first study, target set and loss."""
    return _state({field.key: field.default for field in fields_of(studies)}, studies)


def query(state: State, studies: Catalogue) -> str:
    """Return the address, without "?": only what differs from the default, in a fixed order.

    With an activity, target and loss are always written: without them it stands for the scene that it sets.
    """
    return address.query(fields_of(studies), state.values(), ("target", "loss") if state.activity else ())


def parse(query: str, studies: Catalogue) -> tuple[State, tuple[str, ...]]:
    """Read an address (with or without "?") into a state that is safe to show, and say what was replaced.

    Returns:
        (state, notes): see `address.parse`.
    """
    given = address.keys_of(query)
    name = given.get("study", "") if given.get("study") in studies else next(iter(studies))
    study = studies[name]
    if not given.keys() & {"target", "loss"}:
        given = _setup(given.get("activity", ""), study) | given
    # A study without target sets has no loss to choose: those keys say nothing there.
    unheard = () if study.targets else ("target", "loss", "points")
    values, notes = address.parse(
        fields_of(studies, name), {key: text for key, text in given.items() if key not in unheard}
    )
    return _consistent(_state(values, studies), study, list(notes))


def parameters_of(studies: Catalogue) -> tuple[Parameter, ...]:
    """Return the numbers that the losses of a catalogue take, each name once: the first of it."""
    every = (each for study in studies.values() for taken in study.parameters.values() for each in taken)
    named: dict[str, Parameter] = {}
    for each in every:
        named.setdefault(each.name, each)
    return tuple(named.values())


def fields_of(studies: Catalogue, name: str | None = None) -> tuple[Field, ...]:
    """Return the table of the address, for one of the studies; None: for the first."""
    name = next(iter(studies)) if name is None else name
    study, parameters = studies[name], parameters_of(studies)
    hideable = (*readers.HIDEABLE, *(each.name for each in parameters))
    return (
        Field("study", name, one_of(tuple(studies))),
        Field("target", _first("targets", study, studies), one_of((*study.targets, *([OWN] if study.own else [])))),
        Field("loss", _first("losses", study, studies), one_of((*study.losses, *study.hidden))),
        *(Field(each.name, each.default, between(*each.limits)) for each in parameters),
        Field("w", State.w, between(*readers.THETA)),
        Field("b", State.b, between(*readers.THETA)),
        Field("n", State.n, whole(*readers.RESOLUTION)),
        Field("points", State.points, readers.read_points, readers.points_written),
        Field("view", State.view, one_of(readers.VIEWS)),
        Field("layers", State.layers, some_of(readers.LAYERS)),
        Field("hide", State.hide, some_of(hideable)),
        Field("mode", State.mode, some_of(MODES)),
        Field("weight", State.weight, between(*readers.WEIGHT)),
        Field("lr", State.lr, between(*readers.RATE)),
        Field("opt", State.opt, readers.optimizers((*OPTIMIZERS, *study.optimizers))),
        Field("steps", State.steps, whole(*readers.STEPS)),
        Field("batch", State.batch, whole(*readers.BATCH)),
        Field("seed", State.seed, whole(*readers.SEED)),
        Field("schedule", State.schedule, one_of(tuple(SCHEDULES))),
        Field("at", State.at, whole(*readers.AT)),
        Field("window", State.window, readers.read_window, readers.window_written),
        Field("basin", State.basin, one_of(("", *readers.BASINS))),
        Field("show", State.show, one_of(readers.SHOWN)),
        Field("across", State.across, one_of(readers.ACROSS)),
        Field("activity", State.activity, one_of(tuple(each.name for each in study.activities))),
    )


def _first(kind: str, study: Study, studies: Catalogue) -> str:
    """Return the name of the catalogue's first target set or loss; where a study lacks that one, of its own first."""
    own = getattr(study, kind)
    first: str = next((name for each in studies.values() for name in getattr(each, kind)), "")
    return first if first in own else next(iter(own), first)


def _state(values: Mapping[str, Any], studies: Catalogue) -> State:
    names = [each.name for each in parameters_of(studies)]
    rest = {key: value for key, value in values.items() if key not in names}
    return State(parameters=tuple((name, values[name]) for name in names), **rest)


def _setup(activity: str, study: Study) -> dict[str, str]:
    """Return the scene that an activity sets."""
    return next((dict(each.setup) for each in study.activities if each.name == activity), {})


def _consistent(state: State, study: Study, notes: list[str]) -> tuple[State, tuple[str, ...]]:
    if state.target == OWN and not state.points:
        first = next(iter(study.targets))
        notes.append(f"target: your own points were asked for, but none came; showing {first} instead.")
        state = replace(state, target=first)
    elif state.target != OWN and state.points:
        notes.append("points: they belong to target=own; shown without them instead.")
        state = replace(state, points=())
    return state, tuple(notes)
