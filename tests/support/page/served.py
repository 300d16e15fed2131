"""A page served in this process on a free port, for as long as it is looked at."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from waitress import wasyncore

from explorer.dashboard.server import server_of


@contextmanager
def served(app: Any) -> Iterator[str]:
    """Yield the address of a served app."""
    server = server_of(app, "127.0.0.1", 0)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.effective_port}"
    finally:
        # Answers first: they wake the loop by what is closed next. Then from within the loop, which would otherwise
        # look at what is closed already.
        server.task_dispatcher.shutdown()
        server.trigger.pull_trigger(lambda: wasyncore.close_all(server._map, ignore_all=True))
        thread.join(10)
