"""Gate: requests are looked at before Dash sees them, and every reply carries its security headers."""

import math
from collections.abc import Sequence
from typing import Any
from urllib.parse import urlsplit

from dash import Dash
from dash.exceptions import DependencyException, InvalidResourceError
from flask import Flask, Response, abort, request
from werkzeug.exceptions import HTTPException

from explorer.dashboard.common.overload import AGAIN, limit
from explorer.dashboard.worker import UnwantedError

LARGEST = 64 * 1024
"""Bytes of a callback's body."""
DEEPEST = 8
CALLBACKS = "_dash-update-component"


def guard(apps: Sequence[Dash], hosts: tuple[str, ...], computed: Sequence[str] = ()) -> None:
    """Refuse foreign hosts and callback bodies that no page of ours sends (400), what pages of others ask for (403) and
    more than can be computed at once (503); and set each page's content policy.

    Args:
        apps: the pages of one server, each below a prefix of its own; that of the first is the shortest.
        hosts: names under which the server may be asked, "*" for any.
        computed: paths of what is computed to be read by GET.
    """
    server: Flask = apps[0].server
    server.config["MAX_CONTENT_LENGTH"] = LARGEST
    callbacks = {f"{app.config.routes_pathname_prefix}{CALLBACKS}": app for app in apps}
    policies = {app.config.routes_pathname_prefix: _policy(app) for app in apps}
    server.before_request(lambda: _check(callbacks, hosts, computed))
    limit(server, {*callbacks, *computed})
    server.register_error_handler(Exception, _failed)
    server.after_request(lambda response: _with_headers(response, policies))


def _check(callbacks: dict[str, Dash], hosts: tuple[str, ...], computed: Sequence[str]) -> None:
    if "*" not in hosts and _hostname(request.host) not in hosts:
        abort(400, f"This server answers as {', '.join(hosts)}; start it with --host to serve another name.")
    if request.path in callbacks or request.path in computed:
        _refuse_others()
    if request.path in callbacks:
        _check_body(callbacks[request.path])


def _refuse_others() -> None:
    """Refuse what a page from elsewhere has a browser ask for: it could make this machine compute for hours. A request
    that does not say where it comes from is none of a browser's."""
    site, origin = request.headers.get("Sec-Fetch-Site", "none"), request.headers.get("Origin")
    # Without the scheme: behind a proxy that ends TLS it is another one here.
    if site not in ("same-origin", "none") or (origin is not None and origin.partition("://")[2] != request.host):
        abort(403, "This is computed for the pages of this server only.")


def _hostname(host: str) -> str | None:
    """Return the name in a Host header, lower case, without port and brackets; None where it cannot be one."""
    try:
        parts = urlsplit(f"//{host}")
        return parts.hostname if parts.port is None or parts.port else None
    except ValueError:
        return None


def _failed(error: Exception) -> Any:
    if isinstance(error, HTTPException):
        return error
    if isinstance(error, UnwantedError):
        return "Nobody waits for this answer any more.", 503, {"Retry-After": str(AGAIN)}
    # Component files that do not exist: that is a 404.
    if isinstance(error, (DependencyException, InvalidResourceError)):
        return "Not found", 404
    raise error


def _with_headers(response: Response, policies: dict[str, str]) -> Response:
    # The address of a page is its prefix with or without the slash at its end.
    below = [prefix for prefix in policies if f"{request.path}/".startswith(prefix)]
    prefix = max(below, key=len, default=next(iter(policies)))
    # A page that set a stricter policy of its own keeps it.
    response.headers.setdefault("Content-Security-Policy", policies[prefix])
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Referrer-Policy"] = "same-origin"
    return response


def _policy(app: Dash) -> str:
    scripts = " ".join(["'self'", *(f"'{each}'" if not each.startswith("'") else each for each in app.csp_hashes())])
    return (
        f"default-src 'none'; script-src {scripts}; style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; "
        "font-src 'self' data:; connect-src 'self' data: blob:; worker-src 'self' blob:; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'self'"
    )


def _check_body(app: Dash) -> None:
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        body = None
    if not isinstance(body, dict) or not _plain(body):
        abort(400, "A JSON object of finite numbers, at most 8 levels deep, was expected.")
    known = app.callback_map.get(body.get("output")) if isinstance(body.get("output"), str) else None
    # What a script of the page computes has no function here.
    if known is None or "callback" not in known:
        abort(400, "No callback of this page writes that output.")
    _check_ids(body.get("inputs"), known["inputs"])
    _check_ids(body.get("state", []), known["state"])
    if body.get("outputs") != _outputs(body["output"]) or not _strings(body.get("changedPropIds", [])):
        abort(400, "The outputs must be those of the callback, and changedPropIds a list of names.")


def _outputs(output: str) -> dict[str, str]:
    id, _, property = output.rpartition(".")
    return {"id": id, "property": property}


def _strings(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(each, str) and "." in each for each in value)


def _check_ids(given: object, known: list[dict[str, str]]) -> None:
    entries = given if isinstance(given, list) else [None]
    names = [(each.get("id"), each.get("property")) if isinstance(each, dict) else None for each in entries]
    if names != [(each["id"], each["property"]) for each in known]:
        abort(400, "The inputs must be those of the callback.")


def _plain(value: object, depth: int = 0) -> bool:
    if depth > DEEPEST:
        return False
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, dict):
        return all(_plain(each, depth + 1) for each in value.values())
    return all(_plain(each, depth + 1) for each in value) if isinstance(value, list) else True
