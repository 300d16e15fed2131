"""Serving: waitress, bound to loopback unless asked otherwise; SIGTERM lets running requests finish."""

import gc
import logging
import signal
import threading
from functools import partial
from types import FrameType
from typing import Any

import torch
from dash import Dash
from waitress.server import create_server

from explorer.dashboard.common.gate import LARGEST
from explorer.dashboard.common.overload import THREADS

PATIENCE = 10.0
"""Seconds that running requests are given after SIGTERM."""
CONNECTIONS = 2000
"""Open at once; beyond, the system lets them wait."""
IDLE = 20
"""Seconds after which a connection on which nothing comes is closed."""


def server_of(app: Dash, host: str, port: int) -> Any:
    """Return a bound server, ready to run (port 0: any free one). Raises OSError when the address cannot be bound."""
    # The page's operations are small: waking a second thread costs more than it saves, and far more on a busy machine.
    torch.set_num_threads(1)
    # torch, plotly and dash leave some 370,000 objects that live as long as the server: looking through them again
    # makes one reply in some dozens wait 0.2 s.
    gc.collect()
    gc.freeze()
    # A page asks for several things at once: that its requests wait for a thread is no news.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    return create_server(
        app.server,
        host=host,
        port=port,
        threads=THREADS,
        ident=None,
        # A request whose asker has left is known to be unwanted.
        channel_request_lookahead=1,
        # A browser keeps up to six connections, and a class sits behind one address.
        connection_limit=CONNECTIONS,
        channel_timeout=IDLE,
        cleanup_interval=IDLE // 2,
        # select() ends at 1,024 open files.
        asyncore_use_poll=True,
        # Else a body is taken, to the disk, before Flask refuses it.
        max_request_body_size=LARGEST,
    )


def serve(app: Dash, host: str, port: int) -> None:
    """Serve until SIGTERM or Ctrl-C. Raises OSError when the address cannot be bound."""
    server = server_of(app, host, port)

    # What waitress calls when it leaves its loop; by itself it would drop the waiting requests, and wait half as long.
    dispatcher = server.task_dispatcher
    dispatcher.shutdown = partial(dispatcher.shutdown, cancel_pending=False, timeout=PATIENCE)

    def stop(number: int, frame: FrameType | None) -> None:
        # Raised in the main loop, it makes waitress leave its loop and wait for its running tasks.
        raise SystemExit(0)

    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, stop)
    try:
        server.run()
    finally:
        server.close()
