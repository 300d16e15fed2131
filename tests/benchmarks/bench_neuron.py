"""How fast a sweep of the tanh neuron is: against the loop that everybody writes first, and against jax.

python -m tests.benchmarks.bench_neuron [--points 512] [--data 64] [--rounds 9]
"""

import argparse
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from typing import Any

import torch

from explorer import Grid, directions, sweep
from tests.benchmarks.harness.contenders import Contender, Goal
from tests.benchmarks.harness.interleaved import THREADS, measure
from tests.benchmarks.harness.machine import PEERS, machine, resident_kilobytes
from tests.benchmarks.harness.table import table
from tests.benchmarks.work import neuron_work as work
from tests.benchmarks.work.neuron_work import BOTH, Size

BASE = "naive loop, loss and gradient"
JAX = {("loss",): "jax.jit(vmap(f))", BOTH: "jax.jit(vmap(value_and_grad(f)))"}
JAX_MAP = {("loss",): "jax.lax.map by 4096, loss", BOTH: "jax.lax.map by 4096, loss and gradient"}


def contenders(size: Size, compile_patience: float = 60.0) -> list[Contender]:
    """Return all, with their goals: the loss may take 1.2 times as long as jax's, with gradient it is faster."""
    found = [
        Contender(BASE, work.naive, (size, True)),
        Contender("naive loop, loss", work.naive, (size, False)),
    ]
    goals = {("loss",): (1500.0, 1 / 1.2, 3.0), BOTH: (500.0, 1.0, 10.0)}
    for quantities, (loop, eager, warm) in goals.items():
        words = " and ".join(quantities)
        against = (Goal(BASE, loop), Goal(JAX[quantities], round(eager, 2)), Goal(JAX_MAP[quantities]))
        found += [
            Contender(f"sweep, {words}", work.swept, (size, quantities), against),
            Contender(
                f"sweep, {words}, compiled, warm",
                work.compiled,
                (size, quantities, compile_patience),
                (Goal(JAX[quantities], warm), Goal(JAX_MAP[quantities])),
            ),
            Contender(JAX[quantities], work.jitted, (size, quantities, False)),
            Contender(JAX_MAP[quantities], work.jitted, (size, quantities, True)),
        ]
    return found


def lesson_milliseconds(points: int = 256, samples: int = 15, rounds: int = 9) -> float:
    """Return the median of one sweep of the page's map, loss in float64."""
    objective, grid = work.objective_of(Size(points, samples), torch.float64), Size(points).grid
    plane = directions.axes(objective, "w", "b")
    times = []
    for _ in range(rounds + 1):
        began = time.perf_counter()
        sweep(objective, plane, grid, quantities=("loss",), progress=False, report=False)
        times.append(time.perf_counter() - began)
    return 1e3 * statistics.median(times[1:])


def peak_megabytes(points: int, samples: int) -> float:
    """Return how far at most one sweep, in a process of its own, raises resident memory above where it was."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_neuron", "--peak", str(points), "--data", str(samples)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure_peak(points: int, samples: int) -> float:
    """Return the same of this process, after a small sweep has loaded everything."""
    _sweep_both(Grid.square(points=8, labels=("w", "b")), samples)
    before = resident_kilobytes("VmRSS")
    _sweep_both(Size(points).grid, samples)
    # A higher peak while importing would be counted as well: this is an upper bound.
    return (resident_kilobytes("VmHWM") - before) / 1024


def _sweep_both(grid: Grid, samples: int) -> None:
    objective = work.objective_of(Size(samples=samples))
    sweep(objective, directions.axes(objective, "w", "b"), grid, quantities=BOTH, progress=False, report=False)


def lines(
    size: Size, rounds: int = 9, *, peak: bool = True, compile_patience: float = 60.0, **how: Any
) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `how` is for `measure`."""
    yield machine(THREADS, PEERS)
    yield f"tanh neuron, MSE, {size.points} x {size.points} points, {size.samples} data, float32"
    yield from table(measure(contenders(size, compile_patience), rounds, **how), BASE)
    if peak and sys.platform == "linux":
        yield f"sweep, loss, 256 x 256, 15 data, float64: {lesson_milliseconds():.1f} ms"
        points = 2 * size.points
        yield f"peak extra memory, {points} x {points}: {peak_megabytes(points, size.samples):.0f} MB"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=512, help="along each axis")
    parser.add_argument("--data", type=int, default=64, help="samples")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--peak", type=int, help="only print the peak extra memory in MB of a sweep of so many squared")
    words = parser.parse_args()
    if words.peak:
        print(measure_peak(words.peak, words.data))
    else:
        torch.set_num_threads(THREADS)
        for line in lines(Size(words.points, words.data), words.rounds):
            print(line, flush=True)
