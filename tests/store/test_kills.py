"""SIGKILL at random moments, with a reader beside: nothing finished is lost, nothing unfinished is seen."""

import random
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest

from explorer.store import Store, open_landscape
from tests.support.killed import writer

Writer = subprocess.Popen[str]


def start(path: Path) -> Writer:
    command = [sys.executable, str(Path(writer.__file__)), str(path)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def go(process: Writer) -> None:
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "ready\n"
    process.stdin.write("go\n")
    process.stdin.flush()


def end(process: Writer) -> list[int]:
    """Kill a writer; return the pieces it had finished."""
    process.kill()
    said, _ = process.communicate(timeout=30)
    # The kill may fall into a line.
    return [int(line) for line in said.splitlines(keepends=True) if line.endswith("\n")]


@contextmanager
def queue_of(path: Path, ahead: int = 2) -> Iterator[list[Writer]]:
    """Writers that import what they need while others work."""
    waiting = [start(path) for _ in range(ahead)]
    try:
        yield waiting
    finally:
        for process in waiting:
            process.kill()
            process.communicate(timeout=30)


def check_read(path: Path, finished: set[int]) -> int:
    """Read a store that may be being written; return the number of points seen, each of them right."""
    found = open_landscape(path)
    status = found["status"].values.reshape(-1)
    computed = status == 1
    assert set(np.unique(status)) <= {0, 1, 3}
    assert "damaged" not in found.attrs
    for name, whole in writer.values(np.arange(writer.POINTS)).items():
        seen = found[name].values.reshape(whole.shape)
        np.testing.assert_array_equal(seen[computed], whole[computed])
        empty = 0 if name == "steps" else np.nan
        np.testing.assert_array_equal(seen[~computed], np.full_like(whole[~computed], empty))
    for number in finished:
        assert computed[writer.piece(number)].all(), f"piece {number} is lost"
    return int(computed.sum())


def kill_often(folder: Path, kills: int, seed: int, least: int) -> tuple[int, int]:
    """Kill writers at random moments, in a new store whenever one is full; more often than asked for, and later, where
    a busy machine has finished less than the least number of pieces.

    Returns:
        How often the store was read, and how often of that while it was being written.
    """
    moments, finished, path = random.Random(seed), set[int](), folder / "0.zarr"
    reads = live = whole = kill = 0
    latest = 0.3
    with queue_of(path) as waiting:
        while kill < kills or whole + len(finished) < least:
            kill += 1
            process = waiting.pop(0)
            waiting.append(start(path))
            go(process)
            timer = threading.Timer(moments.uniform(0.0, latest), process.kill)
            timer.start()
            while process.poll() is None:
                if path.exists():
                    check_read(path, finished)
                    live += process.poll() is None
                    reads += 1
            timer.join()
            said = set(end(process))
            finished |= said
            latest = max(0.3, latest / 1.5) if said else min(5.0, latest * 1.5)
            if path.exists():
                Store.open(path, write=True)
                full = check_read(path, finished) == writer.POINTS
                reads += 1
                if full:
                    whole += len(finished)
                    path.rename(folder / f"full-{kill}.zarr")
                    finished = set()
    return reads, live


def test_twenty_kills_lose_nothing_finished_and_tear_nothing(tmp_path: Path) -> None:
    reads, live = kill_often(tmp_path, 20, seed=0, least=40)
    assert reads >= 60
    assert live >= 30


@pytest.mark.slow
def test_three_hundred_kills_lose_nothing_finished_and_tear_nothing(tmp_path: Path) -> None:
    reads, live = kill_often(tmp_path, 300, seed=1, least=800)
    assert reads >= 1000
    assert live >= 600


def test_two_writers_at_once_do_no_damage(tmp_path: Path) -> None:
    path = tmp_path / "x.zarr"
    with queue_of(path) as both:
        for process in both:
            go(process)
        for process in both:
            assert process.wait(timeout=60) == 0
    assert check_read(path, set(range(writer.PIECES))) == writer.POINTS
    assert Store.open(path).verify() == []
    assert [found.name for found in tmp_path.iterdir()] == ["x.zarr"]


def test_a_store_is_never_seen_half_made(tmp_path: Path) -> None:
    for attempt in range(3):
        path = tmp_path / f"{attempt}.zarr"
        with queue_of(path, 1) as (process,):
            go(process)
            deadline = time.monotonic() + 30
            while not path.exists():
                assert time.monotonic() < deadline
            process.kill()
        assert Store.open(path).points == writer.POINTS


def test_the_writer_meets_no_torch(tmp_path: Path) -> None:
    run = f"runpy.run_path({writer.__file__!r}, run_name='__main__')"
    program = f"import runpy, sys; {run}; assert 'torch' not in sys.modules"
    command = [sys.executable, "-c", program, str(tmp_path / "x.zarr")]
    done = subprocess.run(command, input="go\n", text=True, capture_output=True)
    assert done.returncode == 0, done.stderr
    assert Store.open(tmp_path / "x.zarr").settled == writer.POINTS
