"""Cards below a slice: its report, its checkpoints, what it cannot show, how it was made and how to make it again."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr
from dash import dcc, html

from explorer import figures
from explorer.dashboard.common import controls as ui
from explorer.dashboard.stores.between_points import thinned
from explorer.dashboard.stores.cards.cannot_show import limits
from explorer.dashboard.stores.cards.reproduce import command, program
from explorer.dashboard.stores.checkpoint_marks import checkpoints
from explorer.figures.projections import FAR, spread_words
from explorer.landscape import ReportEntry, nested, parsed, report_of
from explorer.numerics.text import number, percent

Attrs = Mapping[str, Any]
MOST_ROWS = 60
LONGEST = 4000
"""Characters of an attribute that are shown."""
SIGNS = {"ok": "✓ fine", "warn": "! look", "info": "· note"}
NESTED = ("report", "checkpoints", "sharpness")
"""Attributes with cards of their own."""


def about(attrs: Attrs, name: str) -> list[Any]:
    """Return the cards of a store; everything in its attributes is shown as text."""
    return [
        html.Div([_report(attrs), limits(attrs)], className="two"),
        *_sharpness(attrs),
        html.Div([*_checkpoints(attrs), _reproduce(attrs, name)], className="two some"),
        _provenance(attrs),
    ]


def _report(attrs: Attrs) -> Any:
    entries = report_of(attrs)
    rows = [_finding(each) for each in entries[:MOST_ROWS]]
    body = html.Ul(rows, className="report") if rows else html.P("No report yet: it is written when the sweep ends.")
    looked = sum(each.status == "warn" for each in entries)
    hint = f"{looked} to look at" if looked else "no warnings" if rows else ""
    return ui.card("Is my plot right?", [body], id="report", hint=hint, hide="report")


def _finding(entry: ReportEntry) -> html.Li:
    said = [
        html.Strong(SIGNS[entry.status], className=f"sign {entry.status}"),
        html.Span(_text(entry.name), className="name"),
    ]
    return html.Li([html.Div(said), html.Div(_text(entry.text))])


def _checkpoints(attrs: Attrs) -> list[Any]:
    """The card, where there are any."""
    found = checkpoints(attrs)
    each = [(mark, None) for mark in found["points"]]
    each += [(mark, run["size"]) for run in found["runs"] for mark in _some(run["path"], len(found["runs"]))]
    if not each:
        return []
    heads = ("", "own loss", "loss in the plane", "distance from the plane", "of its path's size")
    head = html.Thead(html.Tr([html.Th(words, scope="col") for words in heads]))
    body = html.Tbody([html.Tr([html.Th(mark["name"], scope="row"), *map(html.Td, _row(mark, size))])
                       for mark, size in each[:MOST_ROWS]])  # fmt: skip
    table = html.Div(html.Table([head, body]), className="scroll", tabIndex="0", role="region",
                     **ui.aria(label="Checkpoints"))  # fmt: skip
    hints = [spread_words(attrs), _said(found, len(each))]
    words = [html.P(text, className="hint") for text in hints if text]
    return [ui.card("Checkpoints", [table, *words], id="checkpoints", hide="checkpoints")]


def _said(found: Mapping[str, Any], rows: int) -> str:
    """Return what a reader of the table has to know."""
    if not found["runs"]:
        return f"The first {MOST_ROWS} of {len(found['points'])}." if rows > MOST_ROWS else ""
    whole = sum(len(run["path"]) for run in found["runs"]) + len(found["points"])
    some = f" {min(rows, MOST_ROWS)} of {whole} are listed." if min(rows, MOST_ROWS) < whole else ""
    how = "Dashed" if len(found["runs"]) == 1 else "Dotted"
    return f"{how} where a trajectory is further from the plane than {percent(FAR)} of its own size in it.{some}"


def _some(path: list[dict[str, Any]], runs: int) -> list[dict[str, Any]]:
    """Return a run's share of the rows, evenly along it and with both ends."""
    most = max(2, (MOST_ROWS - 10) // runs)
    return [path[i] for i in thinned(len(path), most)]


def _row(each: Mapping[str, Any], size: float | None) -> list[str]:
    share = percent(each["offset"] / size) if size else "–"
    return [*("–" if each[key] is None else number(each[key]) for key in ("loss", "plane_loss", "offset")), share]


def _sharpness(attrs: Attrs) -> list[Any]:
    """The card, where sharpness was measured along training."""
    try:
        columns = {name: np.array(values, np.float64) for name, values in nested(attrs, "sharpness", dict).items()}
        found = xr.Dataset({name: (("rate", "step"), columns[name]) for name in ("sharpness", "loss")},
                           {name: columns[name] for name in ("rate", "step")})  # fmt: skip
        figure = figures.sharpness(found).update_layout(title=None, margin={"t": 40})
    except (KeyError, ValueError, TypeError, IndexError, OverflowError):
        return []
    said = "Dotted: 2 / rate, above which gradient descent diverges on a quadratic. Where sharpness rises to it and "
    said += "stays, the curvature at the start does not tell the largest rate."
    graph = dcc.Graph(figure=figure, config=ui.CONFIG, responsive=True, className="sharpness")
    drawn = html.Div(graph, role="img", **ui.aria(label="Sharpness and loss against the step, for each rate"))
    words = html.P(said, className="hint")
    return [ui.card("Sharpness along training", [drawn, words], id="sharpness", hide="training")]


def _reproduce(attrs: Attrs, name: str) -> Any:
    words = command(attrs, name)
    shell = [html.H3("Command line"), html.Div(ui.button("Copy", id="copy-command"), className="tools"),
             html.Pre(words, id="command", tabIndex="0")] if words else []  # fmt: skip
    python = [html.H3("Python"), html.Div(ui.button("Copy", id="copy-code"), className="tools"),
              html.Pre(program(attrs, name), id="code", tabIndex="0")]  # fmt: skip
    return ui.card("Make it again", [*shell, *python], id="code-card", hide="code")


def _provenance(attrs: Attrs) -> Any:
    rows = [(key, value) for key, value in sorted(attrs.items()) if key not in NESTED]
    body = [html.Tr([html.Th(_text(key), scope="row"), html.Td(_value(value))]) for key, value in rows]
    table = html.Div(html.Table(html.Tbody(body)), className="scroll provenance", tabIndex="0", role="region",
                     **ui.aria(label="Provenance"))  # fmt: skip
    return ui.card("Provenance", [ui.folded(f"{len(rows)} attributes", [table])], id="provenance", hide="provenance")


def _value(value: Any) -> Any:
    """Nested values are JSON text in a store; here they are laid out."""
    found = parsed(value)
    if isinstance(found, dict | list):
        return html.Pre(json.dumps(found, indent=1, ensure_ascii=False)[:LONGEST])
    return _text(value)


def _text(value: Any) -> str:
    return str(value if value is not None else "")[:LONGEST]
