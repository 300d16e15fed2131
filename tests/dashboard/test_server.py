"""Serving: a request that runs when SIGTERM comes is finished."""

import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from tests.support.page.other_process import answered, fetched, free_port

SLOW = """
import time
from explorer.dashboard.server import serve
from experiments import STUDIES
from explorer.dashboard import create_app

app = create_app(STUDIES)
app.server.add_url_rule("/slow", "slow", lambda: (time.sleep(1.5), "finished")[1])
serve(app, "127.0.0.1", {port})
"""


def test_sigterm_lets_a_running_request_finish() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-c", SLOW.format(port=port)])
    try:
        answered(f"http://127.0.0.1:{port}/lesson")
        with ThreadPoolExecutor(1) as pool:
            reply = pool.submit(fetched, f"http://127.0.0.1:{port}/slow")
            time.sleep(0.5)
            process.terminate()
            assert reply.result() == b"finished"
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.wait()
