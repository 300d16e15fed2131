"""Panels: the cards beside the slice."""

from typing import Any

from dash import html

from explorer.dashboard.common import controls as ui


def training() -> Any:
    """Return the card of the trajectories: which, how far along, how far from the plane."""
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


def point() -> Any:
    """Return the card of numbers at the point."""
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


def cuts() -> Any:
    """Return the card of the two cuts along the axes through the point."""
    graphs = [ui.graph("cut-a", "Cut along the first axis through the point"),
              ui.graph("cut-b", "Cut along the second axis through the point")]  # fmt: skip
    return ui.card("Cuts through the point", [html.Div(graphs, id="cuts"), html.P(id="cuts-say", className="hint")],
                   hint=html.Span(id="cuts-hint"), id="cuts-card", hide="cuts")  # fmt: skip
