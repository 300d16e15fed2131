"""Drawer: the lesson beside the map, its mathematics by MathJax, its answers folded until they are asked for; and the
exercise that is open."""

import re
from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui
from explorer.study import Study

_ANSWER = re.compile(r"^> \*\*(Answer[^*]*)\*\*((?:.|\n>)*)", re.MULTILINE)


def aside(studies: Mapping[str, Study]) -> html.Aside:
    """Return the drawer: the exercises of all studies, and room for the text, which comes when it is opened."""
    activities = [
        ui.button(activity.title, id=f"activity-{activity.name}", data_activity=activity.name)
        for study in studies.values()
        for activity in study.activities
    ]
    return html.Aside(
        [
            html.Div([html.H2("Lesson"), ui.button("Close", id="lesson-close")], className="heading"),
            html.P([html.A("Read it as a page", href="/lesson"), " (prints; needs no JavaScript)"], className="hint"),
            html.H3("Things to do"),
            html.Div(activities, className="activities"),
            html.Div(id="lesson-text"),
        ],
        id="lesson", hidden=True, **ui.aria(label="Lesson"),
    )  # fmt: skip


def exercise() -> html.Section:
    """Return the exercise that is open: its task, its answers, its verdict."""
    return html.Section(
        [
            html.Div([html.H2("", id="activity-title"), ui.button("Leave", id="activity-leave")], className="heading"),
            html.Div(id="activity-text"),
            html.Div(id="activity-answers", className="segmented", role="group", **ui.aria(label="Your answer")),
            html.Div(id="activity-verdict", **ui.aria(live="polite")),
            html.Table(id="activity-table"),
        ],
        id="activity", className="card", hidden=True, **ui.aria(label="Activity"),
    )  # fmt: skip


def lesson_parts(text: str) -> list[Any]:
    """Return the lesson's parts in order: Markdown, and a fold for every quote that begins with a bold "Answer"."""
    parts: list[Any] = []
    done = 0
    for found in _ANSWER.finditer(text):
        answer = re.sub(r"^> ?", "", found.group(2), flags=re.MULTILINE).strip()
        parts += [_markdown(text[done : found.start()]), _fold(found.group(1).strip(" ."), answer)]
        done = found.end()
    return [*parts, _markdown(text[done:])]


def _fold(title: str, answer: str) -> html.Details:
    return html.Details([html.Summary(title), _markdown(answer)])


def _markdown(text: str) -> dcc.Markdown:
    return dcc.Markdown(text, mathjax=True, link_target="_self")
