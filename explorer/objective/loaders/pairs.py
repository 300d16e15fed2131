"""Pairs: batches (inputs, targets) whose inputs are of any structure: a dictionary, several tensors, a graph."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.loaders.contents import tensors_of


@dataclass(frozen=True)
class PairCount:
    """The count of (inputs, targets), by its targets."""

    count: Callable[[Tensor], float]

    def __call__(self, batch: tuple[Any, Tensor]) -> float:
        """Return over how much the loss of a batch is a mean."""
        return self.count(batch[1])


def is_pair(item: Any) -> bool:
    """Return whether an item is (inputs, targets), the inputs tensors in some structure, the targets one tensor."""
    if not isinstance(item, (tuple, list)) or len(item) != 2:
        return False
    inputs, targets = item
    if isinstance(inputs, (Tensor, str, bytes)) or not isinstance(targets, Tensor):
        return False
    try:
        return bool(tensors_of(inputs))
    except ObjectiveError:
        return False
