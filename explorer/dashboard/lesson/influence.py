"""Influence: what moving a data point does to the minimum of every loss, and what autograd predicts, as plain JSON."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import torch

from explorer.dashboard.lesson.certified_minima import minima
from explorer.dashboard.lesson.objectives import loss_module, objective_of, target_set
from explorer.dashboard.lesson.state import OWN, State
from explorer.descent import influence
from explorer.study import Study, TargetSet

_SAME = 1e-6
_AS_LOW = 1e-9
Place = Sequence[float] | None


@dataclass(frozen=True)
class Move:
    """How theta*, the lowest minimum of one loss, answers a change of the data."""

    loss: str
    outcome: str
    """"moved": to where it can be followed; "overtaken": another minimum is lower now; "jumped": it ceased to exist on
    the way, and another is lowest; "lost": it ceased to exist, and no other has been looked for; "gone": there is no
    finite minimum any more; "none": there was none to begin with."""
    before: Place = None
    after: Place = None
    predicted: Place = None
    """By the influence at `before`; None on a crease, and where the surface is too flat."""
    sharp: bool = False
    """Whether `before` is on a crease, where the loss has no second derivative."""
    note: str = ""
    """What the study says of data without an isolated minimum."""


def moves(before: State, now: State, study: Study, *, settled: bool) -> list[dict[str, Any]]:
    """Return one move a loss, for the data of two states with as many points; none where a loss is to be guessed.

    While a point is being dragged (not settled) minima are followed only; on release they are searched for as well.
    """
    if study.minima is None or study.follow is None or {before.loss, now.loss} & study.hidden.keys():
        return []
    old, new = (_data(state, study) for state in (before, now))
    if len(old.x) != len(new.x):
        return []
    found = dict(zip(study.losses, _minima(before, study), strict=True))
    again = dict(zip(study.losses, _minima(now, study), strict=True)) if settled else {}
    return [asdict(_move(name, before, study, (old, new), found[name], again.get(name))) for name in study.losses]


def _data(state: State, study: Study) -> TargetSet:
    """Return the state's data; the learner's own without a window, which takes longer to find than a minimum."""
    if state.target != OWN:
        return target_set(state, study)
    x, y = torch.tensor(state.points, dtype=torch.float64).T
    return TargetSet(OWN, "", "", x, y, {})


def _minima(state: State, study: Study) -> list[dict[str, Any]]:
    """Return the minima of all losses: those that the maps show, found once."""
    return minima(replace(state, view="compare"), study)


def _move(
    name: str,
    before: State,
    study: Study,
    data: tuple[TargetSet, TargetSet],
    found: Mapping[str, Any],
    again: Mapping[str, Any] | None,
) -> Move:
    if not found["points"]:
        return Move(name, "none", note=found["note"])
    assert study.follow is not None
    state, lowest = replace(before, loss=name), found["points"][0]
    start, sharp = lowest["theta"], lowest["eigenvalues"] is None
    predicted = None if sharp else _predicted(state, study, data, start)
    followed = study.follow(*data, loss_module(state, study), start)
    if again is None:
        return Move(name, "lost" if followed is None else "moved", start, followed, predicted, sharp)
    after = _chosen(followed, again["points"])
    outcome = "gone" if after is None else "moved" if sharp else _outcome(followed, after)
    return Move(name, outcome, start, after, predicted, sharp, again["note"])


def _predicted(state: State, study: Study, data: tuple[TargetSet, TargetSet], theta: Sequence[float]) -> Place:
    """Return theta* + dtheta*/dy dy + dtheta*/dx dx; None where the surface is too flat for it."""
    old, new = data
    start = torch.tensor(theta, dtype=torch.float64)
    try:
        move = influence(objective_of(state, study), start).move(new.y - old.y, new.x - old.x)
    except ValueError:
        return None
    return tuple((start + move).tolist())


def _chosen(followed: Place, points: Sequence[Mapping[str, Any]]) -> Place:
    """Return the lowest minimum; of several as low, the one that was followed."""
    if not points:
        return None
    lowest: float = points[0]["loss"]
    as_low = [each["theta"] for each in points if each["loss"] <= lowest + _AS_LOW * (1 + abs(lowest))]
    chosen: Place = next((theta for theta in as_low if _same(theta, followed)), as_low[0])
    return chosen


def _outcome(followed: Place, after: Place) -> str:
    if followed is None:
        return "jumped"
    return "moved" if _same(after, followed) else "overtaken"


def _same(one: Place, other: Place) -> bool:
    if one is None or other is None:
        return False
    return all(abs(p - q) <= _SAME * (1 + abs(p)) for p, q in zip(one, other, strict=True))
