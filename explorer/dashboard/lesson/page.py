"""The lesson's page: what stands where. What happens on it is in answers.py and in assets/lesson/."""

import math
from collections.abc import Mapping
from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.lesson.cards import basins, descent, panels, zoom
from explorer.dashboard.lesson.readers import WEIGHT
from explorer.dashboard.lesson.state import parameters_of
from explorer.study import Parameter, Study

LAYER_NAMES = {
    "contours": "Contours",
    "minima": "Minima θ*",
    "pulls": "Each point's pull",
    "field": "Field of −∇L",
    "kinks": "Kink lines",
    "ellipse": "Curvature",
    "influence": "Influence",
}
VIEW_NAMES = {"map": "Map", "3d": "3D", "compare": "Compare losses", "race": "Race", "basins": "Basins"}
MAP_KEYS = (
    "Loss landscape. Arrow keys move the point, with Shift further, with Alt finer; Enter takes a step; plus and minus "
    "zoom, 0 resets the window."
)
STORES = (
    "address",
    "commit",
    "scene",
    "surface-query",
    "minima-query",
    "weight-query",
    "influence-query",
    "basins-query",
    "paste",
    "check",
    "download",
    "lesson-query",
)
"""What the script sends; a callback answers each."""


def layout(studies: Mapping[str, Study], schema: dict[str, Any], links: Mapping[str, str]) -> html.Div:
    """Return the whole page for a catalogue of studies, with links (text -> address) to other pages."""
    replies = ("opened", "point", "map", "minima", "total-contours", "influence", "pasted", "verdict", "picture")
    return html.Div(
        [
            dcc.Store(id="schema", data=schema),
            *[dcc.Store(id=name) for name in (*STORES, *replies, "basins-reply", "reasons-query", "reasons")],
            dcc.Download(id="file"),
            html.A("Skip to the landscape", href="#landscape", className="skip"),
            _header(studies, links),
            _notices(),
            html.Main([_problem(studies), _activity(), _workplace(), panels.below()], id="main"),
            _drawer(studies),
        ],
        id="page",
    )


def _header(studies: Mapping[str, Study], links: Mapping[str, str]) -> html.Header:
    choices = ui.choices("study", {name: study.title for name, study in studies.items()})
    return html.Header(
        [
            html.Div(className="logo", **ui.aria(hidden="true")),
            html.H1("Loss explorer"),
            ui.segmented("Study", choices, hide="study"),
            html.Span("", id="formula", className="formula"),
            html.Nav(
                [
                    *[html.A(text, href=address) for text, address in links.items()],
                    ui.button("Lesson", id="lesson-button", data_hide="lesson", **ui.aria(expanded="false")),
                    ui.button("Code", id="code-button", data_hide="code"),
                    ui.button("Copy link", id="copy-link"),
                    ui.button("Projector", id="projector", **ui.aria(pressed="false")),
                    ui.button("◐", id="theme", title="Light or dark", **ui.aria(label="Light or dark")),
                ],
                **ui.aria(label="Page"),
            ),
        ]
    )


def _notices() -> html.Div:
    return html.Div(
        [html.Div(id="notes", role="alert", hidden=True), html.Div(id="disagree", role="alert", hidden=True)],
        className="notices",
    )


def _problem(studies: Mapping[str, Study]) -> html.Section:
    study = next((study for study in studies.values() if study.targets), next(iter(studies.values())))
    shown = {name: target.title for name, target in study.targets.items() if target.featured}
    more = {name: target.title for name, target in study.targets.items() if not target.featured}
    targets = ui.choices("target", shown)
    rest = ui.folded(
        "More",
        [html.Div(ui.choices("target", {**more, "own": "Your own points"}), className="menu")],
        id="more-targets",
    )
    return html.Section(
        [
            html.Div([ui.segmented("Target", [*targets, rest], hide="target")], className="neuron-only target-row"),
            html.Div([ui.segmented("Loss", ui.choices("loss", _losses(study)), hide="loss")], className="neuron-only"),
            *[_parameter(each) for each in parameters_of(studies)],
            _weight(studies),
        ],
        className="card strip", **ui.aria(label="Problem"),
    )  # fmt: skip


