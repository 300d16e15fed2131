"""The dashboard as a function of a catalogue: create_app."""

import logging
from collections.abc import Mapping
from typing import Any

from dash import Dash
from flask_compress import Compress

from explorer.dashboard import state as limits
from explorer.dashboard import table
from explorer.dashboard.callbacks import Callbacks, register
from explorer.dashboard.gate import guard
from explorer.dashboard.pages import landscape, lesson
from explorer.dashboard.state import State
from explorer.study import Activity, Study, TargetSet

LOOPBACK = ("127.0.0.1", "localhost", "::1")
PAGE = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}{%config%}{%scripts%}{%renderer%}</body>
</html>"""
"""Dash's own page has no language and puts a footer of its own beside ours."""


def create_app(studies: Mapping[str, Study], *, hosts: tuple[str, ...] = LOOPBACK) -> Dash:
    """Return the dashboard for a catalogue of studies.

    Args:
        studies: Name -> study, in the order shown; the first is opened when the address names none.
        hosts: Names under which the server may be asked ("*" for any), against DNS rebinding.

    Raises:
        ValueError: If the catalogue is empty.
    """
    if not studies:
        raise ValueError("A catalogue with at least one study was expected, an empty one came; add one to STUDIES.")
    app = Dash("explorer.dashboard", title="Loss explorer", update_title="", serve_locally=True, index_string=PAGE)
    app.logger.setLevel(logging.WARNING)
    app.layout = landscape.layout(studies, schema(studies))
    answers = Callbacks(studies)
    answers.warm_up()
    register(app, answers)
    lesson.register(app.server, next((study.lesson for study in studies.values() if study.lesson), ""))
    app.server.config |= {"COMPRESS_ALGORITHM": ["gzip"], "COMPRESS_LEVEL": 5}
    Compress(app.server)
    guard(app, hosts)
    return app


def schema(studies: Mapping[str, Study]) -> dict[str, Any]:
    """Return what the script must know: studies, defaults and limits, so that they are written in one place only."""
    default = State()
    return {
        "studies": {name: _study(study) for name, study in studies.items()},
        "defaults": {key: getattr(default, key) for key in State.__dataclass_fields__},
        "modes": limits.MODES,
        "names": landscape.LOSS_NAMES,
        "limits": {"theta": limits.THETA, "data": limits.DATA, "delta": limits.DELTA, "lr": limits.RATE,
                   "weight": limits.WEIGHT, "points": limits.MOST_POINTS, "characters": table.LONGEST},
    }  # fmt: skip


def _study(study: Study) -> dict[str, Any]:
    return {
        "formula": study.formula,
        "title": study.title,
        "labels": study.labels,
        "window": dict(study.window),
        "losses": list(study.losses),
        "hidden": dict(study.hidden),
        "terms": list(study.terms),
        "facts": dict(study.facts),
        "preview": study.preview,
        "targets": {name: _targets(each) for name, each in study.targets.items()},
        "activities": {each.name: _activity(each) for each in study.activities},
    }


def _targets(each: TargetSet) -> dict[str, Any]:
    return {"title": each.title, "teaches": each.teaches, "x": each.x.tolist(), "y": each.y.tolist(),
            "window": dict(each.window)}  # fmt: skip


def _activity(each: Activity) -> dict[str, Any]:
    return {"title": each.title, "text": each.text, "setup": dict(each.setup), "answers": each.answers}
