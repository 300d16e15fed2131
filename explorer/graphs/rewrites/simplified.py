"""Simplifying: operations that change nothing, and constants that are one number."""

from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, fx

aten = torch.ops.aten

_SHAPING = {aten.view.default, aten._unsafe_view.default, aten.reshape.default, aten.expand.default}


def unchanged(node: fx.Node, args: Sequence[Any]) -> Any:
    """Return what stands for the result of an operation that does nothing: x of pow(x, 1) and of a view in the same
    shape, x of strides that are the same, x of t(t(x)); None for all others."""
    target = node.target
    if target in _SHAPING and _shape(node) == _shape(node.all_input_nodes[0]):
        return args[0]
    if target is aten.as_strided.default and len(args) == 3 and _is_as_it_was(node):
        return args[0]
    if target is aten.pow.Tensor_Scalar and args[1] == 1:
        return args[0]
    if target is aten.t.default and isinstance(args[0], fx.Node) and args[0].target is aten.t.default:
        return args[0].args[0]
    return None


def with_scalars(node: fx.Node, args: Sequence[Any]) -> list[Any]:
    """Return the factors of a product with a constant of equal entries as one number: a pass over memory less."""
    if node.target is not aten.mul.Tensor:
        return list(args)
    same = all(_shape(each) == _shape(node) for each in node.all_input_nodes)
    return [_number(arg) if same and isinstance(arg, Tensor) else arg for arg in args]


def _number(constant: Tensor) -> Tensor:
    first = constant.reshape(-1)[:1].reshape(())
    return first.clone() if constant.numel() > 1 and bool((constant == first).all()) else constant


def _is_as_it_was(node: fx.Node) -> bool:
    """Return whether strides are changed only where there is one entry, as the pooling of whole images does."""
    size, stride = node.args[1:3]
    before = node.all_input_nodes[0].meta["tensor_meta"]
    pairs = zip(before.shape, before.stride, stride, strict=False)  # type: ignore[arg-type]
    return tuple(before.shape) == tuple(size) and all(n == 1 or old == new for n, old, new in pairs)  # type: ignore[arg-type]


def _shape(node: fx.Node) -> tuple[int, ...] | None:
    return getattr(node.meta.get("tensor_meta"), "shape", None)
