"""The app of the page /slice: a Dash app of its own, below the server of the lesson's page or alone."""

import logging
from pathlib import Path
from typing import Any

import flask
from dash import Dash

from explorer.dashboard.common.frame import PAGE, assets_left_out
from explorer.dashboard.stores.answers import Answers, register
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.page import layout

PREFIX = "/slice/"


def add_slices(server: flask.Flask, stores: Path, trusted: tuple[str, ...]) -> Dash:
    """Add the page to a server that shows studies too."""
    return _app(server, stores, trusted, lesson=True)


def slices_alone(stores: Path, trusted: tuple[str, ...]) -> Dash:
    """Return a server of this page alone, to which / leads."""
    server = flask.Flask("explorer.dashboard", static_folder=None)
    app = _app(server, stores, trusted, lesson=False)
    server.add_url_rule("/", "start", lambda: flask.redirect(PREFIX.rstrip("/")))
    return app


def _app(server: flask.Flask, stores: Path, trusted: tuple[str, ...], *, lesson: bool) -> Dash:
    # Dash takes a server of Flask's, though its signature does not say so.
    given: Any = {"server": server, "url_base_pathname": PREFIX}
    app = Dash("explorer.dashboard", title="Slices · Loss explorer", update_title="", serve_locally=True,
               index_string=PAGE, assets_path_ignore=assets_left_out("stores"), **given)  # fmt: skip
    app.logger.setLevel(logging.WARNING)
    app.layout = layout(str(stores), lesson)
    register(app, Answers(Folder(stores), trusted))
    # Dash answers below the prefix; the address that is linked has no slash at its end.
    server.add_url_rule(PREFIX.rstrip("/"), "slices", app.index)
    return app
