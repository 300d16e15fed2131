"""Batching: a function of one theta as a function of many, and what PyTorch raises where that cannot be."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

CANNOT_TRANSFORM = (RuntimeError, TypeError, ValueError, NotImplementedError, IndexError)
"""What PyTorch raises where it cannot batch, transform or differentiate an operation."""


@dataclass(frozen=True)
class Many:
    """Makes of a function of one theta [P] one of many [N, P], whose results are stacked."""

    batched: bool
    """All thetas at once by `vmap`, or one after another."""

    def __call__(self, function: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
        """Return the function thetas [N, P] -> results [N, ...], of tensors or of name -> tensor."""
        return vmap(function) if self.batched else _one_by_one(function)


def _one_by_one(function: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    def many(thetas: Tensor) -> Any:
        results = [function(theta) for theta in thetas]
        if isinstance(results[0], dict):
            return {name: torch.stack([one[name] for one in results]) for name in results[0]}
        return torch.stack(results)

    return many
