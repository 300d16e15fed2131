"""Certified minima: where the landscape that the state shows is lowest, found once for the same question."""

from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

from explorer.dashboard.lesson.objectives import Question, loss_module, target_set
from explorer.dashboard.lesson.state import State
from explorer.study import Study


def minima(state: State, study: Study) -> list[dict[str, Any]]:
    """Return the certified minima of every map drawn, in the maps' order; none where the study tells none."""
    if study.terms:
        # Of the total, and beside it each term.
        return [] if study.known_minima is None else [asdict(study.known_minima)] * (1 + len(study.terms))
    if study.minima is None or not study.targets:
        return []
    names = list(study.losses) if state.view == "compare" else [state.loss]
    return [_minima(_asked(replace(state, loss=name), study)) for name in names]


def _asked(state: State, study: Study) -> Question:
    """Keep what minima depend on: not the resolution, and of the parameters only the loss's own."""
    own = study.own_parameters(state.loss, dict(state.parameters))
    return Question(study, replace(state.only("points"), parameters=tuple(own.items())))


@lru_cache(maxsize=256)
def _minima(asked: Question) -> dict[str, Any]:
    state, study = asked.state, asked.study
    assert study.minima is not None
    return asdict(study.minima(target_set(state, study), loss_module(state, study)))
