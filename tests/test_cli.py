"""The command line: help, errors without tracebacks, a server that starts, answers and finishes on SIGTERM."""

import signal
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from click.testing import CliRunner

from explorer.cli import main


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def test_help_teaches_by_example() -> None:
    shown = CliRunner().invoke(main, ["serve", "--help"])
    assert shown.exit_code == 0
    assert "python -m explorer serve --catalogue my_studies" in shown.output


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["serve", "--catalogue", "no_such_module"], "There is no module 'no_such_module'"),
        (["serve", "--catalogue", "json"], "expected to define STUDIES"),
        (["serve", "--port", "70000"], "70000"),
    ],
)
def test_errors_are_sentences(arguments: list[str], said: str) -> None:
    shown = CliRunner().invoke(main, arguments)
    assert shown.exit_code in (1, 2)
    assert said in shown.output
    assert "Traceback" not in shown.output


def test_a_port_that_is_taken_is_said() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        command = [sys.executable, "-m", "explorer", "serve", "--port", str(taken.getsockname()[1])]
        shown = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert shown.returncode == 1
    assert "Choose another with --port" in shown.stderr
    assert "Traceback" not in shown.stderr


def test_it_serves_on_loopback_and_sigterm_ends_it() -> None:
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "explorer", "serve", "--port", str(port)],
                               stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)  # fmt: skip
    try:
        assert process.stdout is not None
        assert f"http://127.0.0.1:{port}" in process.stdout.readline()
        deadline = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/lesson", timeout=5) as reply:
                    assert b"<h1" in reply.read()
                break
            except OSError:
                assert time.monotonic() < deadline, "the server never answered"
                time.sleep(0.1)
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.stdout and process.stdout.close()
