"""A thousand workers, simulated with what a task was measured to cost the driver: how much of their time is work.

python docs/cluster_simulation.py              draws cluster_simulation.svg by the numbers in cluster_overheads.json
python docs/cluster_simulation.py --measure    measures these numbers first, on this machine
"""

import argparse
import heapq
import json
import math
import os
import pickle
import random
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import psutil
import torch
from distributed import Client
from torch import nn

from explorer import Grid, Objective, directions
from explorer.quantities import read_quantities
from explorer.store import FieldSpec, Store
from explorer.sweeps.executors import SweepRecipe
from explorer.sweeps.executors.crews import ticket_of
from explorer.sweeps.executors.dask_client import Cluster, delivered
from explorer.sweeps.executors.grouping import Pace
from explorer.sweeps.executors.parcel import pack
from explorer.sweeps.executors.task import HELD, work
from explorer.sweeps.executors.window import Window, task_seconds
from explorer.sweeps.job import read_job
from explorer.sweeps.planning.calibration import plan

HERE = Path(__file__).parent
NUMBERS, FIGURE = HERE / "cluster_overheads.json", HERE / "cluster_simulation.svg"
POINTS = 2048**2
"""The largest store."""
LATENCY, BANDWIDTH = 1e-3, 1e9 / 8
"""Seconds, and bytes a second, between two machines: assumed, as everything was measured on one."""
_MANY, _IDLE, _PATIENCE = 10, 10.0, 120
"""Workers and seconds by which signs of life are measured; seconds that workers may take to start."""
UNEVEN = 0.1
"""By which share the tasks of a simulation last longer or shorter, at random."""


@dataclass(frozen=True)
class Overheads:
    """What was measured."""

    machine: str
    driver_seconds: float
    """Processor time of the driver for a task: cut, sent, read."""
    scheduler_seconds: float
    """The same of Dask's scheduler, which is a process of its own on a cluster."""
    heartbeat_seconds: float
    """The same for a sign of life of a worker."""
    save_seconds: float
    """Time in which the driver writes a second's results into a store."""
    bytes_there: float
    """Of a task, without its positions."""
    bytes_back: float
    """Of its results, without its losses and positions."""


# ---- measuring


class Fixed(Pace):
    """A pace that learns nothing: tasks stay as long as they are said to be."""

    def learn(self, points: int, seconds: float) -> None:
        """Learn nothing."""


def recipe() -> SweepRecipe:
    """Return a small network's slice: what a point takes plays no part."""
    x = torch.linspace(-1, 1, 8)[:, None]
    objective = Objective(nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)), nn.MSELoss(), (x, x**2))
    plane, grid = directions.gaussian(objective), Grid.square(points=101)
    job = read_job(objective, plane, grid, read_quantities(("loss",)), None, None)
    return SweepRecipe(job, plan(objective, plane, job.wanted, job.points, always=True))


@contextmanager
def processes(workers: int) -> Iterator[tuple[str, psutil.Process]]:
    """Yield the address of a scheduler that has so many workers, and its process."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "scheduler.json"
        common = ("--scheduler-file", str(file), "--no-dashboard", "--host", "127.0.0.1")
        started = [started_by("scheduler", *common, "--port", "0", "--dashboard-address", "127.0.0.1:0")]
        try:
            while not (file.exists() and file.read_text()):
                time.sleep(0.1)
            started.append(started_by("worker", *common, "--nworkers", str(workers), "--nthreads", "1"))
            yield json.loads(file.read_text())["address"], psutil.Process(started[0].pid)
        finally:
            for process in reversed(started):
                process.terminate()
                process.wait(timeout=60)


def started_by(command: str, *words: str) -> "subprocess.Popen[bytes]":
    """Start a command of Dask's."""
    module = f"distributed.cli.dask_{command}"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.Popen([sys.executable, "-m", module, *words], env=environment, stderr=subprocess.DEVNULL)


