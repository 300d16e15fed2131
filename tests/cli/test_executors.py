"""sweep --workers and --scheduler: words that do not go together, and processes that do the work."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner, Result
from distributed.security import Security

from explorer import open_landscape
from explorer.cli import main

FACTORY = "tests.support.killed.train:objective"
MARKED = "tests.support.cluster_cases:slope"
ROOT = Path(__file__).parents[2]
FREE = ("--port", "0", "--dashboard-address", "127.0.0.1:0")
FILES = ("--tls-ca", "ca.pem", "--tls-cert", "own.pem", "--tls-key", "own.key")


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


@pytest.fixture
def _certificates(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in FILES[1::2]:
        (tmp_path / name).write_text("")


@pytest.mark.usefixtures("_certificates")
@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--workers", 0), "0 is not in the range x>=1"),
        (("--workers", "two"), "'two' is not a valid integer"),
        (("--workers", 2, "--scheduler", "tls://here:8786"), "not both"),
        (("--workers", 2, *FILES), "are for a --scheduler; there is none"),
        (FILES[:2], "are for a --scheduler; there is none"),
        (("--scheduler", "tls://here:8786"), "missing: --tls-ca, --tls-cert, --tls-key"),
        (("--scheduler", "tls://here:8786", *FILES[:4]), "missing: --tls-key"),
        (("--scheduler", "tls://here:8786", *FILES[2:]), "missing: --tls-ca"),
        (("--scheduler", "tls://here:8786", *FILES[:4], "--tls-key", "none.key"), "File 'none.key' does not exist"),
        (("--scheduler", "tcp://127.0.0.1:8786", *FILES), "are for tls://; the --scheduler is tcp://"),
        (
            ("--scheduler", "tcp://127.0.0.1:8786", *FILES[:2]),
            "takes all of --tls-ca, --tls-cert, --tls-key; missing: --tls-cert",
        ),
        (("--scheduler", "tcp://10.0.0.7:8786"), "can run code as you"),
        (("--scheduler", "tcp://node7:8786"), "can run code as you"),
        (("--scheduler", "tcp://127.0.0.1.evil.org:8786"), "can run code as you"),
        (("--scheduler", "node7:8786"), "expected --scheduler tls://host:port; got 'node7:8786'"),
        (("--scheduler", "ucx://node7:8786"), "expected --scheduler tls://host:port"),
        (("--scheduler", "tls://node7"), "expected --scheduler tls://host:port"),
    ],
)
def test_words_that_do_not_go_together_are_told_before_anything_is_made(
    tmp_path: Path, words: tuple[object, ...], said: str
) -> None:
    # A factory that is not there: nobody has looked for it yet.
    shown = run("sweep", "no_such_module:objective", *words, "--out", tmp_path / "x.zarr")
    assert shown.exit_code == 2, shown.output
    # Click breaks its lines where it likes.
    assert " ".join(said.split()) in " ".join(shown.output.replace("\n", " ").split())
    assert "Traceback" not in shown.output
    assert not (tmp_path / "x.zarr").exists()


def test_a_scheduler_that_is_not_there_is_one_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dask

    with dask.config.set({"distributed.comm.timeouts.connect": "0.5s"}):
        shown = run("sweep", FACTORY, "--scheduler", "tcp://127.0.0.1:9", "--out", tmp_path / "x.zarr")
    assert shown.exit_code == 1, shown.output
    assert "tcp://127.0.0.1:9" in shown.output
    assert "Traceback" not in shown.output


def test_without_dask_the_cure_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    shown = run("sweep", FACTORY, "--workers", 2, "--out", tmp_path / "x.zarr")
    assert shown.exit_code == 1
    assert "pip install 'landscape-explorer[cluster]'" in shown.output


def command(path: Path, *words: object) -> list[str]:
    return [sys.executable, "-m", "explorer", "sweep", *map(str, words), "--out", str(path)]


def finished(path: Path, *words: object) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command(path, *words), cwd=ROOT, text=True, capture_output=True, timeout=300)


@pytest.mark.slow
def test_two_workers_do_what_one_process_does(tmp_path: Path) -> None:
    words = (FACTORY, "--points", 21, "--seed", "0,1", "--quantities", "loss,gradient")
    done = finished(tmp_path / "two.zarr", *words, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert "two.zarr is finished." in done.stdout
    assert done.stderr == ""
    assert run("sweep", *words, "--out", tmp_path / "one.zarr").exit_code == 0
    two, one = open_landscape(tmp_path / "two.zarr"), open_landscape(tmp_path / "one.zarr")
    for name in ("loss", "gradient", "status"):
        # Chunks of other sizes round sums of three terms differently.
        np.testing.assert_allclose(two[name], one[name], rtol=1e-14)
    assert json.loads(two.attrs["source"])["factory"] == FACTORY


@pytest.mark.slow
def test_a_point_that_kills_its_worker_is_marked_and_the_rest_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    # No process has the number 0: everywhere else than in the driver, which times points of its own, is everywhere.
    words = (MARKED, "--directions", "axes", "--entries", "w,b", "--points", 17, "--radius", 8, "--quantities", "loss")
    trouble = ("--set", "driver=0", "--set", "at=7", "--set", "b=-3", "--set", "kind=kill", "--set", "wait=0.02")
    done = finished(path, *words, *trouble, "--workers", 2)
    assert done.returncode == 3, done.stderr
    found = open_landscape(path)
    assert int(found["status"].sel(w=7, b=-3)) == 3
    failed = int((found["status"] == 3).sum())
    assert 1 <= failed <= 30
    assert f"holds {289 - failed} of 289 points; the others failed" in done.stdout
    assert f"Warning: {failed} of 289 points could not be evaluated (WorkerError: its worker died" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.slow
def test_ctrl_c_ends_workers_and_keeps_what_is_done(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    words = (FACTORY, "--points", 41, "--set", "wait=0.02", "--workers", 2)
    process = subprocess.Popen(command(path, *words), cwd=ROOT, text=True, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, start_new_session=True)  # fmt: skip
    deadline = time.monotonic() + 120
    while not (path.exists() and open_landscape(path).attrs["done_points"]):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    # As a terminal does it: to the whole group, workers among them.
    os.killpg(process.pid, signal.SIGINT)
    _, said = process.communicate(timeout=60)
    assert process.returncode == 130, said
    assert "of 1,681 points are in" in said
    assert "Traceback" not in said
    assert 0 < int(open_landscape(path).attrs["done_points"]) < 1681
    with pytest.raises(ProcessLookupError):
        os.killpg(process.pid, 0)


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The address of a scheduler that knows nothing of explorer, with a worker that does; and words for its clients."""
    security = Security.temporary()
    texts = (security.tls_ca_file, security.tls_client_cert, security.tls_client_key)
    for name, text in zip(FILES[1::2], texts, strict=True):
        (tmp_path / name).write_text(text)
    paths = [str(tmp_path / name) for name in FILES[1::2]]
    tls = dict(zip(("--tls-ca-file", "--tls-cert", "--tls-key"), paths, strict=True))
    file = tmp_path / "scheduler.json"
    common = ["--host", "127.0.0.1", "--scheduler-file", str(file), "--no-dashboard", *chain(*tls.items())]
    started = [dask_process(tmp_path, {}, "scheduler", *common, "--protocol", "tls", *FREE)]
    try:
        deadline = time.monotonic() + 90
        while not (file.exists() and file.read_text()):
            assert time.monotonic() < deadline
            time.sleep(0.1)
        started.append(dask_process(tmp_path, {"PYTHONPATH": str(ROOT)}, "worker", *common, "--nthreads", "1"))
        words = chain(*zip(FILES[::2], paths, strict=True))
        yield json.loads(file.read_text())["address"], tuple(words)
    finally:
        for process in reversed(started):
            process.terminate()
            process.wait(timeout=60)


