"""The command line: help, errors without tracebacks, a server that starts, answers and finishes on SIGTERM."""

import errno
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

import explorer.dashboard
from experiments import digits
from explorer.cli import main
from explorer.dashboard.app import create_app
from tests.support.page.other_process import answered, free_port

ROOT = Path(__file__).parents[2]


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


def served(monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[Result, dict[str, Any]]:
    """What `serve` says, and what it asks the dashboard for, without a server."""
    asked: dict[str, Any] = {}
    monkeypatch.setattr(explorer.dashboard, "create_app", lambda studies, **rest: asked.update(rest, studies=studies))
    monkeypatch.setattr(explorer.dashboard, "serve", lambda app, host, port: None)
    return CliRunner().invoke(main, ["serve", *words]), asked


def test_stores_and_trust_reach_the_dashboard(monkeypatch: pytest.MonkeyPatch) -> None:
    shown, asked = served(monkeypatch)
    assert "http://127.0.0.1:8050, slices of runs on http://127.0.0.1:8050/slice" in shown.output
    assert asked["stores"] == Path("runs")
    assert asked["factories"]["digits"] is digits.objective
    assert asked["trusted"] == ()
    assert (asked["limits"].seconds, asked["limits"].memory) == (60, 4 << 30)
    _, asked = served(monkeypatch, "--stores", "results", "--trust", "train", "--trust", "more.models", "--host", "::1",
                      "--factory-seconds", "5", "--factory-gib", "0.5")  # fmt: skip
    assert asked["stores"] == Path("results")
    assert asked["trusted"] == ("train", "more.models")
    assert (asked["limits"].seconds, asked["limits"].memory) == (5, 1 << 29)
    assert asked["hosts"] == ("127.0.0.1", "localhost", "::1", "::1")


def test_options_of_serve_need_no_word(monkeypatch: pytest.MonkeyPatch) -> None:
    with_word, asked = served(monkeypatch, "--stores", "results", "--port", "8051")
    shown = CliRunner().invoke(main, ["--stores", "results", "--port", "8051"])
    assert (shown.exit_code, shown.output) == (0, with_word.output)
    assert asked["stores"] == Path("results")
    refused = CliRunner().invoke(main, ["--no-such-option"])
    assert (refused.exit_code, "No such option" in refused.output) == (2, True)
    assert "sweep" in CliRunner().invoke(main, ["--help"]).output


def test_without_a_catalogue_only_slices_are_served_and_it_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", [place for place in sys.path if Path(place).resolve() != ROOT])
    monkeypatch.delitem(sys.modules, "experiments", raising=False)
    shown, asked = served(monkeypatch)
    assert shown.exit_code == 0, shown.output
    assert "There is no catalogue of studies ('experiments') here, so there is no other page." in shown.output
    assert asked["studies"] == {}
    assert asked["factories"] == {}
    shown, _ = served(monkeypatch, "--catalogue", "experiments")
    assert shown.exit_code == 1
    assert "There is no module 'experiments' here" in shown.output


def test_a_host_that_is_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explorer.dashboard, "create_app", lambda studies, **rest: create_app(studies))
    shown = CliRunner().invoke(main, ["serve", "--host", "256.1.1.1", "--port", "0"])
    assert shown.exit_code == 1
    assert "Cannot serve on 256.1.1.1:0" in shown.stderr


def test_a_port_that_is_taken_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    def taken(app: object, host: str, port: int) -> None:
        raise OSError(errno.EADDRINUSE, "Address already in use")

    monkeypatch.setattr(explorer.dashboard, "create_app", lambda studies, **rest: None)
    monkeypatch.setattr(explorer.dashboard, "serve", taken)
    shown = CliRunner().invoke(main, ["serve", "--port", "8051"])
    assert shown.exit_code == 1
    assert isinstance(shown.exception, SystemExit)
    assert "Choose another with --port" in shown.stderr


@pytest.mark.slow
def test_a_port_that_is_taken_is_said_by_the_program() -> None:
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
        assert b"<h1" in answered(f"http://127.0.0.1:{port}/lesson")
        process.send_signal(signal.SIGTERM)
        assert process.wait(timeout=15) == 0
    finally:
        process.kill()
        process.stdout and process.stdout.close()
