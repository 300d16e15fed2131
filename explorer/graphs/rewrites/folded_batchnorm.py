"""BatchNorm in eval mode, folded into the convolution before it: exact, at every point anew, and one pass less."""

import operator
from typing import Any

import torch
from torch import Tensor, fx

aten = torch.ops.aten

_TRAINING: dict[Any, int] = {aten.native_batch_norm.default: 5, aten.cudnn_batch_norm.default: 5}
"""Operation -> position of the argument that tells whether the batch's own statistics are used."""
_EPS: dict[Any, int] = {
    aten.native_batch_norm.default: 7,
    aten.cudnn_batch_norm.default: 7,
    aten._native_batch_norm_legit_no_training.default: 6,
}
"""Operation -> position of eps; inputs, scale, shift, mean and variance come first in all of them."""


def fold_batchnorm(graph: fx.Graph) -> int:
    """Replace every BatchNorm(convolution(x, W, b)) by convolution(x, s W, s (b - mean) + shift), with
    s = scale / sqrt(variance + eps); return how many there were.

    Source: Jacob et al., Quantization and training of neural networks for efficient integer-arithmetic-only inference
    (CVPR 2018), section 3.2.
    """
    folded = 0
    for node in list(graph.nodes):
        if _is_foldable(node):
            _fold(graph, node)
            folded += 1
    return folded


def _is_foldable(node: fx.Node) -> bool:
    if node.target not in _EPS or node.args[_TRAINING.get(node.target, 0)] is True:
        return False
    before = node.args[0]
    if not isinstance(before, fx.Node) or before.target is not aten.convolution.default or before.args[6]:
        # A transposed convolution has its channels elsewhere.
        return False
    uses = all(user.target is operator.getitem and user.args[1] == 0 for user in node.users)
    return len(before.users) == 1 and uses and node.args[3] is not None and node.args[4] is not None


def _fold(graph: fx.Graph, node: fx.Node) -> None:
    convolution: Any = node.args[0]
    scale, shift, mean, variance = node.args[1:5]
    x, weight, bias, *rest = convolution.args
    with graph.inserting_before(node):
        new = graph.call_function(_folded, (weight, bias, scale, shift, mean, variance, node.args[_EPS[node.target]]))
        folded = [graph.call_function(operator.getitem, (new, place)) for place in range(2)]
        result = graph.call_function(aten.convolution.default, (x, *folded, *rest))
    for user in list(node.users):
        user.replace_all_uses_with(result)
        graph.erase_node(user)
    graph.erase_node(node)
    graph.erase_node(convolution)


def _folded(
    weight: Tensor,
    bias: Tensor | None,
    scale: Tensor | None,
    shift: Tensor | None,
    mean: Tensor,
    variance: Tensor,
    eps: float,
) -> tuple[Tensor, Tensor]:
    """Return weight and bias of the convolution that normalizes as well."""
    factor = torch.rsqrt(variance + eps)
    factor = factor if scale is None else factor * scale
    away = -mean if bias is None else bias - mean
    moved = away * factor
    return weight * factor.view(-1, *(1,) * (weight.dim() - 1)), moved if shift is None else moved + shift
