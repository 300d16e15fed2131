"""Workers that are killed, freeze or never come, points that kill their worker, a scheduler that goes, a driver that
dies: with real processes."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import dask
import numpy as np
import psutil
import pytest
from distributed import Client
from distributed.security import Security

from explorer.errors import WorkerError
from explorer.sweeps.executors import on
from tests.support import cluster_cases as cases
from tests.support.cluster_cases import expected, gather, local_cluster, recipe_of, slope, swept

pytestmark = pytest.mark.slow
ALLOWED_FAILURES = "distributed.scheduler.allowed-failures"


@contextmanager
def cluster_of(workers: int = 2, config: Mapping[str, Any] | None = None, **options: Any) -> Iterator[Any]:
    """Processes on this machine, by a configuration of Dask's own."""
    with dask.config.set(dict(config or {})), local_cluster(workers, silence_logs="CRITICAL", **options) as cluster:
        yield cluster


def worker_processes(of: int | None = None) -> list[psutil.Process]:
    """Return the processes that Dask's nannies have started below this one."""
    found = psutil.Process(of).children(recursive=True)
    return [each for each in found if "spawn_main" in " ".join(told(each))]


def told(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.NoSuchProcess:
        return []


@contextmanager
def meanwhile(work: Any) -> Iterator[None]:
    """Run `work(stop)` in a thread, until it ends or the context does."""
    stop = threading.Event()
    thread = threading.Thread(target=work, args=(stop,))
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()


def assert_all(came: cases.Came, recipe: cases.SweepRecipe) -> None:
    assert (came.times == 1).all()
    np.testing.assert_array_equal(came.fields["loss"], expected(recipe)["loss"])


def test_fifteen_kills_of_workers_lose_nothing(tmp_path: Path) -> None:
    log, kills, moments = tmp_path / "log", [], random.Random(0)
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.05, log=str(log)))

    def kill(stop: threading.Event) -> None:
        while len(kills) < 15 and not stop.wait(moments.uniform(0.2, 1.0)):
            seen = [int(line.split()[0]) for line in log.read_text().splitlines()] if log.exists() else []
            alive = [each for each in worker_processes() if each.pid in seen]
            if alive:
                kills.append(moments.choice(alive))
                kills[-1].kill()

    # With the usual three, so many deaths would make every task a suspect.
    with cluster_of(config={ALLOWED_FAILURES: 10}) as cluster, Client(cluster) as client, meanwhile(kill):
        came = swept(client, recipe, 8)
    assert_all(came, recipe)
    assert len(kills) >= 5
    # A kill costs the task that runs, of half a second, and one that was done and not yet read.
    started = len(log.read_text().splitlines())
    assert started <= recipe.job.points + len(kills) * 2 * 16


def test_a_point_that_kills_its_worker_is_lost_with_few_others() -> None:
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.02, at=7, b=3, kind="kill"))
    with cluster_of() as cluster, Client(cluster) as client:
        came = swept(client, recipe, 8)
    bad = 7 * 16 + 3
    assert came.lost[bad]
    # Half a task of 0.5 s.
    assert came.lost.sum() <= 20
    np.testing.assert_array_equal(came.times, ~came.lost)
    assert came.reasons == {"WorkerError: its worker died each time, 4 times in all"}


def test_a_frozen_worker_is_replaced(tmp_path: Path) -> None:
    log = tmp_path / "log"
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.02, log=str(log)))

    def freeze(stop: threading.Event) -> None:
        while not stop.wait(0.05):
            lines = log.read_text().splitlines() if log.exists() else []
            if len(lines) > 20:
                os.kill(int(lines[-1].split()[0]), signal.SIGSTOP)
                return

    began = time.monotonic()
    config = {"distributed.scheduler.worker-ttl": "10 s"}
    with cluster_of(config=config) as cluster, Client(cluster) as client, meanwhile(freeze):
        came = swept(client, recipe, 8)
    assert_all(came, recipe)
    assert time.monotonic() - began < 120


def test_workers_that_go_and_do_not_come_back_end_the_sweep() -> None:
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.02))
    came = []
    with cluster_of() as cluster, Client(cluster) as client, on(client, recipe, patience=4.0) as measure:
        found = measure(cases.pieces_of(recipe, 8))
        came.append(next(found))
        cluster.scale(0)
        with pytest.raises(WorkerError, match=r"expected workers on the cluster of tcp://127.0.0.1.*call again"):
            came.extend(found)
        # Somebody starts workers, and the same measure goes on.
        cluster.scale(1)
        client.wait_for_workers(1, timeout=90)
        again = gather(measure, recipe, 64)
    assert_all(again, recipe)


def test_a_scheduler_that_goes_ends_the_sweep() -> None:
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.02))
    with cluster_of() as cluster, Client(cluster, timeout="3s") as client, on(client, recipe) as measure:
        found = measure(cases.pieces_of(recipe, 8))
        next(found)
        cluster.close()
        with pytest.raises(WorkerError, match=r"expected a connection to .*What came out is kept"):
            list(found)


def test_a_cluster_with_certificates_takes_only_those_who_have_them() -> None:
    recipe = recipe_of(slope())
    with cluster_of(1, security=True) as cluster:
        assert cluster.scheduler_address.startswith("tls://127.0.0.1")
        for address, security in (
            (cluster.scheduler_address, Security.temporary()),
            (cluster.scheduler_address.replace("tls", "tcp"), None),
        ):
            with pytest.raises((OSError, RuntimeError)):
                Client(address, security=security, timeout="2s")
        with Client(cluster.scheduler_address, security=cluster.security) as client:
            assert_all(swept(client, recipe, 64), recipe)


DRIVER = """
import os, sys
from distributed import Client
from tests.support.cluster_cases import local_cluster, recipe_of, slope, swept

if __name__ == "__main__":
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.05, log=sys.argv[1]))
    with local_cluster(2) as cluster:
        swept(Client(cluster), recipe, 8)
"""


def test_a_killed_driver_leaves_no_worker_behind(tmp_path: Path) -> None:
    program, log = tmp_path / "driver.py", tmp_path / "log"
    program.write_text(DRIVER)
    environment = os.environ | {"PYTHONPATH": os.getcwd()}
    driver = subprocess.Popen([sys.executable, str(program), str(log)], env=environment, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 90
    while not log.exists():
        assert driver.poll() is None
        assert time.monotonic() < deadline
        time.sleep(0.05)
    left = psutil.Process(driver.pid).children(recursive=True)
    assert len(left) >= 2
    driver.kill()
    driver.wait()
    _, alive = psutil.wait_procs(left, timeout=15)
    for each in alive:
        each.kill()
    assert alive == []
