"""Sharing: a batch of products with one and the same matrix, as one product."""

import torch
from torch import fx

aten = torch.ops.aten


def join_products(graph: fx.Graph) -> int:
    """Replace products of x [B, n, k] with one matrix W [k, m] expanded to [B, k, m] by a product of [B n, k] with W,
    and the sum with a bias [m] after it by part of that product; return how many there were."""
    joined = 0
    for node in list(graph.nodes):
        if node.target is aten.bmm.default and _matrix(node.args[1]) is not None:
            _join(graph, node)
            joined += 1
    return joined


def _matrix(node: object) -> fx.Node | None:
    """Return the matrix that a batch repeats, or None."""
    while isinstance(node, fx.Node) and node.target is aten.view.default and _shape(node) == _shape(node.args[0]):
        node = node.args[0]
    if not isinstance(node, fx.Node) or node.target is not aten.expand.default:
        return None
    inner = node.args[0]
    assert isinstance(inner, fx.Node)
    return inner if len(_shape(inner)) == 2 else None


def _join(graph: fx.Graph, node: fx.Node) -> None:
    x, matrix = node.args[0], _matrix(node.args[1])
    last, bias = _biased(node)
    with graph.inserting_before(last):
        rows = graph.call_function(aten.reshape.default, (x, [-1, _shape(x)[-1]]))
        operation, first = (aten.mm.default, ()) if bias is None else (aten.addmm.default, (bias,))
        product = graph.call_function(operation, (*first, rows, matrix))
        result = graph.call_function(aten.view.default, (product, list(_shape(last))))
    # What is no longer used, the views between them too, goes with all dead code.
    last.replace_all_uses_with(result)


def _biased(node: fx.Node) -> tuple[fx.Node, fx.Node | None]:
    """Return the sum with a bias that follows a product, past views that keep its last dimension, and the bias; or the
    product itself and None."""
    last = node
    while len(last.users) == 1:
        user = next(iter(last.users))
        if user.target in (aten._unsafe_view.default, aten.view.default) and _shape(user)[-1] == _shape(node)[-1]:
            last = user
            continue
        bias = user.args[1] if user.target is aten.add.Tensor and user.args[0] is last and not user.kwargs else None
        return (user, bias) if isinstance(bias, fx.Node) and _shape(bias) == _shape(node)[-1:] else (node, None)
    return node, None


def _shape(node: object) -> tuple[int, ...]:
    assert isinstance(node, fx.Node)
    return tuple(node.meta["tensor_meta"].shape)
