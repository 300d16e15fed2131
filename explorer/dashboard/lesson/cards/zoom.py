"""Zoom: the buttons that choose which part of the plane is looked at."""

from dash import html

from explorer.dashboard.common import controls as ui


def buttons() -> html.Div:
    """Return the buttons, with the width of a window that is not the target set's own."""
    group = ui.segmented(
        "Zoom",
        [
            ui.button("In", id="zoom-in", title="Half the window, about the point", **ui.aria(label="Zoom in")),
            ui.button("Out", id="zoom-out", title="Twice the window", **ui.aria(label="Zoom out")),
            ui.button(
                "Fit", id="zoom-reset", title="The window that fits the data", **ui.aria(label="Fit view to the data")
            ),
        ],
        hide="zoom",
    )
    return html.Div([group, html.Span(id="zoom-says", className="hint")], className="pair")
