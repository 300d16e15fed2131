"""The page /slice: what stands where. What happens on it is in answers.py and in assets/stores/."""

from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.common.address import MODES
from explorer.dashboard.stores.state import COORDINATE, LAYERS, State

VIEW_NAMES = {"map": "Map", "3d": "3D", "cuts": "Cuts"}
SCALE_NAMES = {"auto": "Auto", "log": "Log", "linear": "Linear"}
LAYER_NAMES = {"contours": "Contours", "checkpoints": "Checkpoints", "arrow": "Arrows",
               "points": "Evaluated points"}  # fmt: skip
MAP_KEYS = "Slice of the loss landscape. Arrow keys move the point, with Shift further, with Alt finer."
FILES = {"png": "PNG", "svg": "SVG", "csv": "CSV", "nc": "NetCDF", "html": "HTML", "vti": "VTK", "h5": "HDF5"}
QUESTIONS = ("address", "commit", "scene", "surface-query", "about-query", "list-query", "table-query", "watch",
             "download")  # fmt: skip
"""What the script sends; a callback answers each."""
ANSWERS = ("opened", "point", "drawn", "watched", "listed", "downloaded")
"""What the script is told; the others are drawn by Dash itself."""


def layout(root: str, lesson: bool) -> html.Div:
    """Return the whole page for the stores below `root`, with a link to the lesson's page where there is one."""
    schema = {"defaults": State().values(), "modes": MODES, "coordinate": COORDINATE, "layers": LAYERS}
    return html.Div(
        [
            dcc.Store(id="schema", data=schema),
            *[dcc.Store(id=name) for name in (*QUESTIONS, *ANSWERS)],
            html.A("Skip to the slice", href="#landscape", className="skip"),
            _header(lesson),
            html.Div(
                [html.Div(id="notes", role="alert", hidden=True), html.Div(id="disagree", role="alert", hidden=True)],
                className="notices",
            ),
            html.Main([_stores(root, lesson), _choices(), _workplace(), html.Div(id="about", className="below")],
                      id="main"),
        ],
        id="page", className="slices",
    )  # fmt: skip


def _header(lesson: bool) -> html.Header:
    link = [html.A("Lesson", href="/", className="link")] if lesson else []
    return html.Header(
        [
            html.Div(className="logo", **ui.aria(hidden="true")),
            html.H1("Loss explorer"),
            html.Span("Slices", className="where"),
            html.Span("", id="formula", className="formula"),
            html.Nav(
                [
                    *link,
                    ui.button("All stores", id="all-stores"),
                    ui.button("Copy link", id="copy-link"),
                    ui.button("Projector", id="projector", **ui.aria(pressed="false")),
                    ui.button("◐", id="theme", title="Light or dark", **ui.aria(label="Light or dark")),
                ],
                **ui.aria(label="Page"),
            ),
        ]
    )


def _stores(root: str, lesson: bool) -> Any:
    alone = "" if lesson else "No catalogue of studies: only slices are served here."
    return ui.card(
        "Stores",
        [html.P(alone, className="hint", hidden=not alone, id="alone"), html.Div(id="stores")],
        hint=html.Span(f"in {root}"), id="stores-card", hide="stores",
    )  # fmt: skip


def _choices() -> html.Section:
    progress = html.Div(
        [html.Progress(id="progress", max="1", **ui.aria(label="Computed")), html.Span("", id="progress-says")],
        id="progress-row", role="group", hidden=True, **ui.aria(label="Progress of the sweep"),
    )  # fmt: skip
    beside = html.Label(
        [html.Span("Beside it", className="label"), html.Select(id="with", **ui.aria(label="Beside it"))],
        htmlFor="with",
        className="field",
    )
    seed = html.Label(
        [html.Span("Directions of seed", className="label"), html.Select(id="seed")], htmlFor="seed", className="field",
        id="seed-field", hidden=True,
    )  # fmt: skip
    return html.Section(
        [
            html.Div(ui.segmented("Quantity", [], hide="quantity"), id="quantities"),
            ui.segmented("Scale", ui.choices("scale", SCALE_NAMES), hide="scale"),
            html.Div(beside, **ui.data(hide="stores")),
            seed,
            progress,
        ],
        className="card strip one-store", **ui.aria(label="What is drawn"),
    )  # fmt: skip


