"""Paths: what the state's optimizers do from its point, and why, as plain JSON."""

import math
from dataclasses import asdict, replace
from typing import Any

import torch
from torch import Tensor

from explorer.dashboard.lesson.cached_descents import diagnosed, title_of, training_of, walk
from explorer.dashboard.lesson.certified_minima import minima
from explorer.dashboard.lesson.objectives import objective_of, target_set, weights_of
from explorer.dashboard.lesson.state import State
from explorer.descent import Descent, limits
from explorer.study import Study

CLOSE = 1e-8
"""How near to the lowest loss counts as there."""


def path_numbers(state: State, study: Study, which: int = 0) -> dict[str, Any]:
    """Return one of the state's paths: thetas, losses and gradient norms to the last digit, and how it ended.

    A number that is not finite is None. Where the optimizer takes no such rate, only its words are there ("refused").
    Between steps the worker pauses now and then, for short answers.

    Raises:
        IndexError: no such optimizer in the state.
    """
    named = {"title": title_of(state, study, which), "lr": training_of(state, study, which).lr}
    try:
        descent = walk(state, study, which)
    except ValueError as error:
        return {**named, "refused": str(error)}
    least = lowest(state, study)
    return {
        **named,
        "thetas": _plain(descent.thetas),
        "losses": _plain(descent.losses),
        "norms": _plain(descent.gradient_norms),
        "outcome": descent.outcome,
        "least": least,
        "reached": descent.steps_to(CLOSE + (_own_lowest(descent) if least is None else least)),
    }


def reasons(state: State, study: Study) -> dict[str, Any]:
    """Return what explains the paths: the limits at the point, and why each path went as it did, in the state's order.

    Apart from the paths, which need not wait for it.
    """
    return {"limits": limits_at(state, study), "paths": [reason(state, study, i) for i in range(len(state.opt))]}


def reason(state: State, study: Study, which: int) -> dict[str, str]:
    """Return what one of the state's paths did and why, and the program that walks it."""
    try:
        found = diagnosed(state, study, which)
    except ValueError as error:
        return {"kind": "refused", "sentence": str(error), "program": ""}
    return {"kind": found.kind, "sentence": found.sentence, "program": program(state, study, which)}


def limits_at(state: State, study: Study) -> dict[str, float | None]:
    """Return what the curvature at the state's point says about constant rates; None for what is not finite."""
    found = limits(objective_of(state, study), torch.tensor((state.w, state.b), dtype=torch.float64))
    return {name: None if value is None or not math.isfinite(value) else value for name, value in asdict(found).items()}


def program(state: State, study: Study, which: int) -> str:
    """Return a program that walks a path, "" for a study or an optimizer that has none, and for a loss that is to be
    guessed."""
    theta, training = (state.w, state.b), training_of(state, study, which)
    try:
        if study.terms_training_program is not None and study.terms:
            return study.terms_training_program(weights_of(state, study), theta, training)
        if study.training_program is None or state.loss in study.hidden:
            return ""
        parameters = study.own_parameters(state.loss, dict(state.parameters))
        return study.training_program(target_set(state, study), state.loss, parameters, theta, training)
    except ValueError:
        # An optimizer of a catalogue's own, that no program of a few lines can import.
        return ""


def lowest(state: State, study: Study) -> float | None:
    """Return the loss of the lowest certified minimum; None where there is none, or none is certified."""
    found = minima(replace(state, view="map"), study)
    return found[0]["points"][0]["loss"] if found and found[0]["points"] else None


def _own_lowest(descent: Descent) -> float:
    assert descent.losses is not None
    return min((float(loss) for loss in descent.losses if math.isfinite(loss)), default=math.inf)


def _plain(values: Tensor | None) -> Any:
    assert values is not None
    if bool(values.isfinite().all()):
        return values.tolist()
    return [_plain(row) if row.dim() else None if not math.isfinite(row) else row.item() for row in values]
