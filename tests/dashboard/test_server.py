"""Serving: a request that runs when SIGTERM comes is finished."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.page.other_process import answered, fetched, free_port

SLOW = """
import time
from dash import Dash
from explorer.dashboard.server import serve

app, begun = Dash("page"), []
app.server.add_url_rule("/slow", "slow", lambda: (begun.append(1), time.sleep(0.7), "finished")[2])
app.server.add_url_rule("/begun", "begun", lambda: str(len(begun)))
serve(app, "127.0.0.1", {port})
"""
"""A server of any application: the page itself takes seconds to make."""


def test_sigterm_lets_a_running_request_finish() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SLOW.format(port=port)])
    try:
        assert answered(f"http://127.0.0.1:{port}/begun") == b"0"
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(fetched, f"http://127.0.0.1:{port}/slow")
            while fetched(f"http://127.0.0.1:{port}/begun") == b"0":
                time.sleep(0.02)
            process.terminate()
            assert reply.result() == b"finished"
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
