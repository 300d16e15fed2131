"""Backward graph: what lies between a value and the tensors that autograd can go back to."""

from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from explorer.numerics.rounding import eps_of


def leaves_behind(value: Tensor) -> Iterator[Tensor]:
    """Yield the leaves that autograd would go back to from a value."""
    for node in _nodes_behind(value):
        if hasattr(node, "variable"):
            yield node.variable


def coarsest_on_the_way(value: Tensor) -> float:
    """Return the relative rounding of the shortest floating dtype between a value and its leaves, its own among them: a
    model in which one layer computes in float32 or bfloat16 (autocast too) is exact to that, whatever it ends in."""
    dtypes = {each.dtype for node in _nodes_behind(value) for each in node._input_metadata}
    return max(eps_of(torch.empty(0, dtype=dtype, device=value.device)) for dtype in {value.dtype, *dtypes}
               if dtype.is_floating_point)  # fmt: skip


def _nodes_behind(value: Tensor) -> Iterator[Any]:
    seen, left = set(), [value.grad_fn]
    while left:
        node = left.pop()
        if node is None or node in seen:
            continue
        seen.add(node)
        yield node
        left += [each for each, _ in node.next_functions]
