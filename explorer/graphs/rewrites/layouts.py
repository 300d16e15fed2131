"""Layouts: the same cross-entropy, on tensors whose samples lie side by side in memory."""

import torch
from torch import fx

aten = torch.ops.aten

_FEW_CLASSES = 64
"""Up to so many classes the softmax of a sample is shorter than what a processor computes at once."""


def class_major(graph: fx.Graph) -> int:
    """Compute cross-entropies of few classes class by class, over all samples at once; return how many there were."""
    changed = 0
    for node in list(graph.nodes):
        if _is_summed(node) and _is_softmax_of_few(node.args[0]):
            _turn(graph, node)
            changed += 1
    return changed


def _is_summed(node: fx.Node) -> bool:
    """Return whether it is the cross-entropy of all samples together: a scalar, whatever their order."""
    return node.target is aten.nll_loss_forward.default and bool(node.args[3])


def _is_softmax_of_few(node: object) -> bool:
    if not isinstance(node, fx.Node) or node.target is not aten._log_softmax.default:
        return False
    shape = node.meta["tensor_meta"].shape
    return len(shape) == 2 and node.args[1] in (1, -1) and 1 < shape[1] <= min(_FEW_CLASSES, shape[0])


def _turn(graph: fx.Graph, node: fx.Node) -> None:
    softmax, target, *rest = node.args
    assert isinstance(softmax, fx.Node)
    scores = softmax.args[0]
    assert isinstance(target, fx.Node)
    with graph.inserting_before(node):
        # [D, C] -> [1, C, 1, D]: one picture of D pixels, for torch.
        turned = graph.call_function(aten.t.default, (scores,))
        for place in (0, 2):
            turned = graph.call_function(aten.unsqueeze.default, (turned, place))
        logs = graph.call_function(aten._log_softmax.default, (turned, 1, softmax.args[2]))
        labels = graph.call_function(aten.view.default, (target, [1, 1, -1]))
        result = graph.call_function(aten.nll_loss2d_forward.default, (logs, labels, *rest))
    node.replace_all_uses_with(result)
    graph.erase_node(node)
