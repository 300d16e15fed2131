"""How fast a sweep is: against the loop that everybody writes first, and against jax where it is installed.

python -m tests.benchmarks.bench_sweep [--points 512] [--data 64]
"""

import argparse
import importlib.util
import os
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable

import numpy as np
import torch

import models
from explorer import Grid, Objective, directions, sweep
from explorer.sweeps import keep_heap

WINDOW = (-4.0, 4.0)
LOOPED = 3000
"""Points of the naive loop that are timed; the rest is scaled."""


def data(samples: int, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor]:
    x = torch.linspace(-2, 2, samples, dtype=dtype)
    return x, torch.sin(3 * x) / 2


def setting(points: int, samples: int, dtype: torch.dtype) -> tuple[Objective, Grid]:
    objective = Objective(models.MODELS["tanh_neuron"](dtype=dtype), models.LOSSES["mse"](), data(samples, dtype))
    return objective, Grid({"w": (*WINDOW, points), "b": (*WINDOW, points)})


def naive(points: int, samples: int, dtype: torch.dtype, looped: int = LOOPED) -> float:
    """Seconds for all points of: set the parameters, forward, backward, read loss and gradient."""
    model, loss = models.MODELS["tanh_neuron"](dtype=dtype), models.LOSSES["mse"]()
    x, y = data(samples, dtype)
    grid = Grid({"w": (*WINDOW, points), "b": (*WINDOW, points)})
    places = grid.coords[np.linspace(0, grid.size - 1, min(looped, grid.size)).astype(int)]
    found = np.empty((len(places), 3))
    began = time.perf_counter()
    for i, (w, b) in enumerate(places):
        with torch.no_grad():
            model.w.fill_(w)
            model.b.fill_(b)
        model.zero_grad()
        value = loss(model(x), y)
        value.backward()
        found[i] = value.item(), model.w.grad.item(), model.b.grad.item()
    return (time.perf_counter() - began) * grid.size / len(places)


def swept(objective: Objective, grid: Grid, quantities: tuple[str, ...]) -> Callable[[], object]:
    plane = directions.axes(objective, "w", "b")
    return lambda: sweep(objective, plane, grid, quantities=quantities, progress=False, report=False)


def jitted(points: int, samples: int) -> Callable[[], object] | None:
    """jax.jit(jax.vmap(jax.value_and_grad(f))) over the same grid, in float32; None without jax."""
    if importlib.util.find_spec("jax") is None:
        return None
    import jax
    import jax.numpy as jnp

    x, y = (jnp.asarray(part.numpy()) for part in data(samples, torch.float32))
    axis = jnp.linspace(*WINDOW, points)
    coords = jnp.stack(jnp.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)
    run = jax.jit(jax.vmap(jax.value_and_grad(lambda theta: jnp.mean((jnp.tanh(theta[0] * x + theta[1]) - y) ** 2))))
    return lambda: [np.asarray(part) for part in run(coords)]


def seconds(run: Callable[[], object], rounds: int) -> tuple[float, float]:
    """Return the least and the median time of some rounds, after one to warm up."""
    run()
    times = []
    for _ in range(rounds):
        began = time.perf_counter()
        run()
        times.append(time.perf_counter() - began)
    return min(times), statistics.median(times)


def peak_megabytes(points: int, samples: int) -> float:
    """Return how far at most one sweep, in a process of its own, raises resident memory above where it was."""
    command = [sys.executable, "-m", "tests.benchmarks.bench_sweep", "--peak", str(points), "--data", str(samples)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)


def measure_peak(points: int, samples: int) -> float:
    small, _ = setting(8, samples, torch.float32)
    swept(small, Grid.square(points=8, labels=("w", "b")), ("loss", "gradient"))()
    before = resident_kilobytes("VmRSS")
    swept(*setting(points, samples, torch.float32), ("loss", "gradient"))()
    # A higher peak while importing would be counted as well: this is an upper bound.
    return (resident_kilobytes("VmHWM") - before) / 1024


def resident_kilobytes(key: str) -> int:
    """Read resident memory from Linux: "VmRSS" now, "VmHWM" at its highest.

    Unlike getrusage's ru_maxrss, which a child process inherits, these belong to this process alone.
    """
    with open("/proc/self/status") as file:
        return next(int(line.split()[1]) for line in file if line.startswith(key))


def machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo") as file:
            name = next(line.split(":")[1].strip() for line in file if line.startswith("model name"))
    except (OSError, StopIteration):
        pass
    versions = f"torch {torch.__version__}, python {platform.python_version()}"
    busy = f"load {os.getloadavg()[0]:.1f}"
    return f"{name}, {os.cpu_count()} cores, {busy}, {torch.get_num_threads()} threads; {versions}"


def main(points: int, samples: int, rounds: int = 9, looped: int = LOOPED, peak: bool = True) -> list[str]:
    """Measure everything and return the lines of the table."""
    both, small = ("loss", "gradient"), setting(points // 2, 15, torch.float64)
    lines = [machine(), f"tanh neuron, MSE, {points} x {points} points, {samples} data, float32"]
    naive(points, samples, torch.float32, looped=min(looped, 100))
    loop = min(naive(points, samples, torch.float32, looped) for _ in range(3))
    lines.append(f"{'naive loop, loss and gradient (scaled)':48}{loop:10.2f} s")
    objective, grid = setting(points, samples, torch.float32)
    least, median = seconds(swept(objective, grid, both), rounds)
    lines.append(row("sweep, loss and gradient", least, median, loop))
    with keep_heap():
        kept, kept_median = seconds(swept(objective, grid, both), rounds)
        lines.append(row("the same with keep_heap()", kept, kept_median, loop))
        lines.append(row("sweep, loss only, keep_heap()", *seconds(swept(objective, grid, ("loss",)), rounds), loop))
    compiled = jitted(points, samples)
    if compiled is None:
        lines.append("jax.jit(jax.vmap(jax.value_and_grad(f))): jax is not installed")
    else:
        lines.append(row("jax.jit(jax.vmap(jax.value_and_grad(f)))", *seconds(compiled, rounds), loop))
    lines.append(
        row(f"sweep, loss, {points // 2} x {points // 2}, 15 data, float64", *seconds(swept(*small, ("loss",)), rounds))
    )
    if peak:
        lines.append(
            f"{f'peak extra memory, {2 * points} x {2 * points}':48}{peak_megabytes(2 * points, samples):10.0f} MB"
        )
    return lines


def row(name: str, least: float, median: float, loop: float | None = None) -> str:
    ratio = f"   naive / least = {loop / least:6.0f}" if loop else ""
    return f"{name:48}{1e3 * least:10.1f} ms (median {1e3 * median:.1f}){ratio}"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=512, help="along each axis")
    parser.add_argument("--data", type=int, default=64, help="samples")
    parser.add_argument(
        "--peak", type=int, help="only print the peak extra memory in MB of one sweep of PEAK x PEAK points"
    )
    words = parser.parse_args()
    print(measure_peak(words.peak, words.data) if words.peak else "\n".join(main(words.points, words.data)))
