"""Tracing: a function of tensors as a graph of PyTorch's operations, or the reason why it cannot be one."""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor, fx

from explorer.graphs.trace.effects import with_stops
from explorer.graphs.trace.writes import without_writes
from explorer.graphs.untraceable import UntraceableError

_CHANGING = (torch.Tag.dynamic_output_shape, torch.Tag.data_dependent_output, torch.Tag.nondeterministic_seeded)
"""Marks of operations whose shape, or value, a trace at one point would freeze."""
_IDLE = (
    torch.ops.aten.detach.default,
    torch.ops.aten.alias.default,
    torch.ops.aten.lift_fresh_copy.default,
    torch.ops.aten.lift_fresh.default,
)
"""Operations that do nothing in a graph without autograd and without writes."""


def traced(
    function: Callable[..., Any],
    *examples: Tensor,
    instead: Mapping[Any, Callable[..., Any]] | None = None,
    any_size: bool = False,
) -> fx.GraphModule:
    """Return the graph of a function at example tensors, without writes to any tensor; its operations are aten's.

    Args:
        function, examples: what to trace, at what.
        instead: operation -> function that it is replaced by.
        any_size: sizes that depend on those of the examples are computed by the graph, where the function allows it.

    Raises:
        UntraceableError: its operations depend on values, so that a trace would be right at the examples alone.
    """
    # A second of imports (sympy), which only those who trace should wait for.
    from torch.fx.experimental.proxy_tensor import make_fx

    try:
        make = make_fx(
            function, decomposition_table=dict(instead or {}), tracing_mode="symbolic" if any_size else "real"
        )
        graph: fx.GraphModule = make(*examples)
    except (torch.OutOfMemoryError, UntraceableError):
        raise
    except Exception as error:
        raise UntraceableError(f"tracing failed: {error}") from error
    # With it, a graph of any size could not be saved.
    vars(graph).pop("shape_env", None)
    without_writes(graph.graph)
    for node in graph.graph.nodes:
        _refuse_changing(node)
        if node.target in _IDLE:
            node.replace_all_uses_with(node.args[0])
    with_stops(graph.graph)
    tidy(graph)
    return graph


def annotated(graph: fx.GraphModule, *examples: Tensor) -> fx.GraphModule:
    """Return the same graph, every node with shape, strides and type of its value in `meta["tensor_meta"]`."""
    from torch.fx.passes.shape_prop import ShapeProp

    with torch.no_grad():
        ShapeProp(graph).propagate(*examples)
    return graph


def tidy(graph: fx.GraphModule) -> None:
    """Drop what no output needs, and make the graph callable again after changes."""
    graph.graph.eliminate_dead_code()
    graph.graph.lint()
    graph.recompile()


def _refuse_changing(node: fx.Node) -> None:
    if node.op not in ("call_function", "placeholder", "get_attr", "output"):
        raise UntraceableError(f"expected plain operations; got {node.op} {node.target}")
    if not isinstance(node.target, torch._ops.OpOverload):
        return
    if node.target._schema.is_mutable:
        raise UntraceableError(f"{node.target} writes to a tensor that others see")
    if set(_CHANGING) & set(node.target.tags) and not _by_position(node):
        raise UntraceableError(f"{node.target} depends on values")


def _by_position(node: fx.Node) -> bool:
    """Return whether a node picks entries by position, not by a mask: then its shape is always the same."""
    if node.target is not torch.ops.aten.index.Tensor:
        return False
    masks = (torch.bool, torch.uint8)
    return all(index is None or index.meta["tensor_meta"].dtype not in masks for index in node.args[1])  # type: ignore[union-attr]
