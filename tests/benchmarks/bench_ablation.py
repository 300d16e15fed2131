"""What each rewrite of explorer/graphs is worth: the time without it over the time with all, row by row.

python -m tests.benchmarks.bench_ablation [--rounds 7] [--row WORDS] [--no-compiler]
"""

import argparse
import statistics
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch

from tests.benchmarks.bench_convolution import resnet20
from tests.benchmarks.bench_network import mlp
from tests.benchmarks.bench_transformer import LENGTH, VOCABULARY
from tests.benchmarks.harness.contenders import Contender
from tests.benchmarks.harness.interleaved import Result, measure
from tests.benchmarks.harness.machine import machine
from tests.benchmarks.work.ablation_work import Row, chosen, network_row, neuron_row, without
from tests.benchmarks.work.neuron_work import BOTH, Size
from tests.benchmarks.work.switched_off import EVERYTHING, MACHINE_CODE, NONE, REWRITES, TANH, Rewrite
from tests.benchmarks.work.synthetic import labelled_images, labelled_sequences, train
from tests.benchmarks.work.transformer import transformer

THREADS = 1
BASE = Rewrite("with all")
ALLOWED = 1e-4
"""Of the range of the true values: what the other benchmarks allow."""
INTERPRETED = (BASE, NONE, *REWRITES, EVERYTHING)
COMPILED = (BASE, NONE, TANH, MACHINE_CODE)
Make = Callable[[], Row]


def rows(points: int = 96, images: int = 2000, pictures: int = 128, side: int = 32, sequences: int = 96) -> list[Make]:
    """Return how to make each row of docs/speed.md's table, smaller."""
    size = Size(points=points, samples=64)
    return [
        lambda: neuron_row(size, ("loss",), compiled=False),
        lambda: neuron_row(size, BOTH, compiled=False),
        lambda: _network("network, ReLU", mlp("ReLU"), labelled_images(images, (784,)), 4),
        lambda: _network("network, tanh", mlp("tanh"), labelled_images(images, (784,)), 4),
        lambda: _network("convolution", resnet20(), labelled_images(pictures, (3, side, side), noise=1.0), 2),
        lambda: _network("transformer", transformer(), labelled_sequences(sequences, LENGTH, VOCABULARY), 2),
    ]


def compiled_rows(points: int = 512) -> list[Make]:
    """Return those that machine code is made for, at full size."""
    size = Size(points=points, samples=64)
    return [
        lambda: neuron_row(size, ("loss",), compiled=True),
        lambda: neuron_row(size, BOTH, compiled=True),
    ]


def _network(name: str, model: torch.nn.Module, data: tuple[torch.Tensor, torch.Tensor], points: int) -> Row:
    train(model, data, steps=20, batch=32)
    return network_row(name, model, data, points)


def found(row: Row, rewrites: Sequence[Rewrite], rounds: int, **how: Any) -> list[Result]:
    """Return the timings of a row without each rewrite, in one process, in turn; `how` is for `measure`."""
    choices = row.choices()
    best = [chosen(row)]

    def contender(rewrite: Rewrite) -> Contender:
        # What is fastest with all is fastest without one that it does not choose.
        given = best if all(map(rewrite.allows, best)) else choices
        return Contender(rewrite.name, without, (row, rewrite, given), allowed=ALLOWED)

    return measure([contender(rewrite) for rewrite in rewrites], rounds, apart=False, **how)


def worth(result: Result, base: Result) -> float:
    """Return the time without a rewrite over the time with all, the median of the rounds: above 1 it pays."""
    return statistics.median(a / b for a, b in zip(result.seconds, base.seconds, strict=True))


def told(row: Row, results: Sequence[Result]) -> Iterator[str]:
    """Yield the lines of one row."""
    base, *others = results
    yield f"{row.name}: {len(row.coords)} points in {1e3 * base.median:.1f} ms with all ({base.note})"
    for result in others:
        if not result.seconds:
            yield f"  {result.contender.name:30}  not available: {result.reason}"
            continue
        note = "" if result.note == base.note else f"  by {result.note}"
        yield f"  {result.contender.name:30}  {worth(result, base):6.2f}  error {result.error:.0e}{note}"


def lines(
    made: Sequence[Make], compiled: Sequence[Make], rounds: int = 7, words: str = "", **how: Any
) -> Iterator[str]:
    """Measure everything and yield the lines as they come; last a table in Markdown."""
    yield machine(THREADS)
    yield "time without a rewrite / time with all; above 1 it pays"
    columns: dict[str, dict[str, float]] = {}
    for makes, rewrites in ((made, INTERPRETED), (compiled, COMPILED)):
        for make in makes:
            row = make()
            if words not in row.name:
                continue
            results = found(row, rewrites, rounds, **how)
            yield from told(row, results)
            columns[row.name] = {each.contender.name: worth(each, results[0]) for each in results[1:] if each.seconds}
    yield from markdown(columns)


def markdown(columns: dict[str, dict[str, float]]) -> Iterator[str]:
    """Yield a table, rewrites down and rows across."""
    yield f"| without | {' | '.join(columns)} |"
    yield "|---" * (1 + len(columns)) + "|"
    for name in dict.fromkeys(name for column in columns.values() for name in column):
        yield f"| {name} | {' | '.join(f'{c[name]:.2f}' if name in c else '' for c in columns.values())} |"


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--row", default="", help="only rows with this in their names")
    parser.add_argument("--no-compiler", action="store_true", help="leave out what is compiled")
    parser.add_argument("--patience", type=float, default=20.0, help="seconds a row to wait for a quiet machine")
    given = parser.parse_args()
    torch.set_num_threads(THREADS)
    late = [] if given.no_compiler else compiled_rows()
    for line in lines(rows(), late, given.rounds, given.row, patience=given.patience, least_seconds=0.2):
        print(line, flush=True)
