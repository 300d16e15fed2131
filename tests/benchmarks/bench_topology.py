"""How fast the topology of a map is: against a plain flood in Python, a point after another.

python -m tests.benchmarks.bench_topology [--points 201] [--cube 51] [--rounds 7]
"""

import argparse
from collections.abc import Iterator
from typing import Any

import torch

from tests.benchmarks.harness.contenders import Contender, Goal
from tests.benchmarks.harness.interleaved import THREADS, measure
from tests.benchmarks.harness.machine import machine
from tests.benchmarks.harness.table import table
from tests.benchmarks.work import topology_work as work

BASE = "plain flood"
LEAST = 3.0
"""Times as fast as the plain flood, of a smooth map."""


def contenders(points: int, axes: int, smooth: float) -> list[Contender]:
    """Return the plain flood, and the topology, of one map."""
    landscape = work.landscape_of(points, axes, smooth)
    goal = (Goal(BASE, LEAST),) if smooth else (Goal(BASE),)
    return [Contender(BASE, work.plain, (landscape,)), Contender("topology", work.by_basins, (landscape,), goal)]


def lines(points: int, cube: int, rounds: int = 7, **how: Any) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `how` is for `measure`."""
    yield machine(THREADS)
    for size, axes, smooth in ((points, 2, work.SMOOTH), (points, 2, 0.0), (cube, 3, work.SMOOTH)):
        kind = f"noise smoothed over {smooth:g} points" if smooth else "noise as it is"
        yield f"{' x '.join([str(size)] * axes)}, {kind}"
        yield from table(measure(contenders(size, axes, smooth), rounds, **how), BASE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--points", type=int, default=201, help="along each axis of the maps")
    parser.add_argument("--cube", type=int, default=51, help="along each axis of the volume")
    parser.add_argument("--rounds", type=int, default=7)
    words = parser.parse_args()
    torch.set_num_threads(THREADS)
    for line in lines(words.points, words.cube, words.rounds):
        print(line, flush=True)
