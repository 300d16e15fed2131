"""Layout of the page /slice: what stands where. What happens on it is in answers.py and in assets/stores/."""

from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.common import frame
from explorer.dashboard.stores.cards import panels
from explorer.dashboard.stores.downloads import FILES

VIEW_NAMES = {"map": "Map", "3d": "3D", "cuts": "Cuts"}
SCALE_NAMES = {"auto": "Auto", "log": "Log", "linear": "Linear"}
LAYER_NAMES = {"contours": "Contours", "checkpoints": "Checkpoints", "arrow": "Arrows",
               "points": "Evaluated points"}  # fmt: skip
KEYS = "Slice of the loss landscape. Arrow keys move the point, with Shift further, with Alt finer."


def whole(root: str, beside_lesson: bool) -> tuple[Any, ...]:
    """Return what stands on the page for the stores below `root`, with a link to the lesson's where there is one."""
    return (
        frame.skip_link("Skip to the slice"),
        _header(beside_lesson),
        frame.notices(),
        html.Main(
            [_stores(root, beside_lesson), _choices(), _workplace(), html.Div(id="about", className="below")],
            id="main",
        ),
    )


def _header(beside_lesson: bool) -> html.Header:
    link = [html.A("Lesson", href="/", className="link")] if beside_lesson else []
    return frame.header([html.Span("Slices", className="where")], [*link, ui.button("All stores", id="all-stores")])


def _stores(root: str, beside_lesson: bool) -> Any:
    alone = "" if beside_lesson else "No catalogue of studies: only slices are served here."
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
            html.Div([ui.map_box(id, KEYS) for id in ("landscape", "map-1")], id="maps"),
            surface,
            html.P(id="interpolated", className="hint", hidden=True),
            html.P(id="map-says", className="hint"),
            html.Div(ui.downloads(FILES), className="tools"),
        ],
        hint=views, className="landscape",
    )  # fmt: skip
    side = html.Div([panels.training(), panels.point(), panels.cuts()], className="side")
    return html.Div([landscape, side], className="columns one-store")
