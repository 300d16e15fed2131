"""What two processes gain: a sweep on two workers with a thread each, and the driver beside them on the same two cores.

python -m tests.benchmarks.bench_cluster [--seconds 20] [--rounds 5]
"""

import argparse
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import nn

from explorer import Grid, Objective, Plane, directions, sweep
from explorer.cli.executors import KEPT_MEMORY
from explorer.sweeps import estimate
from tests.benchmarks.bench_network import mlp
from tests.benchmarks.harness.ceiling import ceiling
from tests.benchmarks.harness.machine import machine
from tests.benchmarks.harness.quiet import Patience
from tests.benchmarks.harness.workers import use
from tests.benchmarks.work.synthetic import labelled_images
from tests.support.cluster_cases import local_cluster

LEAST = 0.9
"""Of twice one process."""
WORKERS = 2
TARGETS = (2e-3, 50e-3)
"""Seconds a point."""
_PROBED = 200
"""Images that a point is timed with at first."""


@dataclass
class Times:
    """Seconds of every round, and those of the driver's processor time in the rounds with workers."""

    one: list[float] = field(default_factory=list)
    several: list[float] = field(default_factory=list)
    driver: list[float] = field(default_factory=list)

    @property
    def share(self) -> float:
        """The best of the rounds: how much of `WORKERS` times one process is reached."""
        return min(self.one) / (WORKERS * min(self.several))


@contextmanager
def client(*, processes: bool = True) -> Iterator[Any]:
    """Yield a client of as many workers on this machine as `python -m explorer sweep --workers` starts."""
    import dask
    from distributed import Client

    more = {} if processes else {"processes": False, "host": None}
    with dask.config.set(KEPT_MEMORY), local_cluster(WORKERS, **more) as cluster, Client(cluster) as connected:
        yield connected


def work(target: float, seconds: float) -> tuple[Objective, Plane, Grid]:
    """Return what takes about `target` seconds a point on one thread, and `seconds` in all."""
    grid, images = Grid.square(points=max(2, round((seconds / target) ** 0.5))), _PROBED
    # Many images are evaluated in another way than few, and in less time each.
    for _ in range(3):
        objective = objective_of(images)
        plane = directions.gaussian(objective)
        each = estimate(objective, plane, grid, quantities=("loss",)).seconds / grid.size
        images = max(1, round(images * target / each))
    return objective, plane, grid


def objective_of(images: int) -> Objective:
    """Return what is swept, which workers make anew instead of getting its data."""
    torch.manual_seed(0)
    objective = Objective(mlp("tanh"), nn.CrossEntropyLoss(), labelled_images(images, (784,)))
    objective.source = {"factory": "tests.benchmarks.bench_cluster:objective_of", "kwargs": {"images": images}}
    return objective


def rounds_of(target: float, seconds: float, rounds: int, executor: Any, patience: Patience) -> tuple[Times, str]:
    """Return the times of one process and of several in turn, and what a point takes; values are compared first."""
    objective, plane, grid = work(target, seconds)

    def swept(**how: Any) -> xr.Dataset:
        return sweep(objective, plane, grid, quantities=("loss",), progress=False, report=False, **how)

    alone = swept()
    # Chunks of other sizes sum in another order, in float32.
    np.testing.assert_allclose(swept(executor=executor)["loss"], alone["loss"], rtol=1e-4)
    times = Times()
    for _ in range(rounds):
        patience.wait()
        times.one.append(timed(swept)[0])
        patience.wait()
        several, driver = timed(lambda: swept(executor=executor))
        times.several.append(several)
        times.driver.append(driver)
    return times, f"{grid.size:,} points of {1e3 * min(times.one) / grid.size:.2f} ms"


def timed(run: Callable[[], Any]) -> tuple[float, float]:
    """Return the seconds that pass, and those of this process's processor time."""
    began, own = time.perf_counter(), time.process_time()
    run()
    return time.perf_counter() - began, time.process_time() - own


def lines(
    targets: tuple[float, ...] = TARGETS,
    seconds: float = 20.0,
    rounds: int = 5,
    *,
    processes: bool = True,
    patience: float = 120.0,
) -> Iterator[str]:
    """Measure everything and yield the lines as they come."""
    yield machine(1, ("distributed",))
    left = Patience(patience)
    most = ceiling(WORKERS, seconds / 7)
    yield f"{WORKERS} plain processes, products of matrices alone: {most:.3f} of {WORKERS} times one"
    with client(processes=processes) as executor:
        for target in targets:
            times, text = rounds_of(target, seconds, rounds, executor, left)
            yield f"{text}: {said(times, most)}"


def said(times: Times, most: float) -> str:
    """Return what was measured, and whether it is enough; `most` is what plain processes reach."""
    best, driver = min(times.several), min(times.driver)
    cores = driver / best / WORKERS
    verdict = "MET" if times.share >= LEAST else "MISSED"
    verdict += f", {times.share / most:.2f} of what plain processes reach"
    return (
        f"one process {min(times.one):.2f} s, {WORKERS} workers {best:.2f} s, best of {len(times.one)}: "
        f"{times.share:.3f} of {WORKERS} times one (>= {LEAST}: {verdict}); the driver takes {driver:.2f} s of "
        f"processor time, {cores:.1%} of the cores"
    )


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=20.0, help="of one process")
    parser.add_argument("--rounds", type=int, default=5)
    words = parser.parse_args()
    # Two cores for all processes; a thread for each.
    use(WORKERS)
    torch.set_num_threads(1)
    for line in lines(seconds=words.seconds, rounds=words.rounds):
        print(line, flush=True)
