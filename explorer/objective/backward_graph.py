"""Backward graph: what lies between a value and the tensors that autograd can go back to."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import Tensor

from explorer.numerics.rounding import eps_of


def leaves_behind(value: Tensor) -> Iterator[Tensor]:
    """Yield the leaves that autograd would go back to from a value."""
    for node in _nodes_behind(value):
        if hasattr(node, "variable"):
            yield node.variable


@contextmanager
def grads_kept(value: Tensor, but: Collection[Tensor] = ()) -> Iterator[None]:
    """Put the `grad` of all leaves behind a value back afterwards, but for some: others are the user's, held by a term.
    For a `backward` without `inputs=`, which leaves out what lies behind reentrant checkpoints."""
    moving = {id(leaf) for leaf in but}
    before = [(leaf, leaf.grad) for leaf in leaves_behind(value) if id(leaf) not in moving]
    for leaf, _ in before:
        leaf.grad = None
    try:
        yield
    finally:
        for leaf, grad in before:
            leaf.grad = grad


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
