"""How fast a slice of ResNet-20 is: against the usual loop and against one over data in memory.

python -m tests.benchmarks.bench_convolution [--images 512] [--points 11] [--rounds 3]
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch
from torch import nn

from models.residual import ResidualNetwork
from tests.benchmarks.harness.contenders import Contender, Goal
from tests.benchmarks.harness.interleaved import THREADS, measure
from tests.benchmarks.harness.machine import machine
from tests.benchmarks.harness.table import table
from tests.benchmarks.work import network_work as work
from tests.benchmarks.work.network_work import Slice
from tests.benchmarks.work.synthetic import labelled_images, save, train

BASE = "Li-style loop, DataLoader of 128"


def resnet20() -> nn.Module:
    """ResNet-20 of He et al. 2016 for images of 3 x 32 x 32."""
    torch.manual_seed(0)
    return ResidualNetwork(depth=20, width=16, channels=3)


def contenders(slice_: Slice) -> list[Contender]:
    """Return all, with their goals; the sweeps' objective is made before, for the small grid stands for a large one."""
    bf16 = bool(torch.cpu._is_amx_tile_supported())
    mixed = (Goal(BASE, 5.0, error=0.005, judged=bf16),)
    return [
        Contender(BASE, work.usual, (slice_,)),
        Contender("resident loop, blocks of 128", work.resident, (slice_, 128), (Goal(BASE),)),
        Contender("sweep", work.swept, (slice_, None, False), (Goal(BASE, 1.7), Goal("resident loop, blocks of 128"))),
        Contender("sweep, bfloat16", work.swept, (slice_, torch.bfloat16, False), mixed, allowed=0.05),
    ]


def lines(
    images: int = 512, points: int = 11, rounds: int = 3, steps: int = 40, looped: int = 3, side: int = 32, **how: Any
) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `how` is for `measure`."""
    yield machine(THREADS)
    model, data = resnet20(), labelled_images(images, (3, side, side), noise=1.0)
    loss = train(model, data, steps, batch=64, lr=3e-3)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "resnet20.pt"
        save(model, data, path)
        slice_ = Slice(resnet20, path, points, looped, checked=min(points, 5))
        yield f"ResNet-20, {images} images of 3 x {side} x {side}, {points} x {points} points, float32, loss {loss:.3f}"
        yield from table(measure(contenders(slice_), rounds, **how), BASE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--images", type=int, default=512)
    parser.add_argument("--points", type=int, default=11, help="along each axis")
    parser.add_argument("--rounds", type=int, default=3)
    words = parser.parse_args()
    torch.set_num_threads(THREADS)
    for line in lines(words.images, words.points, words.rounds):
        print(line, flush=True)
