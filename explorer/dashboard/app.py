"""The dashboard as a function of a catalogue: create_app."""

from collections.abc import Callable, Mapping
from pathlib import Path

import flask
from dash import Dash
from flask_compress import Compress

from explorer.dashboard.child import Limits
from explorer.dashboard.common.gate import guard
from explorer.dashboard.common.page import Page
from explorer.dashboard.common.register import add_page
from explorer.dashboard.lesson.page import lesson_page
from explorer.dashboard.printed import page as printed_page
from explorer.dashboard.stores.objectives.trust import Trust
from explorer.dashboard.stores.page import PREFIX, stores_page
from explorer.objective import Objective
from explorer.study import Study

LOOPBACK = ("127.0.0.1", "localhost", "::1")


def create_app(
    studies: Mapping[str, Study],
    *,
    hosts: tuple[str, ...] = LOOPBACK,
    stores: Path | None = None,
    factories: Mapping[str, Callable[..., Objective]] = {},
    trusted: tuple[str, ...] = (),
    limits: Limits = Limits(),  # noqa: B008
) -> Dash:
    """Return the dashboard for a catalogue of studies and a folder of stores.

    Args:
        studies: Name -> study, in the order shown; the first is opened when the address names none. Where there are
            none only /slice is served, to which / leads.
        hosts: Names under which the server may be asked ("*" for any), against DNS rebinding.
        stores: Folder whose stores are shown at /slice; None leaves that page out.
        factories: The catalogue's functions that return an Objective, all that a store may ask to have called: a store
            is data. They are called in a process of their own.
        trusted: Modules, each with what lies below it, whose functions annotated as returning an Objective may be
            called too.
        limits: What each such process may take: seconds for one answer, and memory.

    Raises:
        ValueError: If the catalogue is empty and there is no folder of stores, or a factory is no function at the top
            of a module.
    """
    server = flask.Flask("explorer.dashboard", static_folder=None)
    pages = _pages(studies, stores, Trust.of(factories.values(), trusted), limits)
    apps = [add_page(server, page) for page in pages]
    server.add_url_rule("/healthz", "health", lambda: {"status": "ok"})
    if studies:
        printed_page.register(server, next((study.lesson for study in studies.values() if study.lesson), ""))
    else:
        server.add_url_rule("/", "start", lambda: flask.redirect(PREFIX.rstrip("/")))
    server.config |= {"COMPRESS_ALGORITHM": ["gzip"], "COMPRESS_LEVEL": 5}
    Compress(server)
    guard(apps, hosts, [f"{page.prefix}{word}" for page in pages for word in page.routes])
    return apps[0]


def _pages(studies: Mapping[str, Study], stores: Path | None, trust: Trust, limits: Limits) -> list[Page]:
    """Return the pages that there is something for, that of the shortest prefix first."""
    if not studies and stores is None:
        raise ValueError("A catalogue with at least one study was expected, an empty one came; add one to STUDIES.")
    lesson = [lesson_page(studies, {} if stores is None else {"Slices": PREFIX.rstrip("/")})] if studies else []
    return lesson if stores is None else [*lesson, stores_page(stores, trust, limits, beside_lesson=bool(studies))]
