"""Controls: the page's buttons, inputs and cards, in plain accessible HTML."""

from collections.abc import Mapping
from typing import Any

from dash import dcc, html

CONFIG: Any = {"displayModeBar": False, "showSendToCloud": False, "plotlyServerURL": "", "doubleClick": False}
"""For every graph: no button that would send a chart anywhere."""


def data(**attributes: str) -> dict[str, Any]:
    """Return `data-` attributes: data(set_key="loss") -> {"data-set-key": "loss"}."""
    return {f"data-{name.replace('_', '-')}": value for name, value in attributes.items()}


def aria(**attributes: str) -> dict[str, Any]:
    """Return `aria-` attributes: aria(label="Loss") -> {"aria-label": "Loss"}."""
    return {f"aria-{name}": value for name, value in attributes.items()}


def button(label: str, *, id: str | None = None, title: str | None = None, **attributes: Any) -> html.Button:
    """Return a button; keyword arguments beginning with `data_` become data attributes."""
    datas = {name.removeprefix("data_"): attributes.pop(name) for name in list(attributes) if name.startswith("data_")}
    given = {"id": id, "title": title, "type": "button", **attributes, **data(**datas)}
    return html.Button(label, **{name: value for name, value in given.items() if value is not None})


def choices(key: str, names: Mapping[str, str], *, prefix: str = "") -> list[html.Button]:
    """Return one button a value of a state key; the script marks the chosen one with aria-pressed."""
    return [
        button(label, id=f"{prefix or key}-{name}", data_set_key=key, data_value=name, **aria(pressed="false"))
        for name, label in names.items()
    ]


def toggles(key: str, names: Mapping[str, str]) -> list[html.Button]:
    """Return one button a member of a state key that holds several."""
    return [
        button(label, id=f"{key}-{name}", className="chip", data_toggle_key=key, data_value=name,
               **aria(pressed="false"))
        for name, label in names.items()
    ]  # fmt: skip


def segmented(label: str, buttons: list[Any], *, hide: str) -> html.Div:
    """Return a labelled row of joined buttons that an instructor can hide by name."""
    group = html.Div(buttons, className="segmented", role="group", **aria(label=label))
    return html.Div([html.Span(label, className="label"), group], className="control", **data(hide=hide))


def number(id: str, label: str, *, step: str = "any") -> html.Label:
    """Return a labelled number input; the script alone writes its value."""
    field = dcc.Input(id=id, type="number", step=step)
    return html.Label([html.Span(label, className="label"), field], htmlFor=id, className="field")


def slider(id: str, label: str, low: float, high: float, step: float) -> html.Label:
    """Return a labelled native range input (what it stands for is the script's to say)."""
    field = dcc.Input(id=id, type="range", min=low, max=high, step=step)
    return html.Label([html.Span(label, className="label"), field], htmlFor=id, className="field wide")


def readout(id: str, label: str) -> html.Div:
    """Return one number of the readout; the script fills in text, data-value and data-source."""
    value = html.Output("–", id=id, className="number", **data(value="", source="preview"))
    return html.Div([html.Span(label, className="label"), value], className="readout")


def graph(id: str, label: str) -> html.Div:
    """Return a graph with a drawing layer above it; `label` is its name for those who cannot see it."""
    figure: Any = {"data": [], "layout": {"xaxis": {"visible": False}, "yaxis": {"visible": False}}}
    inner = dcc.Graph(id=id, figure=figure, config=CONFIG, responsive=True)
    return html.Div(inner, className="plot", **data(plot=id, label=label))


def card(
    title: Any, body: list[Any], *, id: str | None = None, hint: Any = "", hide: str = "", **attributes: Any
) -> Any:
    """Return a titled region of the page."""
    heading = html.Div([html.H2(title), html.Span(hint, className="hint")], className="heading")
    given = {"id": id, "className": "card " + attributes.pop("className", ""), **attributes, **data(hide=hide or "-")}
    return html.Section([heading, *body], **{name: value for name, value in given.items() if value is not None})


def folded(summary: str, body: list[Any], **attributes: Any) -> html.Details:
    """Return a part that opens on demand."""
    return html.Details([html.Summary(summary), *body], **attributes)


def legend() -> html.Div:
    """Return the place of a map's legend; the script fills it in."""
    said = [html.Span(className="says"), html.Span(className="under-pointer")]
    return html.Div([html.Div(className="bar"), html.Div(className="ticks"), html.Div(said)], className="legend")


def map_box(id: str, label: str) -> html.Div:
    """Return a map with its title and its legend; `label` is its name for those who cannot see it."""
    parts = [html.H3("", className="map-title"), graph(id, label), legend()]
    return html.Div(parts, className="map", **data(map=id))


def downloads(kinds: Mapping[str, str]) -> html.Div:
    """Return one button for each file (kind -> label) that what is drawn can be saved as."""
    buttons = [button(label, id=f"download-{kind}", data_download=kind) for kind, label in kinds.items()]
    return segmented("Download", buttons, hide="downloads")
