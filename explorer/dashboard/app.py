"""The dashboard as a function of a catalogue: create_app."""

import logging
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from dash import Dash
from flask_compress import Compress

from explorer.dashboard.common.address import MODES
from explorer.dashboard.common.frame import PAGE, assets_left_out
from explorer.dashboard.common.gate import guard
from explorer.dashboard.lesson import page, pasted_table, readers
from explorer.dashboard.lesson.answers import Callbacks, register
from explorer.dashboard.lesson.state import parameters_of, start
from explorer.dashboard.printed import page as printed_page
from explorer.dashboard.stores.app import add_slices, slices_alone
from explorer.descent import OPTIMIZERS
from explorer.study import Activity, Study, TargetSet

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def create_app(
    studies: Mapping[str, Study],
    *,
    hosts: tuple[str, ...] = LOOPBACK,
    stores: Path | None = None,
    trusted: tuple[str, ...] = (),
) -> Dash:
    """Return the dashboard for a catalogue of studies and a folder of stores.

    Args:
        studies: Name -> study, in the order shown; the first is opened when the address names none. Where there are
            none only /slice is served.
        hosts: Names under which the server may be asked ("*" for any), against DNS rebinding.
        stores: Folder whose stores are shown at /slice; None leaves that page out.
        trusted: Modules, each with what lies below it, whose factories a store may name: the catalogue's own, and
            those that whoever starts the server trusts. A store is data and makes the server import nothing else.

    Raises:
        ValueError: If the catalogue is empty and there is no folder of stores.
    """
    if not studies and stores is None:
        raise ValueError("A catalogue with at least one study was expected, an empty one came; add one to STUDIES.")
    if not studies:
        assert stores is not None
        apps = [slices_alone(stores, trusted)]
    else:
        app = _lesson_app(studies, linked=stores is not None)
        apps = [app] if stores is None else [app, add_slices(app.server, stores, trusted)]
    server = apps[0].server
    server.config |= {"COMPRESS_ALGORITHM": ["gzip"], "COMPRESS_LEVEL": 5}
    Compress(server)
    guard(apps, hosts)
    return apps[0]


def _lesson_app(studies: Mapping[str, Study], *, linked: bool) -> Dash:
    app = Dash("explorer.dashboard", title="Loss explorer", update_title="", serve_locally=True, index_string=PAGE,
               assets_path_ignore=assets_left_out("lesson"))  # fmt: skip
    app.logger.setLevel(logging.WARNING)
    links = {"Slices": "/slice"} if linked else {}
    app.layout = page.layout(studies, schema(studies), links)
    answers = Callbacks(studies)
    answers.warm_up()
    register(app, answers)
    printed_page.register(app.server, next((study.lesson for study in studies.values() if study.lesson), ""))
    return app


def schema(studies: Mapping[str, Study]) -> dict[str, Any]:
    """Return what the script must know: studies, defaults and limits, so that they are written in one place only."""
    parameters = {each.name: each.limits for each in parameters_of(studies)}
    return {
        "studies": {name: _study(study) for name, study in studies.items()},
        "defaults": start(studies).values(),
        "modes": MODES,
        "parameters": list(parameters),
        "names": {name: study.caption(name).title for study in studies.values() for name in study.losses},
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
        "window": dict(study.window),
        "losses": list(study.losses),
        "parameters": {loss: [each.name for each in taken] for loss, taken in study.parameters.items()},
        "creased": study.creased,
        "hidden": dict(study.hidden),
        "terms": list(study.terms),
        "inputs": [] if study.inputs is None else study.inputs.tolist(),
        "facts": dict(study.facts),
        "teaches": study.teaches,
        "preview": study.preview,
        "optimizers": {name: each.title for name, each in OPTIMIZERS.items()}
        | {name: each.__name__ for name, each in study.optimizers.items()},
        "targets": {name: _targets(each) for name, each in study.targets.items()},
        "activities": {each.name: _activity(each) for each in study.activities},
    }


def _targets(each: TargetSet) -> dict[str, Any]:
    return {"title": each.title, "teaches": each.teaches, "x": each.x.tolist(), "y": each.y.tolist(),
            "window": dict(each.window)}  # fmt: skip


def _activity(each: Activity) -> dict[str, Any]:
    return {"title": each.title, "text": each.text, "setup": dict(each.setup), "answers": each.answers,
            "drawn": each.drawn}  # fmt: skip
