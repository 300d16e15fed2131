"""How fast a basin map of the tanh neuron is: against the loop of torch.optim from one start after another.

python -m tests.benchmarks.bench_basins [--points 256] [--steps 200] [--data 9] [--rounds 7]
"""

import argparse
from collections.abc import Iterator
from typing import Any

import torch

from tests.benchmarks.harness.contenders import Contender, Goal
from tests.benchmarks.harness.interleaved import THREADS, measure
from tests.benchmarks.harness.machine import machine
from tests.benchmarks.harness.table import table
from tests.benchmarks.work import basins_work as work
from tests.benchmarks.work.basins_work import RATES, Descents

LEAST = 1000.0
"""Times as fast as the loop."""


def base(optimizer: str) -> str:
    """Return the name of the loop with an optimizer."""
    return f"torch.optim loop, {optimizer}"


def contenders(size: Descents, optimizers: tuple[str, ...] = tuple(RATES)) -> list[Contender]:
    """Return loop and map for each optimizer; rounding after so many steps is far below what is allowed."""
    found = []
    for name in optimizers:
        goal = (Goal(base(name), LEAST),)
        found += [
            Contender(base(name), work.looped, (size, name)),
            Contender(f"basins, {name}", work.mapped, (size, name), goal),
        ]
    return found


def lines(size: Descents, rounds: int = 7, optimizers: tuple[str, ...] = tuple(RATES), **how: Any) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `how` is for `measure`."""
    yield machine(THREADS)
    yield (
        f"tanh neuron, MSE, {size.points} x {size.points} starts, {size.steps} steps, {size.samples} data, float64; "
        f"each against its own loop"
    )
    yield from table(measure(contenders(size, optimizers), rounds, **how), base(optimizers[0]))


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=256, help="along each axis")
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--data", type=int, default=9, help="samples")
    parser.add_argument("--rounds", type=int, default=7)
    words = parser.parse_args()
    torch.set_num_threads(THREADS)
    for line in lines(Descents(words.points, words.steps, words.data), words.rounds):
        print(line, flush=True)
