"""Serving: a request that runs when SIGTERM comes is finished."""

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.support.page import dash_calls
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


def taken() -> tuple[int, int]:
    """Resident bytes and open files of this process."""
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE"), len(os.listdir("/proc/self/fd"))


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="tells of itself on Linux only")
def test_ten_thousand_requests_leave_memory_and_files_as_they_were() -> None:
    client = create_app(STUDIES).server.test_client()
    questions = {"point.data": "commit", "map.data": "scene", "minima.data": "minima-query"}

    def ask(number: int) -> None:
        # Every tenth changes the map: those are remembered, up to a bound.
        output = "point.data" if number % 10 else ("map.data", "minima.data")[number // 10 % 2]
        loss = f"loss=huber&delta={0.1 + number % 1000 / 1000:.3f}" if number % 10 == 0 else "loss=mse"
        query = f"{loss}&w={number % 97 / 20 - 2:.3f}&b={number % 89 / 20 - 2:.3f}&n=33"
        assert (
            client.post(
                "/_dash-update-component", json=dash_calls.body(output, questions[output], {"query": query})
            ).status_code
            == 200
        )

    for number in range(1000):
        ask(number)
    memory, files = taken()
    for number in range(1000, 10_000):
        ask(number)
    later, still = taken()
    assert still <= files
    assert later <= 1.05 * memory
