"""Mini-batches: an objective's data a few samples at a time, in an order that a seed decides."""

from collections.abc import Iterator

import torch
from torch import Tensor

from explorer.numerics.seeds import generator
from explorer.objective import Objective
from explorer.objective.loaders.batch_data import Batch
from explorer.objective.samples import Samples


def batches(objective: Objective, size: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    """Return the (inputs, targets) of one mini-batch after another, without end.

    Each epoch goes through all samples once, in a new order, as a `DataLoader(shuffle=True)` does; the last batch of an
    epoch may be smaller. The orders are those of `torch.randperm` with one generator, seeded once. All data are held at
    once.

    Args:
        objective: with a loss on data.
        size: samples of a batch.
        seed: of the orders.

    Raises:
        ValueError: a size below 1, or terms, which hold their own data.
    """
    if size < 1:
        raise ValueError(f"expected a batch_size of at least 1, or None for all data; got {size}")
    samples = [part.samples for part in objective.parts()]
    if any(isinstance(each, Batch) for each in samples):
        raise ValueError(
            "expected an objective with a loss on data for mini-batches; the batches of a batch_loss stay as they are: "
            "use batch_size=None"
        )
    kept = [each for each in samples if isinstance(each, Samples)]
    if len(kept) < len(samples):
        raise ValueError(
            "expected an objective with a loss on data for mini-batches; terms hold their own data: use batch_size=None"
        )
    return _drawn(torch.cat([each.inputs for each in kept]), torch.cat([each.targets for each in kept]), size, seed)


def _drawn(inputs: Tensor, targets: Tensor, size: int, seed: int) -> Iterator[tuple[Tensor, Tensor]]:
    drawing = generator(seed)
    while True:
        order = torch.randperm(len(inputs), generator=drawing).to(inputs.device)
        for which in torch.split(order, min(size, len(order))):
            yield inputs[which], targets[which]