def measured(tasks: int = 600, points: int = 200) -> Overheads:
    """Return the overheads on this machine, by many tasks of so many points."""
    found = recipe()
    driver, scheduler = tasks_measured(found, tasks, points)
    parcel = pack(found)
    ticket, positions = ticket_of(found, parcel.name, device="cpu"), np.arange(points)
    HELD[parcel.name] = found
    reply = work(ticket, (positions,))
    return Overheads(
        machine=f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, Python {sys.version.split()[0]}",
        driver_seconds=driver,
        scheduler_seconds=scheduler,
        # Of all that an idle scheduler does, as if it were nothing else.
        heartbeat_seconds=idle_seconds(_MANY) * heartbeat_interval(_MANY) / _MANY,
        save_seconds=save_seconds(),
        bytes_there=len(pickle.dumps((ticket, (positions,)))) - 8 * points,
        bytes_back=len(pickle.dumps(reply)) - 12 * points,
    )


def tasks_measured(found: SweepRecipe, tasks: int, points: int) -> tuple[float, float]:
    """Return the processor time that a task takes of driver and scheduler."""
    parcel = pack(found)
    positions = np.random.default_rng(0).integers(0, found.job.points, (tasks, points))
    with processes(2) as (address, scheduler), Client(address) as client:
        client.wait_for_workers(2, timeout=_PATIENCE)
        with delivered(client, parcel):
            crew = Cluster(client, ticket_of(found, parcel.name, device="cpu"), None, None)
            window = Window(crew, Fixed(0.5 / points), points)
            deque(window(positions[:20]), maxlen=0)
            began, theirs = time.process_time(), used(scheduler)
            deque(window(positions), maxlen=0)
            taken = time.process_time() - began, used(scheduler) - theirs
        return taken[0] / tasks, taken[1] / tasks


def idle_seconds(workers: int) -> float:
    """Return the processor time a second of a scheduler whose workers, so many, do nothing."""
    with processes(workers) as (address, scheduler):
        with Client(address) as client:
            client.wait_for_workers(workers, timeout=_PATIENCE)
        time.sleep(2)
        began = used(scheduler)
        time.sleep(_IDLE)
        return (used(scheduler) - began) / _IDLE


def used(process: psutil.Process) -> float:
    """Return the processor time of a process."""
    times = process.cpu_times()
    return float(times.user + times.system)


def save_seconds(points: int = 20_000, times: int = 20) -> float:
    """Return the median time to append a chunk of losses: what a thousand workers do in a second at 50 ms a point."""
    side = math.isqrt(points * times)
    dims = {name: np.arange(float(side)) for name in ("alpha", "beta")}
    taken = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "x.zarr"
        store = Store.create(
            path, spec={}, attrs={}, dims=dims, fields={"loss": FieldSpec("float32", {})}, chunk=points, tensors={}
        )
        for positions in np.array_split(np.arange(side**2), times):
            began = time.perf_counter()
            store.append(positions, {"loss": np.zeros(len(positions), dtype=np.float32)})
            taken.append(time.perf_counter() - began)
    return float(np.median(taken))


# ---- simulating


