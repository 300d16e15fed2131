"""Watching: what a function does while it is traced that no list of operations shows."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, fx
from torch.overrides import TorchFunctionMode
from torch.utils._pytree import tree_map_only

from explorer.graphs.untraceable import UntraceableError

_VALUES: tuple[Any, ...] = (Tensor.numpy, Tensor.tolist, Tensor.__array__, Tensor.__dlpack__)
"""Hand numbers to Python, where what becomes of them is no operation of a graph."""
_HOOKS: tuple[Any, ...] = (Tensor.register_hook, Tensor.register_post_accumulate_grad_hook)
_DETACHING: tuple[Any, ...] = (Tensor.detach, torch.detach, Tensor.data.__get__)  # type: ignore[attr-defined]

_library: Any = torch.library.Library("explorer", "DEF")  # type: ignore[no-untyped-call]
_library.define("stopped(Tensor x) -> Tensor")
_library.impl("stopped", torch.clone, "CompositeExplicitAutograd")


class Watch(TorchFunctionMode):
    """Refuses what a trace would freeze: values that go to Python, hooks that change gradients.

    Args:
        marking: mark where a gradient stops, as a trace is made without autograd. It must be enabled outside; where the
            function disables it, it means to stop the gradient.

    Raises:
        UntraceableError: the function looks at values by NumPy or as a list, or changes gradients by a hook.
    """

    def __init__(self, *, marking: bool) -> None:
        super().__init__()
        self.marking = marking

    def __torch_function__(
        self, func: Any, types: Sequence[Any], args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        if func in _VALUES or func in _HOOKS:
            raise UntraceableError(f"Tensor.{func.__name__} is not an operation of a graph")
        result = func(*args, **(kwargs or {}))
        if self.marking and (func in _DETACHING or not torch.is_grad_enabled()):
            return tree_map_only(Tensor, _stopped, result)
        return result


def with_stops(graph: fx.Graph) -> None:
    """Replace the marks of `Watch` by operations at which autograd stops."""
    for node in graph.nodes:
        if node.target is torch.ops.explorer.stopped.default:
            node.target = torch.ops.aten.detach.default


def refuse_own_backward(function: Callable[[Tensor], Tensor], theta: Tensor) -> None:
    """Do nothing if autograd differentiates a function theta [P] -> scalar by its own rules alone.

    Raises:
        UntraceableError: there is a hook, or a `torch.autograd.Function` with a rule of its own: a trace sees neither.
    """
    with torch.enable_grad(), Watch(marking=False):
        waiting, seen = [function(theta.detach().clone().requires_grad_()).grad_fn], set()
    while waiting:
        node = waiting.pop()
        if node is None or node in seen:
            continue
        if isinstance(node, torch.autograd.function.BackwardCFunction):
            raise UntraceableError(f"{node.name()} is a rule of its own for the gradient")
        seen.add(node)
        waiting += [before for before, _ in node.next_functions]


def _stopped(tensor: Tensor) -> Tensor:
    if not tensor.is_floating_point() and not tensor.is_complex():
        return tensor
    marked: Tensor = torch.ops.explorer.stopped(tensor)
    return marked
