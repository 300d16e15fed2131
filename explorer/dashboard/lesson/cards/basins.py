"""The basin map: where descents from every point of the window end."""

from dash import html

from explorer.dashboard.common import controls as ui
from explorer.dashboard.lesson.basin_map import MORE_STEPS
from explorer.dashboard.lesson.readers import BASINS
from explorer.descent import OPTIMIZERS

SHOWN_NAMES = {"minimum": "Minimum reached", "loss": "Final loss", "steps": "Steps to settle", "diverged": "Diverged"}
ACROSS_NAMES = {"starts": "Starts (w, b)", "rates": "Start × rate"}
KEYS = (
    "Basin map. Arrow keys move the start, with Shift further, with Alt finer; plus and minus zoom, 0 resets the "
    "window."
)


def card() -> html.Div:
    """Return the map with its controls; learning rate and steps are those of the cards beside it."""
    optimizers = {name: OPTIMIZERS[name].title for name in BASINS}
    return html.Div(
        [
            html.Div(
                [
                    ui.segmented("Optimizer", ui.choices("basin", optimizers), hide="basins"),
                    ui.segmented("Show", ui.choices("show", SHOWN_NAMES), hide="basins"),
                    ui.segmented("Across", ui.choices("across", ACROSS_NAMES), hide="basins"),
                ],
                className="tools",
            ),
            ui.graph("basins", KEYS),
            ui.legend(),
            html.Ul(id="basins-kinds"),
            html.Div(html.Progress(id="basins-progress", max="1", **ui.aria(label="Descents done")), id="basins-wait",
                     hidden=True),
            html.P(id="basins-says", **ui.aria(live="polite")),
            ui.button(f"Take {MORE_STEPS:,} steps", id="basins-more", data_steps=str(MORE_STEPS), hidden=True),
            html.P(id="basins-hint", className="hint"),
        ],
        id="basins-card",
    )  # fmt: skip
