"""Strides that change nothing: what pooling a whole image does last. Its backward writes in place and is not traced."""

import torch
from torch import fx


def keeps_strides(node: fx.Node) -> bool:
    """Return whether a node gives a tensor the strides that it has, but where there is one entry."""
    if node.target is not torch.ops.aten.as_strided.default or len(node.args) != 3:
        return False
    size, stride = node.args[1:3]
    before = node.all_input_nodes[0].meta["tensor_meta"]
    pairs = zip(before.shape, before.stride, stride, strict=False)  # type: ignore[arg-type]
    return tuple(before.shape) == tuple(size) and all(n == 1 or old == new for n, old, new in pairs)  # type: ignore[arg-type]
