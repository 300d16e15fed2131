"""Frame: what is around every page: the document, the header, the notices; and which assets it loads."""

from typing import Any

from dash import html

from explorer.dashboard.common import controls as ui

DOCUMENT = """<!DOCTYPE html>
<html lang="en">
<head>{%metas%}<title>{%title%}</title>{%favicon%}{%css%}</head>
<body>{%app_entry%}{%config%}{%scripts%}{%renderer%}</body>
</html>"""
"""Dash's own document has no language and puts a footer of its own beside ours."""


def assets_left_out(page: str) -> list[str]:
    """Return Dash's `assets_path_ignore` for a page: every folder of assets but common/ and the page's own."""
    return [rf"^(?!(common|{page})$)"]


def header(where: list[Any], buttons: list[Any]) -> html.Header:
    """Return the header: the name, what says `where` one is, and the page's `buttons` before those that all have."""
    shared = [
        ui.button("Copy link", id="copy-link"),
        ui.button("Projector", id="projector", **ui.aria(pressed="false")),
        ui.button("◐", id="theme", title="Light or dark", **ui.aria(label="Light or dark")),
    ]
    name = [html.Div(className="logo", **ui.aria(hidden="true")), html.H1("Loss explorer")]
    formula = html.Span("", id="formula", className="formula")
    return html.Header([*name, *where, formula, html.Nav([*buttons, *shared], **ui.aria(label="Page"))])


def notices() -> html.Div:
    """Return the lines where a page says what it could not do, and where preview and torch disagree."""
    return html.Div(
        [html.Div(id="notes", role="alert", hidden=True), html.Div(id="disagree", role="alert", hidden=True)],
        className="notices",
    )


def skip_link(text: str) -> html.A:
    """Return the link that leads past the header, for the keyboard."""
    return html.A(text, href="#landscape", className="skip")
