"""The maps: what they show, over which window, how fine, and as which file they can be kept."""

from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.lesson.cards import basins, descent, zoom

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
SIZES = (81, 161, 257, 513)
"""Points a side."""
FILES = {"png": "PNG", "svg": "SVG", "csv": "CSV", "nc": "NetCDF", "html": "HTML"}
KEYS = (
    "Loss landscape. Arrow keys move the point, with Shift further, with Alt finer; Enter takes a step; plus and minus "
    "zoom, 0 resets the window."
)


def maps_card() -> Any:
    """Return the card: one map, or one for each loss, term or path, or the same in 3D, or basins."""
    layers = html.Div(ui.toggles("layers", LAYER_NAMES), className="chips", role="group",
                      **ui.aria(label="Layers"), **ui.data(hide="layers"))  # fmt: skip
    maps = [ui.map_box(id, KEYS) for id in ("landscape", "map-1", "map-2", "map-3")]
    surface = html.Div(dcc.Graph(id="surface", figure={"data": [], "layout": {}}, config=ui.CONFIG), id="surface-card")
    sizes = ui.segmented("Points a side", ui.choices("n", {str(n): str(n) for n in SIZES}), hide="n")
    return ui.card(
        html.Span("Loss landscape L(w, b)", id="landscape-title"),
        [
            html.Div(layers, className="tools", id="layers-row"),
            html.Div(maps, id="maps"),
            descent.race(),
            surface,
            basins.card(),
            html.Div([html.P(id="arrow-scale", className="hint"), html.P(id="places", className="hint")]),
            html.Div([zoom.buttons(), sizes, ui.downloads(FILES)], className="tools"),
        ],
        hint=ui.segmented("View", ui.choices("view", VIEW_NAMES), hide="view"),
        className="landscape",
    )