def dask_process(folder: Path, more: dict[str, str], command: str, *words: str) -> subprocess.Popen[bytes]:
    """Start a command of Dask's in a folder from which the checkout is not seen."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"} | more
    program = [sys.executable, "-m", f"distributed.cli.dask_{command}", *words]
    return subprocess.Popen(program, cwd=folder, env=environment, stderr=subprocess.DEVNULL)


@pytest.mark.slow
def test_a_cluster_elsewhere_takes_who_has_its_certificates(
    tmp_path: Path, cluster: tuple[str, tuple[str, ...]]
) -> None:
    address, certificates = cluster
    assert address.startswith("tls://127.0.0.1")
    words = (FACTORY, "--points", 11, "--quantities", "loss")
    done = finished(tmp_path / "x.zarr", *words, "--scheduler", address, *certificates)
    assert done.returncode == 0, done.stderr
    assert run("sweep", *words, "--out", tmp_path / "here.zarr").exit_code == 0
    there, here = open_landscape(tmp_path / "x.zarr"), open_landscape(tmp_path / "here.zarr")
    np.testing.assert_allclose(there["loss"], here["loss"], rtol=1e-14)
    # A stranger's certificates are as good as none.
    for name, text in zip(("own.pem", "own.key"), stranger(), strict=True):
        (tmp_path / name).write_text(text)
    done = finished(tmp_path / "y.zarr", *words, "--scheduler", address, *certificates)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    assert not (tmp_path / "y.zarr").exists()


def stranger() -> tuple[str, str]:
    security = Security.temporary()
    return security.tls_client_cert, security.tls_client_key
