"""The lesson's page: its record, and what its script must know of the catalogue."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from explorer.dashboard.common.address import MODES
from explorer.dashboard.common.page import Page
from explorer.dashboard.lesson import layout, pasted_table, readers
from explorer.dashboard.lesson.answers import Callbacks
from explorer.dashboard.lesson.objectives import squared
from explorer.dashboard.lesson.state import parameters_of, start
from explorer.descent import OPTIMIZERS
from explorer.study import Activity, Study, TargetSet


def lesson_page(studies: Mapping[str, Study], links: Mapping[str, str]) -> Page:
    """Return the page of a catalogue of studies, the first of which opens, with links (text -> address) to others."""
    callbacks = Callbacks(studies)
    callbacks.warm_up()
    return Page(
        prefix="/",
        title="Loss explorer",
        assets="lesson",
        layout=layout.whole(studies, links),
        schema=schema(studies),
        answers=callbacks.answers(),
        scripts=tuple(dict.fromkeys(study.script for study in studies.values() if study.script)),
        routes={"path": callbacks.get_path},
    )


def schema(studies: Mapping[str, Study]) -> dict[str, Any]:
    """Return what the script must know: studies, defaults and limits, so that they are written in one place only."""
    parameters = {each.name: each.limits for each in parameters_of(studies)}
    return {
        "studies": {name: _study(study) for name, study in studies.items()},
        "defaults": start(studies).values(),
        "modes": MODES,
        "parameters": list(parameters),
        "limits": {**parameters, "theta": readers.THETA, "data": readers.DATA, "lr": readers.RATE,
                   "weight": readers.WEIGHT, "steps": readers.STEPS, "batch": readers.BATCH, "seed": readers.SEED,
                   "paths": readers.MOST_PATHS, "points": readers.MOST_POINTS, "width": readers.WIDTH,
                   "characters": pasted_table.LONGEST},
    }  # fmt: skip


def _study(study: Study) -> dict[str, Any]:
    return {
        "formula": study.formula,
        "title": study.title,
        "labels": study.labels,
        "captions": {name: asdict(each) for name, each in study.captions.items()},
        "window": dict(squared(study.window)),
        "own": study.own is not None,
        "losses": list(study.losses),
        "parameters": {loss: [each.name for each in taken] for loss, taken in study.parameters.items()},
        "creased": study.creased,
        "hidden": dict(study.hidden),
        "terms": list(study.terms),
        "inputs": [] if study.inputs is None else study.inputs.tolist(),
        "facts": dict(study.facts),
        "teaches": study.teaches,
        "preview": study.script.stem if study.script else "",
        "optimizers": {name: each.title for name, each in OPTIMIZERS.items()}
        | {name: each.__name__ for name, each in study.optimizers.items()},
        "targets": {name: _targets(each) for name, each in study.targets.items()},
        "activities": {each.name: _activity(each) for each in study.activities},
    }


def _targets(each: TargetSet) -> dict[str, Any]:
    return {"title": each.title, "teaches": each.teaches, "x": each.x.tolist(), "y": each.y.tolist(),
            "window": dict(squared(each.window))}  # fmt: skip


def _activity(each: Activity) -> dict[str, Any]:
    return {"title": each.title, "text": each.text, "setup": dict(each.setup), "answers": each.answers,
            "drawn": each.drawn}  # fmt: skip
