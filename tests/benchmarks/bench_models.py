"""What sweeps of networks cost beside the evaluations: the store's bookkeeping, and the memory of large models.

python -m tests.benchmarks.bench_models
"""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import torch
from torch import Tensor, nn

from explorer import Grid, Objective, directions, sweep
from explorer.store import Store
from tests.benchmarks.bench_network import mlp
from tests.benchmarks.harness.machine import machine


def images(samples: int) -> tuple[Tensor, Tensor]:
    """Return random images and labels."""
    generator = torch.Generator().manual_seed(1)
    return torch.rand(samples, 784, generator=generator), torch.randint(0, 10, (samples,), generator=generator)


@contextmanager
def timed_store() -> Iterator[list[float]]:
    """Collect the seconds that a store takes for every chunk and note."""
    spent: list[float] = []
    kept = {name: getattr(Store, name) for name in ("append", "fail", "set_attrs")}

    def timed(method):  # type: ignore[no-untyped-def]
        def call(*given, **named):  # type: ignore[no-untyped-def]
            began = time.perf_counter()
            result = method(*given, **named)
            spent.append(time.perf_counter() - began)
            return result

        return call

    for name, method in kept.items():
        setattr(Store, name, timed(method))
    try:
        yield spent
    finally:
        for name, method in kept.items():
            setattr(Store, name, method)


def bookkeeping(samples: int = 600, points: int = 61) -> tuple[float, str]:
    """Return the store's share of a sweep of about 1 ms a point, and a sentence."""
    objective = Objective(mlp(), nn.CrossEntropyLoss(), images(samples))
    plane, grid = directions.gaussian(objective), Grid.square(points=points)
    with TemporaryDirectory() as folder, timed_store() as spent:
        began = time.perf_counter()
        how = {"quantities": ("loss", "gradient"), "progress": False, "report": False}
        found = sweep(objective, plane, grid, store=Path(folder) / "x.zarr", **how)
        seconds = time.perf_counter() - began
    share = sum(spent) / float(found.attrs["seconds"])
    return share, (
        f"bookkeeping: {len(spent)} writes, {sum(spent) * 1e3:.0f} ms of {seconds:.1f} s for {grid.size} points of "
        f"{float(found.attrs['seconds']) / grid.size * 1e3:.2f} ms: {100 * share:.2f} %"
    )


def large(parameters: int) -> dict[str, float]:
    """Sweep a model of so many parameters in a process of its own; see large_sweep.py."""
    with TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "tests.benchmarks.work.large_sweep", str(parameters), f"{folder}/x.zarr"]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def allowed_megabytes(parameters: int, directions: int = 2) -> float:
    """Return (directions + 4) x parameters + 1 GiB, in float32."""
    return (directions + 4) * parameters * 4 / 2**20 + 1024


def main() -> None:
    """Print all figures."""
    print(machine(torch.get_num_threads()))
    print(bookkeeping()[1], flush=True)
    for parameters in (11_000_000, 25_000_000):
        found = large(parameters)
        allowed = allowed_megabytes(int(found["parameters"]))
        print(
            f"{found['parameters']:,} parameters, 25 points with gradient: {found['seconds']:.0f} s, "
            f"{found['megabytes']:.0f} MB above where it began (allowed {allowed:.0f})",
            flush=True,
        )


if __name__ == "__main__":
    main()
