"""What is minimized: the choice of target set, loss and the numbers that these take, or of a term's weight."""

import math
from collections.abc import Mapping

from dash import html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.lesson.readers import WEIGHT
from explorer.dashboard.lesson.state import OWN, parameters_of
from explorer.study import Parameter, Study


def strip(studies: Mapping[str, Study]) -> html.Section:
    """Return the strip above the maps, with the choices of all studies; the script shows those of the present one."""
    losses = {name: study.caption(name).title for study in studies.values() for name in study.losses}
    return html.Section(
        [
            html.Div(ui.segmented("Target", _targets(studies), hide="target"), className="targets-only target-row"),
            html.Div(ui.segmented("Loss", ui.choices("loss", losses), hide="loss"), className="targets-only"),
            *[_parameter(each) for each in parameters_of(studies)],
            _weight(studies),
        ],
        className="card strip",
        **ui.aria(label="Problem"),
    )


def _targets(studies: Mapping[str, Study]) -> list[html.Button | html.Details]:
    targets = {name: target for study in studies.values() for name, target in study.targets.items()}
    shown = {name: target.title for name, target in targets.items() if target.featured}
    more = {name: target.title for name, target in targets.items() if not target.featured}
    menu = html.Div(ui.choices("target", {**more, OWN: "Your own points"}), className="menu")
    return [*ui.choices("target", shown), ui.folded("More", [menu], id="more-targets")]


def _parameter(each: Parameter) -> html.Div:
    """A number that a loss takes, on a logarithmic scale."""
    low, high = (math.log10(end) for end in each.limits)
    return html.Div(
        [ui.slider(f"{each.name}-slider", each.title, low, high, 0.01), ui.number(each.name, "as a number")],
        className="control pair targets-only", id=f"{each.name}-control", **ui.data(hide=each.name),
    )  # fmt: skip


def _weight(studies: Mapping[str, Study]) -> html.Div:
    """The weight of the first term; the script names it, as each study has its own."""
    low, high = (math.log10(end) for end in WEIGHT)
    term = next((study.caption(name).title for study in studies.values() for name in study.terms), "")
    return html.Div(
        [ui.slider("weight-slider", f"Weight of {term}", low, high, 0.005), ui.number("weight", "as a number")],
        className="control pair terms-only", id="weight-control",
    )  # fmt: skip
