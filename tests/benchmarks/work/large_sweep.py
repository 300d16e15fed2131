"""Sweep a large model in a process of its own and print what it took, as JSON: for tests and benchmarks.

Run: python -m tests.benchmarks.work.large_sweep PARAMETERS STORE
"""

import json
import sys
import time
from pathlib import Path

import torch
from torch import nn

import explorer
from explorer import Grid, Objective, directions
from tests.benchmarks.harness.machine import resident_kilobytes

SAMPLES = 32


def wide_network(parameters: int) -> nn.Module:
    """Return a network of about so many parameters, nearly all of them in one square layer."""
    width = int(parameters**0.5)
    return nn.Sequential(nn.Linear(16, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 4))


def main(parameters: int, store: str) -> None:
    """Sweep 5 x 5 points with gradients into a store."""
    torch.manual_seed(0)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(SAMPLES, 16, generator=generator)
    y = torch.randint(0, 4, (SAMPLES,), generator=generator)
    # Everything that is loaded on first use is loaded before memory is read.
    small = Objective(wide_network(100), nn.CrossEntropyLoss(), (x, y))
    quantities = ("loss", "gradient", "gradient_norm")
    explorer.sweep(
        small, directions.gaussian(small), Grid.square(points=3), quantities=quantities, store=Path(f"{store}-small")
    )
    before = resident_kilobytes("VmRSS")
    began = time.perf_counter()
    objective = Objective(wide_network(parameters), nn.CrossEntropyLoss(), (x, y))
    plane = directions.gaussian(objective)
    found = explorer.sweep(objective, plane, Grid.square(points=5), quantities=quantities, store=store, progress=False)
    print(
        json.dumps(
            {
                "parameters": objective.layout.size,
                "megabytes": (resident_kilobytes("VmHWM") - before) / 1024,
                "seconds": time.perf_counter() - began,
                "points": int((found["status"] == 1).sum()),
                "strategy": found.attrs["strategy"],
            }
        )
    )


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2])
