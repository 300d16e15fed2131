"""The card of descent: optimizers walking from the point, a transport to watch them, what became of them."""

from typing import Any

from dash import html

from explorer.dashboard.common import controls as ui
from explorer.descent import SCHEDULES

SCHEDULE_NAMES = {"none": "Constant", "step": "Steps", "cosine": "Cosine", "exponential": "Exponential",
                  "warmup": "Warm-up"}  # fmt: skip
SPEEDS = {"0.25": "¼×", "1": "1×", "4": "4×"}


def descent() -> Any:
    """Return the card; the script fills in chips, rows, charts and sentences."""
    return ui.card(
        "Descent",
        [
            html.Div(id="optimizers", className="chips", role="group", **ui.aria(label="Optimizers")),
            _transport(),
            _settings(),
            html.Div([_charts(), _results()], id="walks"),
        ],
        id="descent", hint="torch.optim from θ₀; several at once", hide="descent",
    )  # fmt: skip


def race() -> html.Div:
    """Return what stands below the maps of a race: who leads at the transport's step."""
    return html.Div(
        [html.H3("Lowest loss at this step"), html.Ol(id="leaders"), html.P(id="race-says", className="hint")],
        id="race", hidden=True,
    )  # fmt: skip


def _settings() -> html.Div:
    names = {name: SCHEDULE_NAMES.get(name, name) for name in SCHEDULES}
    return html.Div(
        [
            ui.number("steps", "steps", step="1"),
            html.Div(ui.number("batch", "mini-batch (0: all)", step="1"), className="targets-only"),
            html.Div(ui.number("seed", "seed", step="1"), id="seed-control"),
            ui.segmented("Schedule", ui.choices("schedule", names), hide="descent"),
        ],
        className="settings",
    )


def _transport() -> html.Div:
    buttons = [
        ui.button("|◀", id="rewind", title="Rewind to θ₀", **ui.aria(label="Rewind to θ₀")),
        ui.button("◀", id="walk-back", title="One step back", **ui.aria(label="One step back")),
        ui.button("Play", id="play", className="primary"),
        ui.button("▶", id="walk-on", title="One step on", **ui.aria(label="One step on")),
        ui.button("▶|", id="walk-end", title="To the end", **ui.aria(label="To the end")),
    ]
    speeds = [ui.button(label, data_speed=speed, **ui.aria(pressed="false")) for speed, label in SPEEDS.items()]
    return html.Div(
        [
            html.Div(buttons, className="segmented", role="group", **ui.aria(label="Transport")),
            ui.slider("at", "Step", 0, 200, 1),
            html.Output("–", id="at-says", htmlFor="at"),
            html.Div(speeds, className="segmented", role="group", id="speeds", **ui.aria(label="Speed")),
        ],
        id="transport", className="transport",
    )  # fmt: skip


def _charts() -> html.Div:
    charts = [("loss-chart", "Loss, log scale"), ("norm-chart", "‖∇L‖, log scale")]
    return html.Div(
        [html.Div([html.H3(title), html.Div(className="chart", id=id)]) for id, title in charts], className="two"
    )


def _results() -> html.Div:
    return html.Div(
        [
            html.Div(id="results", className="scroll", role="region", tabIndex="0",
                     **ui.aria(label="What became of each")),
            html.Div(id="descent-live", **ui.aria(live="polite")),
            html.Div(
                [ui.button("Fit view", id="fit-view", hidden=True),
                 ui.button("Download animation", id="download-race", data_download="race")],
                className="tools",
            ),
            ui.folded("The training loop in PyTorch", [html.Pre(id="training-code", tabIndex="0")], id="training"),
        ]
    )  # fmt: skip