def efficiency(workers: int, each: float, overheads: Overheads, seconds: float | None = None) -> float:
    """Return which share of the workers' time is work, from the first task sent to the last result read.

    Driver and scheduler do one thing after another: two tasks are sent to each worker, then for each result that is
    read the next; once a second the driver writes what came. A worker has its next task while it does one.

    Args:
        workers, each: how many there are, and seconds that a point takes one of them.
        overheads: of driver and scheduler.
        seconds: that a task lasts; by default as long as `task_seconds` says.
    """
    points = max(1, round((seconds or task_seconds(workers)) / each))
    left = deque(len(part) * each for part in np.array_split(np.empty(POINTS), max(1, POINTS // points)))
    uneven = random.Random(0)
    driver = Server(overheads.driver_seconds, overheads.save_seconds)
    scheduler = Server(overheads.scheduler_seconds, workers / heartbeat_interval(workers) * overheads.heartbeat_seconds)
    there = 2 * LATENCY + (overheads.bytes_there + 8 * points) / BANDWIDTH
    back = 2 * LATENCY + (overheads.bytes_back + 12 * points) / BANDWIDTH
    until = [0.0] * workers
    """When each worker has done what it was sent."""
    coming: list[tuple[float, int]] = []

    def send(worker: int, now: float) -> None:
        if left:
            lasts = left.popleft() * uneven.uniform(1 - UNEVEN, 1 + UNEVEN)
            until[worker] = max(until[worker], now + there) + lasts
            heapq.heappush(coming, (until[worker] + back, worker))

    for number in range(2 * workers):
        send(number % workers, scheduler.served(driver.served(0.0)))
    while coming:
        came, worker = heapq.heappop(coming)
        # What a task takes of the scheduler is counted when its result comes, what it takes of the driver as well.
        send(worker, driver.served(scheduler.served(came)))
    return POINTS * each / (workers * driver.free)


class Server:
    """A process that does one thing after another.

    Args:
        cost: seconds that a task takes it.
        other: the share of its time that goes elsewhere.
    """

    def __init__(self, cost: float, other: float) -> None:
        self._cost = cost / (1 - other) if other < 1 else math.inf
        self.free = 0.0
        """From when on it has nothing to do."""

    def served(self, asked: float) -> float:
        """Return when it has done what it was asked at a moment."""
        self.free = max(self.free, asked) + self._cost
        return self.free


def heartbeat_interval(workers: int) -> float:
    """Return the seconds between two signs of life of each, as Dask spaces them."""
    return 0.5 if workers <= 10 else 1.0 if workers < 50 else 2.0 if workers < 200 else workers / 200 + 1


# ---- drawing

CURVES: tuple[tuple[str, str, float, float | None], ...] = (
    ("50 ms a point, tasks that grow with the workers", "#1f77b4", 50e-3, None),
    ("50 ms a point, tasks of 0.5 s", "#d62728", 50e-3, 0.5),
    ("2 ms a point, tasks that grow with the workers", "#2ca02c", 2e-3, None),
)
"""Name, color, seconds a point, seconds a task."""
COUNTS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000)
_WIDTH, _HEIGHT, _LEFT, _TOP = 640, 340, 60, 40


def drawn(curves: Iterable[tuple[str, str, list[float]]]) -> str:
    """Return the figure as SVG: share of work over the number of workers."""
    right, bottom = _WIDTH - 20, _HEIGHT - 50

    def x(count: float) -> float:
        return _LEFT + (right - _LEFT) * math.log(count) / math.log(COUNTS[-1])

    def y(share: float) -> float:
        return bottom - (bottom - _TOP) * share

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" font-family="sans-serif" '
        'font-size="12"><rect width="100%" height="100%" fill="white"/>',
        f'<text x="{_LEFT}" y="20" font-size="14">Share of the workers\' time that is work: {POINTS:,} points</text>',
    ]
    for share in (0, 0.25, 0.5, 0.75, 0.9, 1):
        dash = ' stroke-dasharray="4 3"' if share == 0.9 else ""
        lines.append(f'<line x1="{_LEFT}" x2="{right}" y1="{y(share):.1f}" y2="{y(share):.1f}" stroke="#bbb"{dash}/>')
        lines.append(f'<text x="{_LEFT - 8}" y="{y(share) + 4:.1f}" text-anchor="end">{share:g}</text>')
    for count in (1, 10, 100, 1000):
        lines.append(f'<text x="{x(count):.1f}" y="{bottom + 18}" text-anchor="middle">{count:,}</text>')
    lines.append(f'<text x="{(_LEFT + right) / 2}" y="{bottom + 36}" text-anchor="middle">workers</text>')
    for row, (name, color, shares) in enumerate(curves):
        path = " ".join(f"{x(count):.1f},{y(share):.1f}" for count, share in zip(COUNTS, shares, strict=True))
        lines.append(f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="2"/>')
        lines.append(f'<text x="{_LEFT + 12}" y="{bottom - 46 + 16 * row}" fill="{color}">{name}</text>')
    return "\n".join([*lines, "</svg>\n"])


def main() -> None:
    """Measure if that is asked for, simulate, print and draw."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--measure", action="store_true", help="measure the overheads on this machine first")
    if parser.parse_args().measure:
        NUMBERS.write_text(json.dumps(asdict(measured()), indent=1) + "\n")
    overheads = Overheads(**json.loads(NUMBERS.read_text()))
    print(overheads)
    curves = []
    for name, color, each, seconds in CURVES:
        shares = [efficiency(count, each, overheads, seconds) for count in COUNTS]
        print(name, *(f"{count}: {share:.3f}" for count, share in zip(COUNTS, shares, strict=True)), sep="  ")
        curves.append((name, color, shares))
    FIGURE.write_text(drawn(curves))


if __name__ == "__main__":
    main()
