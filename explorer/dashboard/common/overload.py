"""Overload: so many answers are computed at once; whoever comes beyond is told when to come again, not left waiting."""

import threading
from collections.abc import Collection

from flask import Flask, Response, abort, g, make_response, request

THREADS = 64
"""Of the server. Most of them wait for the worker, which costs nothing; scripts and pages are served by the others."""
MOST = 48
"""Answers at once."""
AGAIN = 1
"""Seconds after which to come again."""


def limit(server: Flask, paths: Collection[str]) -> None:
    """Answer 503, with Retry-After, where `MOST` answers below these paths are being computed already."""
    turns = threading.BoundedSemaphore(MOST)

    def enter() -> None:
        if request.path not in paths:
            return
        g.has_turn = turns.acquire(blocking=False)
        if not g.has_turn:
            abort(_busy())

    def leave(error: BaseException | None) -> None:
        if g.pop("has_turn", False):
            turns.release()

    server.before_request(enter)
    server.teardown_request(leave)


def _busy() -> Response:
    busy = make_response("The server is busy: more is asked for than it computes at once.", 503)
    busy.headers["Retry-After"] = str(AGAIN)
    return busy