def _losses(study: Study) -> dict[str, str]:
    return {name: study.caption(name).title for name in study.losses}


def _parameter(each: Parameter) -> html.Div:
    """A number that a loss takes, on a logarithmic scale."""
    low, high = (math.log10(end) for end in each.limits)
    return html.Div(
        [ui.slider(f"{each.name}-slider", each.title, low, high, 0.01), ui.number(each.name, "as a number")],
        className="control pair neuron-only", id=f"{each.name}-control", **ui.data(hide=each.name),
    )  # fmt: skip


def _weight(studies: Mapping[str, Study]) -> html.Div:
    """The weight of the first term; the script names it, as each study has its own."""
    low, high = (math.log10(end) for end in WEIGHT)
    term = next((study.caption(name).title for study in studies.values() for name in study.terms), "")
    return html.Div(
        [ui.slider("weight-slider", f"Weight of {term}", low, high, 0.005), ui.number("weight", "as a number")],
        className="control pair terms-only", id="weight-control",
    )  # fmt: skip


def _activity() -> html.Section:
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


def _workplace() -> html.Div:
    views = ui.segmented("View", ui.choices("view", VIEW_NAMES), hide="view")
    sizes = ui.segmented("Points a side", ui.choices("n", {str(n): str(n) for n in (81, 161, 257, 513)}), hide="n")
    layers = html.Div(ui.toggles("layers", LAYER_NAMES), className="chips", role="group",
                      **ui.aria(label="Layers"), **ui.data(hide="layers"))  # fmt: skip
    maps = [_map("landscape"), *[_map(f"map-{i}") for i in (1, 2, 3)]]
    surface = html.Div(dcc.Graph(id="surface", figure={"data": [], "layout": {}}, config=ui.CONFIG), id="surface-card")
    landscape = ui.card(
        html.Span("Loss landscape L(w, b)", id="landscape-title"),
        [
            html.Div(layers, className="tools", id="layers-row"),
            html.Div(maps, id="maps"),
            descent.race(),
            surface,
            basins.card(),
            html.Div([html.P(id="arrow-scale", className="hint"), html.P(id="places", className="hint")]),
            html.Div([zoom.buttons(), sizes, _downloads()], className="tools"),
        ],
        hint=views,
        className="landscape",
    )
    side = [panels.fit(), _influence(), panels.readouts(), panels.step(), descent.descent()]
    return html.Div([landscape, html.Div(side, className="side")], className="columns")


def _influence() -> Any:
    marks = "Ring: where θ* was before the move. Disc: where it is. Line: the way it went. Thin arrow: the prediction."
    table = html.Div(id="influence-table", className="scroll", tabIndex="0", role="region",
                     **ui.aria(label="How far each minimum moved"))  # fmt: skip
    drawn = html.Div([html.Div(id="influence-closeup"), html.P(marks, className="hint"), table], id="influence-drawn")
    return ui.card(
        "Influence of a data point",
        [html.P(id="influence-says", **ui.aria(live="polite")), drawn],
        id="influence-card",
        hint=ui.button("Clear trails", id="influence-clear"),
        hidden=True,
    )


def _map(id: str) -> html.Div:
    return html.Div(
        [
            html.H3("", className="map-title"),
            ui.graph(id, MAP_KEYS),
            html.Div(
                [
                    html.Div(className="bar"),
                    html.Div(className="ticks"),
                    html.Div([html.Span(className="says"), html.Span(className="under-pointer")]),
                ],
                className="legend",
            ),
        ],
        className="map", **ui.data(map=id),
    )  # fmt: skip


def _downloads() -> html.Div:
    kinds = {"png": "PNG", "svg": "SVG", "csv": "CSV", "nc": "NetCDF", "html": "HTML"}
    buttons = [ui.button(label, id=f"download-{kind}", data_download=kind) for kind, label in kinds.items()]
    return ui.segmented("Download", buttons, hide="downloads")


def _drawer(studies: Mapping[str, Study]) -> html.Aside:
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
