"""Parts: an objective block by block of its data, so that memory is that of one block."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.numerics.free_memory import room, saved_bytes
from explorer.objective.data import Data
from explorer.objective.loaders.batch_data import Batch, Batches
from explorer.objective.model import Binding, Evaluate
from explorer.objective.samples import Samples
from explorer.objective.terms import Outcome, Problem

_BLOCK = 96 << 20
"""Bytes that one block of data may keep for its backward pass; larger blocks run no faster on common processors."""
_SHARE = 16
"""Of the memory of a GPU that data may take, one such share is what a block may keep: it takes many samples to keep
all of it busy."""
_LITTLE = 1 << 20
"""Below so many products of samples and parameters a block is never too large to be evaluated at once."""


@dataclass(frozen=True, eq=False)
class Part:
    """What is measured on one block of data, as a function of theta."""

    binding: Binding
    problem: Problem
    evaluate: Evaluate
    share: float = 1.0
    """Of the samples; the shares of all parts sum to 1."""
    samples: Samples | Batch | None = None
    """None where the terms hold their own data."""
    trains: bool = True
    """Whether it is a part of the objective, or a measurement on test data beside it."""

    def __call__(self, theta: Tensor) -> Tensor:
        """Return the block's loss, or the weighted sum of the terms, at theta [P]; a scalar."""
        return self.problem.combine(self.measure(theta).terms)

    def measure(self, theta: Tensor) -> Outcome:
        """Return the block's terms and metrics at theta [P].

        Raises:
            ObjectiveError: theta has another shape or dtype than the model's own.
        """
        return self.measure_on(theta, *given(self.samples))

    def measure_on(self, theta: Tensor, *samples: Any) -> Outcome:
        """Return terms and metrics on other samples, given as tensors; raises as `measure`."""
        return self.binding.call(theta, self.evaluate, *samples)


def parts_of(
    binding: Binding, problem: Problem, data: Data | Batches | None, evaluate: Evaluate, *, trains: bool = True
) -> Iterator[Part]:
    """Yield one part for each block of data; a single one where the terms hold their own."""
    if data is None:
        yield Part(binding, problem, evaluate, trains=trains)
        return
    for share, samples in data.shared():
        # A block that nothing is counted of, such as of labels that are all ignored, has no mean.
        if share:
            yield Part(binding, problem, evaluate, share, samples, trains)


def in_blocks(binding: Binding, data: Data, evaluate: Evaluate) -> Data:
    """Return the data in blocks whose evaluation keeps a bounded amount of memory, as measured on two samples."""
    if len(data) * binding.layout.size <= _LITTLE:
        return data
    probe = data.first[:2]
    theta = binding.theta.clone().requires_grad_()
    shared = [*data.tensors, *binding.rest.values(), theta]
    each = saved_bytes(lambda: binding.call(theta, evaluate, *given(probe)), shared) / len(probe)
    most = max(_BLOCK, room(theta.device) // _SHARE) if theta.device.type == "cuda" else _BLOCK
    return data.in_blocks(even_block(int(most / max(each, 1)), len(data)))


def even_block(most: int, samples: int) -> int:
    """Return the length of blocks of at most `most` samples: one that they all have, where less than twice as many
    blocks as needed allow it, else nearly so. What is prepared for a block serves all of its length."""
    fewest = -(-samples // max(1, most))
    number = next((many for many in range(fewest, 2 * fewest) if samples % many == 0), fewest)
    return -(-samples // number)


def given(samples: Samples | Batch | None) -> tuple[Any, ...]:
    """Return what a problem takes beside the model: inputs and targets, a batch, or nothing."""
    return () if samples is None else samples.given


def weighted_sum(parts: Iterable[tuple[float, Mapping[str, Tensor]]]) -> dict[str, Tensor]:
    """Return name -> the sum of share * value over (share, name -> value)."""
    total: dict[str, Tensor] = {}
    for share, values in parts:
        add_share(total, share, values)
    return total


def add_share(total: dict[str, Tensor], share: float, values: Mapping[str, Tensor]) -> None:
    """Add share * value to the total of each name."""
    for name, value in values.items():
        # A share of 1 changes no bit.
        value = value if share == 1.0 else share * value
        total[name] = total[name] + value if name in total else value
