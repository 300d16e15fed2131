"""Register: a page put on a server: its app, its layout, its callbacks, its scripts."""

import logging
from typing import Any

import flask
from dash import Dash, Input, Output, dcc, html

from explorer.dashboard.common.frame import DOCUMENT, assets_left_out
from explorer.dashboard.common.page import Page

SCRIPTS = "scripts"
"""Word below a page's prefix where scripts from outside of assets/ are served."""


def add_page(server: flask.Flask, page: Page) -> Dash:
    """Serve a page below its prefix; return its app.

    Raises:
        ValueError: two of its scripts have one name.
    """
    app = Dash(
        "explorer.dashboard",
        # Dash takes a server of Flask's, though its signature does not say so.
        server=server,  # type: ignore[arg-type]
        url_base_pathname=page.prefix,
        title=page.title,
        update_title="",
        index_string=DOCUMENT,
        serve_locally=True,
        assets_path_ignore=assets_left_out(page.assets),
        external_scripts=_scripts(server, page),
    )
    app.logger.setLevel(logging.WARNING)
    stores = [dcc.Store(id="schema", data=dict(page.schema)), *(dcc.Store(id=name) for name in page.stores)]
    app.layout = html.Div([*stores, *page.layout], id="page", className=page.kind)
    register(app, page)
    for word, answer in page.routes.items():
        server.add_url_rule(f"{page.prefix}{word}", word, answer)
    if page.prefix != "/":
        # Dash answers below the prefix; the address that is linked has no slash at its end.
        server.add_url_rule(page.prefix.rstrip("/"), f"{page.assets} page", app.index)
    return app


def register(app: Dash, page: Page) -> None:
    """Connect every answer of a page to the question that asks for it, and hand the script what it is told."""
    in_browser: Any = app.clientside_callback
    for each in page.answers:
        app.callback(Output(*each.target), Input(each.question, "data"), prevent_initial_call=True)(each.function)
    in_browser(
        "(schema) => { explorer.open(schema); return dash_clientside.no_update; }",
        Output("schema", "modified_timestamp"),
        Input("schema", "data"),
    )
    for store in (each.target[0] for each in page.answers if each.told):
        script = f"(data) => {{ if (data) explorer.receive({store!r}, data); return dash_clientside.no_update; }}"
        in_browser(script, Output(store, "modified_timestamp"), Input(store, "data"), prevent_initial_call=True)


def _scripts(server: flask.Flask, page: Page) -> list[str]:
    """Serve the page's own scripts; return their addresses, which change with the files."""
    paths = {path.name: path for path in page.scripts}
    if len(paths) < len(page.scripts):
        raise ValueError(f"expected scripts of different names; got {', '.join(map(str, page.scripts))}: rename one")
    if not paths:
        return []

    def script(name: str) -> flask.Response:
        return (
            flask.Response(paths[name].read_bytes(), mimetype="text/javascript") if name in paths else flask.abort(404)
        )

    server.add_url_rule(f"{page.prefix}{SCRIPTS}/<name>", f"{page.assets} scripts", script)
    return [f"{page.prefix}{SCRIPTS}/{name}?m={int(path.stat().st_mtime)}" for name, path in paths.items()]
