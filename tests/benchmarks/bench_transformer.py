"""How fast a slice of a small transformer is: against the bare loop over data in memory, torch's fast path allowed.

python -m tests.benchmarks.bench_transformer [--sequences 96] [--points 15] [--rounds 5]
"""

import argparse
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import torch

from tests.benchmarks.harness.contenders import Contender, Goal
from tests.benchmarks.harness.interleaved import THREADS, measure
from tests.benchmarks.harness.machine import machine
from tests.benchmarks.harness.table import table
from tests.benchmarks.work import network_work as work
from tests.benchmarks.work.network_work import Slice
from tests.benchmarks.work.synthetic import labelled_sequences, save, train
from tests.benchmarks.work.transformer import transformer

BASE, LENGTH, VOCABULARY = "bare loop over resident data", 64, 256


def contenders(slice_: Slice, sequences: int) -> list[Contender]:
    """Return all, with their goals."""
    bf16 = bool(torch.cpu._is_amx_tile_supported())
    return [
        Contender(BASE, work.resident, (slice_, sequences)),
        Contender("Li-style loop, DataLoader of 128", work.usual, (slice_,), (Goal(BASE),)),
        Contender("sweep", work.swept, (slice_, None, False), (Goal(BASE, 1.0),)),
        Contender(
            "sweep, bfloat16",
            work.swept,
            (slice_, torch.bfloat16, False),
            (Goal(BASE, 1.0, error=0.005, judged=bf16),),
            allowed=0.05,
        ),
    ]


def lines(
    sequences: int = 96, points: int = 15, rounds: int = 5, steps: int = 40, looped: int = 10, **how: Any
) -> Iterator[str]:
    """Measure everything and yield the lines as they come; `how` is for `measure`."""
    yield machine(THREADS)
    model, data = transformer(), labelled_sequences(sequences, LENGTH, VOCABULARY)
    loss = train(model, data, steps, batch=32)
    with TemporaryDirectory() as folder:
        path = Path(folder) / "transformer.pt"
        save(model, data, path)
        slice_ = Slice(transformer, path, points, looped, checked=5)
        yield (
            f"transformer, 2 layers, width 128, 4 heads, {sequences} sequences of {LENGTH}, "
            f"{points} x {points} points, float32, loss {loss:.3f}"
        )
        yield from table(measure(contenders(slice_, sequences), rounds, **how), BASE)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sequences", type=int, default=96)
    parser.add_argument("--points", type=int, default=15, help="along each axis")
    parser.add_argument("--rounds", type=int, default=5)
    words = parser.parse_args()
    torch.set_num_threads(THREADS)
    for line in lines(words.sequences, words.points, words.rounds):
        print(line, flush=True)
