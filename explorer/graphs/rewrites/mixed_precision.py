"""Mixed precision: products in a short type, everything that sums or curves in the graph's own."""

import operator
from typing import Any

import torch
from torch import fx

from explorer.graphs.rewrites.affine import PRODUCTS

aten = torch.ops.aten

_KEEPING = {
    aten.relu.default,
    aten.tanh.default,
    aten.gelu.default,
    aten.silu.default,
    aten.leaky_relu.default,
    aten.add.Tensor,
    aten.mul.Scalar,
    aten.max_pool2d_with_indices.default,
    aten.constant_pad_nd.default,
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.clone.default,
    aten.expand.default,
    aten.t.default,
    aten.transpose.int,
    aten.permute.default,
    aten.squeeze.dim,
    aten.unsqueeze.default,
    aten.select.int,
    aten.slice.Tensor,
}
"""Go on in the short type where all their tensors have it: they lose no more than the product before them did."""


def in_mixed_precision(whole: fx.GraphModule, low: torch.dtype) -> fx.GraphModule:
    """Return the graph with its products taken in `low`, and its results in their own types.

    The rules are those of torch.autocast: products in the short type; losses, sums, exponentials and normalization not.

    Args:
        whole: a graph of floating tensors of one type; annotated.
        low: torch.bfloat16 or torch.float16.
    """
    graph = fx.Graph()
    new: dict[fx.Node, fx.Node] = {}
    short: set[fx.Node] = set()
    """Nodes of the new graph in the short type."""

    def cast(node: fx.Node, dtype: torch.dtype) -> fx.Node:
        return graph.call_function(aten._to_copy.default, (node,), {"dtype": dtype})

    for node in whole.graph.nodes:
        needed = [each for each in node.all_input_nodes if _is_floating(each)]
        if node.op != "call_function":
            wanted = False
        elif node.target is operator.getitem:
            # One of several results: in the type of what it is a part of.
            wanted = _is_floating(node) and new[node.all_input_nodes[0]] in short
        elif node.target in PRODUCTS:
            wanted = True
        else:
            wanted = node.target in _KEEPING and bool(needed) and all(new[each] in short for each in needed)
        changed = {each: new[each] for each in node.all_input_nodes}
        for each in needed:
            if (new[each] in short) != wanted:
                changed[each] = cast(new[each], low if wanted else each.meta["tensor_meta"].dtype)
        new[node] = graph.node_copy(node, lambda each, changed=changed: changed[each])  # type: ignore[misc]
        if wanted:
            short.add(new[node])
    return fx.GraphModule(whole, graph)


def _is_floating(node: fx.Node) -> bool:
    value: Any = node.meta.get("tensor_meta")
    return isinstance(getattr(value, "dtype", None), torch.dtype) and value.dtype.is_floating_point
