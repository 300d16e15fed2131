"""How fast a slice of a network is: against the usual loop, a peer, and what the machine's matrix products allow.

python -m tests.benchmarks.bench_network [--images 5000] [--points 51] [--rounds 5]
"""

import argparse
import functools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from tests.benchmarks.harness.contenders import Contender, Goal, Work
from tests.benchmarks.harness.interleaved import THREADS, Result, measure
from tests.benchmarks.harness.machine import PEERS, machine
from tests.benchmarks.harness.table import table
from tests.benchmarks.work import network_work as work
from tests.benchmarks.work.matmul_work import SHAPES, product
from tests.benchmarks.work.network_work import Slice
from tests.benchmarks.work.synthetic import labelled_images, save, train

SIZES = (784, 128, 128, 10)
ACTIVATIONS = {"ReLU": nn.ReLU, "tanh": nn.Tanh}
BASE, PEER = "Li-style loop, DataLoader of 128", "loss-landscapes random_plane"
FLOOR = tuple(f"matmul {'x'.join(map(str, shape))}" for shape in SHAPES)
FLOOR_SHARE = 0.4
"""Of the time that the plain network's operations take at the speed of the best matrix product."""


def mlp(activation: str = "ReLU") -> nn.Module:
    """784-128-128-10."""
    torch.manual_seed(0)
    act = ACTIVATIONS[activation]
    return nn.Sequential(
        nn.Linear(784, 128), act(), nn.Linear(128, 128), act(), nn.Linear(128, 10)
    )  # fmt: skip


def operations(images: int, points: int) -> float:
    """Return the multiplications and additions of all matrix products, of all points."""
    return 2.0 * images * sum(a * b for a, b in pairwise(SIZES)) * points**2


def contenders(slice_: Slice, images: int, fine: int) -> list[Contender]:
    """Return all, with their goals; `fine` points along each axis with a tolerance, told per grid of the others."""
    bf16 = bool(torch.cpu._is_amx_tile_supported())
    all_operations = operations(images, slice_.points)
    exact = (Goal(BASE, 20.0), Goal(PEER, 5.0), Goal("resident loop"))
    mixed = (Goal(BASE, 25.0, error=0.005, judged=bf16),)
    return [
        Contender(BASE, work.usual, (slice_,)),
        Contender(PEER, work.loss_landscapes, (slice_,)),
        Contender("resident loop", work.resident, (slice_, images), (Goal(BASE),)),
        Contender("sweep", work.swept, (slice_,), exact),
        # With the report, which takes half a second or a fifth more.
        Contender("sweep, as one types it", work.typed, (slice_,), (Goal(BASE, 15.0),)),
        # A wrong computation is off by far more than the half percent that is the goal.
        Contender("sweep, bfloat16", work.swept, (replace(slice_, checked=17), torch.bfloat16), mixed, allowed=0.05),
        tolerant(slice_, fine),
        *(Contender(name, product, (shape, all_operations)) for name, shape in zip(FLOOR, SHAPES, strict=True)),
    ]


def tolerant(slice_: Slice, fine: int, tolerance: float = 0.01) -> Contender:
    """Return the sweep with a tolerance, its time told for as many points as the other contenders' grid."""
    name = f"sweep, tolerance={tolerance:g}, {fine} x {fine}"
    share = slice_.points**2 / fine**2
    make = functools.partial(scaled, share=share)
    goal = Goal(BASE, 1000.0, error=tolerance)
    return Contender(name, make, (replace(slice_, points=fine), tolerance), (goal,), allowed=0.05)


def scaled(slice_: Slice, tolerance: float, share: float) -> Work:
    """Return `interpolated`, its seconds times the share of points that the others' grid has."""
    found = work.interpolated(slice_, tolerance)
    return replace(found, scale=share, note=lambda: f"{found.note()}, time told per {slice_.points**2 * share:.0f}")


def share_of_floor(results: Sequence[Result]) -> str:
    """Return the sweep's time as a share of what the plain network's operations take at the best product's speed."""
    by_name = {result.contender.name: result for result in results}
    best = min(by_name[name].median for name in FLOOR)
    share = by_name["sweep"].median / best
    verdict = "MET" if share <= FLOOR_SHARE else "MISSED"
    return f"sweep / time of the whole network's operations: {share:.2f} (<= {FLOOR_SHARE}: {verdict})"


def prepared(activation: str, images: int, steps: int, folder: str) -> tuple[Path, float]:
    """Train, save, and return where, and the loss reached."""
    path, model, data = Path(folder) / f"{activation}.pt", mlp(activation), labelled_images(images, (784,))
    loss = train(model, data, steps)
    save(model, data, path)
    return path, loss


def lines(
    images: int = 5000,
    points: int = 51,
    fine: int = 201,
    rounds: int = 5,
    steps: int = 200,
    looped: int = 8,
    **how: Any,
) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `how` is for `measure`."""
    yield machine(THREADS, PEERS)
    with TemporaryDirectory() as folder:
        for activation in ACTIVATIONS:
            path, loss = prepared(activation, images, steps, folder)
            slice_ = Slice(functools.partial(mlp, activation), path, points, looped)
            yield f"784-128-128-10 {activation}, {images} images, {points} x {points} points, float32, loss {loss:.3f}"
            found = measure(contenders(slice_, images, fine), rounds, **how)
            yield from table(found, BASE)
            yield share_of_floor(found)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=5000)
    parser.add_argument("--points", type=int, default=51, help="along each axis")
    parser.add_argument("--rounds", type=int, default=5)
    words = parser.parse_args()
    torch.set_num_threads(THREADS)
    for line in lines(words.images, words.points, rounds=words.rounds):
        print(line, flush=True)
