"""Cards below a slice: its report, its checkpoints, what it cannot show, how it was made and how to make it again."""

import json
from collections.abc import Mapping
from typing import Any

from dash import html

from explorer.dashboard import controls as ui
from explorer.dashboard.slices.limits import limits
from explorer.dashboard.slices.marks import checkpoints
from explorer.dashboard.slices.quantities import nested
from explorer.dashboard.slices.reproduce import command, program
from explorer.figures.projections import FAR
from explorer.figures.theme import number

Attrs = Mapping[str, Any]
MOST_ROWS = 60
LONGEST = 4000
"""Characters of an attribute that are shown."""
SIGNS = {"ok": "✓ fine", "warn": "! look", "info": "· note"}
NESTED = ("report", "checkpoints")
"""Attributes with cards of their own."""


def about(attrs: Attrs, name: str) -> list[Any]:
    """Return the cards of a store; everything in its attributes is shown as text."""
    return [
        html.Div([_report(attrs), limits(attrs)], className="two"),
        html.Div([*_checkpoints(attrs), _reproduce(attrs, name)], className="two some"),
        _provenance(attrs),
    ]


def _report(attrs: Attrs) -> Any:
    entries = [each for each in nested(attrs, "report", list) if isinstance(each, dict)]
    rows = [_finding(each) for each in entries[:MOST_ROWS]]
    body = html.Ul(rows, className="report") if rows else html.P("No report yet: it is written when the sweep ends.")
    looked = sum(each.get("status") == "warn" for each in entries)
    hint = f"{looked} to look at" if looked else "no warnings" if rows else ""
    return ui.card("Is my plot right?", [body], id="report", hint=hint, hide="report")


def _finding(entry: Mapping[str, Any]) -> html.Li:
    status = str(entry.get("status"))
    status = status if status in SIGNS else "info"
    said = [
        html.Strong(SIGNS[status], className=f"sign {status}"),
        html.Span(_text(entry.get("name")), className="name"),
    ]
    return html.Li([html.Div(said), html.Div(_text(entry.get("text")))])


def _checkpoints(attrs: Attrs) -> list[Any]:
    """The card, where there are any."""
    found = checkpoints(attrs)
    rows = [*found["points"], *found["path"]]
    if not rows:
        return []
    head = html.Thead(html.Tr([html.Th(each, scope="col") for each in
                               ("", "own loss", "loss in the plane", "distance from the plane")]))  # fmt: skip
    body = html.Tbody([html.Tr([html.Th(each["name"], scope="row"), *map(html.Td, _row(each))])
                       for each in rows[:MOST_ROWS]])  # fmt: skip
    more = f" The first {MOST_ROWS} of {len(rows)}." if len(rows) > MOST_ROWS else ""
    said = f"Dashed where the trajectory is further from the plane than {100 * FAR:.0f} % of its own size in it.{more}"
    table = html.Div(html.Table([head, body]), className="scroll", tabIndex="0", role="region",
                     **ui.aria(label="Checkpoints"))  # fmt: skip
    return [ui.card("Checkpoints", [table, html.P(said, className="hint")], id="checkpoints", hide="checkpoints")]


def _row(each: Mapping[str, Any]) -> list[str]:
    return ["–" if each[key] is None else number(each[key]) for key in ("loss", "plane_loss", "offset")]


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
    try:
        found = json.loads(value) if isinstance(value, str) else value
    except ValueError:
        return _text(value)
    if isinstance(found, dict | list):
        return html.Pre(json.dumps(found, indent=1, ensure_ascii=False)[:LONGEST])
    return _text(value)


def _text(value: Any) -> str:
    return str(value if value is not None else "")[:LONGEST]
