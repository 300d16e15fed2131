"""Layout of the lesson's page: what stands where. What happens on it is in answers.py and in assets/lesson/."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.common import frame
from explorer.dashboard.lesson.cards import descent, drawer, panels
from explorer.dashboard.lesson.cards.landscape import maps_card
from explorer.dashboard.lesson.cards.problem import strip
from explorer.study import Study


def whole(studies: Mapping[str, Study], links: Mapping[str, str]) -> tuple[Any, ...]:
    """Return what stands on the page for a catalogue of studies, with links (text -> address) to other pages."""
    side = [panels.fit(), panels.influence(), panels.readouts(), panels.step(), descent.descent()]
    workplace = html.Div([maps_card(), html.Div(side, className="side")], className="columns")
    return (
        dcc.Download(id="file"),
        frame.skip_link("Skip to the landscape"),
        _header(studies, links),
        frame.notices(),
        html.Main([strip(studies), drawer.exercise(), workplace, panels.below()], id="main"),
        drawer.aside(studies),
    )


def _header(studies: Mapping[str, Study], links: Mapping[str, str]) -> html.Header:
    choices = ui.choices("study", {name: study.title for name, study in studies.items()})
    buttons = [
        *[html.A(text, href=address) for text, address in links.items()],
        ui.button("Lesson", id="lesson-button", data_hide="lesson", **ui.aria(expanded="false")),
        ui.button("Code", id="code-button", data_hide="code"),
    ]
    return frame.header([ui.segmented("Study", choices, hide="study")], buttons)