def _workplace() -> html.Div:
    views = ui.segmented("View", ui.choices("view", VIEW_NAMES), hide="view")
    layers = html.Div(ui.toggles("layers", LAYER_NAMES), className="chips", role="group",
                      **ui.aria(label="Layers"), **ui.data(hide="layers"))  # fmt: skip
    surface = html.Div(
        dcc.Graph(
            id="surface", figure={"data": [], "layout": {}}, config=ui.CONFIG, responsive=True, style={"height": "100%"}
        ),
        id="surface-card",
    )
    landscape = ui.card(
        html.Span("Slice", id="landscape-title"),
        [
            html.Div(layers, className="tools", id="layers-row"),
            html.Div([_map("landscape"), _map("map-1")], id="maps"),
            surface,
            html.P(id="interpolated", className="hint", hidden=True),
            html.P(id="map-says", className="hint"),
            html.Div(_downloads(), className="tools"),
        ],
        hint=views, className="landscape",
    )  # fmt: skip
    side = html.Div([_training(), _point(), _cuts()], className="side")
    return html.Div([landscape, side], className="columns one-store")


def _map(id: str) -> html.Div:
    legend = [
        html.Div(className="bar"),
        html.Div(className="ticks"),
        html.Div([html.Span(className="says"), html.Span(className="under-pointer")]),
    ]
    return html.Div(
        [html.H3("", className="map-title"), ui.graph(id, MAP_KEYS), html.Div(legend, className="legend")],
        className="map", **ui.data(map=id),
    )  # fmt: skip


def _training() -> Any:
    """The card of the trajectories: which, how far along, how far from the plane."""
    return ui.card(
        "Along training",
        [
            html.Div(id="runs", className="chips", role="group", **ui.aria(label="Runs")),
            html.Div([ui.slider("at", "step", 0, 1, 1),
                      ui.button("Move the plane along", id="along", **ui.aria(pressed="false"))],
                     className="walk"),
            html.Div(
                [
                    ui.readout("own-loss", "its own loss"),
                    ui.readout("plane-loss", "the plane's there"),
                    ui.readout("offset", "from the plane"),
                ],
                className="readouts",
            ),
            html.Div(id="walk-losses"),
            html.P(id="walk-says", **ui.aria(live="polite")),
            html.P(id="spread-says", className="hint"),
        ],
        id="training", hide="training", hidden=True,
    )  # fmt: skip


def _point() -> Any:
    return ui.card(
        "At the point",
        [
            html.Div(
                [
                    ui.number("a", "alpha"),
                    ui.number("b", "beta"),
                    ui.readout("readout-loss", "loss"),
                    ui.readout("readout-norm", "‖∇L‖"),
                    ui.readout("readout-share", "of it in the plane"),
                ],
                className="readouts",
            ),
            html.Div(id="readout-more", className="readouts more"),
            html.P(id="live", **ui.aria(live="polite")),
            html.P(id="agree", className="hint"),
        ],
        hide="point",
    )


def _cuts() -> Any:
    graphs = [ui.graph("cut-a", "Cut along the first axis through the point"),
              ui.graph("cut-b", "Cut along the second axis through the point")]  # fmt: skip
    return ui.card("Cuts through the point", [html.Div(graphs, id="cuts"), html.P(id="cuts-say", className="hint")],
                   hint=html.Span(id="cuts-hint"), id="cuts-card", hide="cuts")  # fmt: skip


def _downloads() -> html.Div:
    buttons = [ui.button(label, id=f"download-{kind}", data_download=kind) for kind, label in FILES.items()]
    return ui.segmented("Download", buttons, hide="downloads")
