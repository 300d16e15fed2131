"""Objectives: from a State to what is minimized: its data, its loss, its objective and the window to look through."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

import torch
from torch import Tensor, nn

from explorer.dashboard.lesson.readers import THETA, Point
from explorer.dashboard.lesson.state import OWN, State
from explorer.objective import Objective
from explorer.study import Study, TargetSet, Window


@dataclass(frozen=True, eq=False)
class Question:
    """What a cached answer depends on: a study, and the fields of the state that change it."""

    study: Study
    state: State

    def __hash__(self) -> int:
        return hash((self.study.name, self.state))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Question) and other.study is self.study and other.state == self.state


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


def loss_module(state: State, study: Study) -> nn.Module:
    """Return the loss that the state names, with the state's value of each number that it takes."""
    name = study.hidden.get(state.loss, state.loss)
    return study.losses[name](**study.own_parameters(name, dict(state.parameters)))


def objective_of(state: State, study: Study) -> Objective:
    """Return the objective whose landscape the state shows (for terms: with the state's weight on the first).

    The same one for the same question: what is swept again and again is evaluated in the fastest way.
    """
    return _objective(Question(study, state.only("parameters", "points", "weight")))


@lru_cache(maxsize=32)
def _objective(asked: Question) -> Objective:
    state, study = asked.state, asked.study
    if study.terms:
        return Objective(study.model(), terms=study.terms, weights=weights_of(state, study))
    targets = target_set(state, study)
    return Objective(study.model(), loss_module(state, study), (targets.x, targets.y))


def weights_of(state: State, study: Study) -> dict[str, float]:
    """Return the weights of a study's terms: the state's of the first; the others have 1."""
    return {next(iter(study.terms)): state.weight}


def window_of(state: State, study: Study) -> Window:
    """Return the window of the axes: the one that is looked at, else the target set's, or the study's own; squared."""
    if state.window:
        (alpha, beta), (a, b, c, d) = study.labels, state.window
        return squared({alpha: (a, b), beta: (c, d)})
    return squared(target_set(state, study).window if study.targets else study.window)


def squared(window: Window) -> Window:
    """Return the smallest square around a window, about the same middle as far as parameters may lie there.

    On a square map one unit of the first axis is then one of the second, and what is at right angles looks so.
    """
    wide = max((high - low for low, high in window.values()), default=0.0)
    return {label: _widened(ends, wide) for label, ends in window.items()}


def _widened(ends: tuple[float, float], wide: float) -> tuple[float, float]:
    low, high = ends
    if high - low == wide:
        return low, high
    least, most = THETA
    start = min(max((low + high - wide) / 2, least), max(least, most - wide))
    return start, start + wide
