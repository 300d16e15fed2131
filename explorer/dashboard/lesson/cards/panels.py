"""Panels: the cards beside and below the landscape."""

from typing import Any

from dash import dcc, html

from explorer.dashboard.common import controls as ui


def fit() -> Any:
    """Return the card of curve, targets and residuals, with the learner's own data folded in."""
    table = ui.folded(
        "Your own data",
        [
            html.Label("One x,y a line, up to 40 lines; paste from a spreadsheet.", className="hint", htmlFor="csv"),
            dcc.Textarea(id="csv", spellCheck=False),
            html.Div([ui.button("Use these points", id="csv-use"), ui.button("Add a point", id="point-add"),
                      ui.button("Remove the last", id="point-remove"), ui.button("Undo", id="data-undo")],
                     className="segmented"),
            html.P(id="csv-says", role="status"),
        ],
        id="data", **ui.data(hide="data"),
    )  # fmt: skip
    return ui.card(
        "Fit",
        [ui.graph("fit", "Fit: the model's curve, the targets and the residuals"), html.P(id="teaches"),
         html.Div(table, className="targets-only")],
        hint=html.Span(
            "drag a point; double-click adds one; Delete removes", className="targets-only", **ui.data(hide="data")
        ),
    )  # fmt: skip


def influence() -> Any:
    """Return the card that tells where minima go while a data point is moved."""
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


def readouts() -> Any:
    """Return the card of numbers at the point."""
    numbers: list[Any] = [ui.number("w", "w"), ui.number("b", "b")]
    numbers += [
        ui.readout("readout-loss", "loss L"),
        ui.readout("readout-dw", "∂L/∂w"),
        ui.readout("readout-db", "∂L/∂b"),
        ui.readout("readout-norm", "‖∇L‖"),
    ]
    return ui.card(
        "At the point",
        [
            html.Div(numbers, className="readouts"),
            html.P(id="live", **ui.aria(live="polite")),
            html.P(id="agree", className="hint"),
            html.P(id="curvature", className="hint"),
        ],
        hide="readout",
    )


def step() -> Any:
    """Return the card of one gradient-descent step, with the limits of its rate at the point."""
    rate = ui.slider("lr-slider", "Learning rate", -3, 2, 0.01)
    rate.children.append(html.Span(id="rate-ticks", **ui.aria(hidden="true")))
    return ui.card(
        "One step of gradient descent",
        [
            html.Div([rate, ui.number("lr", "as a number")], className="pair"),
            html.Div(
                [html.Div([ui.button("Step", id="step", className="primary"), ui.button("Undo", id="step-undo"),
                           ui.button("Back to θ₀", id="step-back")], className="segmented"),
                 html.Div([ui.button("Best rate here", id="rate-best"), ui.button("2/λmax", id="rate-stable")],
                          className="segmented", role="group", **ui.aria(label="Set the rate"))],
                className="tools",
            ),
            html.P(id="step-says", className="hint", **ui.aria(live="polite")),
            html.P(id="rate-says", className="hint"),
        ],
        hide="step",
    )  # fmt: skip


def below() -> html.Div:
    """Return what stands below: loss against residual, the terms, the tape, the code."""
    terms = ui.card("Why the weight matters", [html.Div(id="terms-says")], className="terms-only")
    return html.Div([_residuals(), terms, _tape(), _code()], className="below")


def _residuals() -> Any:
    return ui.card(
        "Loss against residual",
        [
            html.Div([ui.graph("ell", "ℓ(r) of every loss, with the residuals as dots"),
                      ui.graph("ell-slope", "ℓ′(r) of every loss, with the residuals as dots")], className="two"),
            html.P(id="ell-says"),
        ],
        id="ell-card", hint="never negative, zero at zero, growing with the error", hide="losses",
        className="targets-only",
    )  # fmt: skip


def _tape() -> Any:
    return ui.card(
        "Autograd, opened up",
        [
            html.Div(
                [html.Div(id="tape-points", className="segmented", role="group", **ui.aria(label="Data point")),
                 html.Div([ui.button("◀", id="tape-back", **ui.aria(label="One step back")),
                           ui.button("▶", id="tape-forward", **ui.aria(label="One step forward")),
                           ui.button("All", id="tape-all")], className="segmented"),
                 html.Span(id="tape-step", className="hint", **ui.aria(live="polite"))],
                className="tools",
            ),
            html.Div(id="tape"),
            html.Div(id="chain"),
            ui.folded("What if the loss is a vector?", [html.P(id="vector")]),
        ],
        hint="the tape that backward() walks", hide="tape", className="targets-only",
    )  # fmt: skip


def _code() -> Any:
    return ui.card(
        "The same in PyTorch",
        [html.Div([ui.button("Copy", id="copy-code")], className="tools"), html.Pre(id="code", tabIndex="0")],
        id="code-card", hint="runs as it stands", hide="code",
    )  # fmt: skip
