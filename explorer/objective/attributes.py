"""Attributes: what modules keep beside their parameters and buffers, such as the result of an earlier evaluation."""

from collections import OrderedDict, defaultdict, deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from operator import is_not
from typing import Any

from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.objective.trials.refusals import Roundings, differ

_CONTAINERS = (dict, list, set, deque, defaultdict, OrderedDict)
_FEW = 1000
"""Entries of a container that may be a cache; a larger one is a table, which takes time to copy."""
_TORCHS = frozenset(vars(nn.Module())) - {"_parameters", "_buffers", "_modules"}
"""What PyTorch keeps in every module and no forward pass adds to; buffers and submodules may be made by the first."""


class Attributes:
    """The attributes of a model's modules as they are now, to be put back after each evaluation: what one evaluation
    keeps, such as a cached product of weights, would be another theta's at the next.

    Plain containers get their contents back, too, but not those within them.
    """

    def __init__(self, model: nn.Module) -> None:
        self._before = [(vars(module), dict(vars(module))) for module in model.modules()]
        self._held = [(each, each.copy()) for own, _ in self._before for name, each in own.items()
                      if name not in _TORCHS and type(each) in _CONTAINERS and len(each) <= _FEW]  # fmt: skip

    @contextmanager
    def restored(self) -> Iterator[None]:
        """Put them back at the end."""
        try:
            yield
        finally:
            for container, contents in (*self._before, *self._held):
                if not _is_same(container, contents):
                    _refill(container, contents)


def _is_same(container: Any, contents: Any) -> bool:
    if len(container) != len(contents):
        return False
    if isinstance(container, dict):
        return not any(map(is_not, container.values(), contents.values())) and list(container) == list(contents)
    return not any(map(is_not, container, contents))


def _refill(container: Any, contents: Any) -> None:
    container.clear()
    if isinstance(container, (list, deque)):
        container.extend(contents)
    else:
        container.update(contents)


def computed_before(model: nn.Module, own: nn.Module) -> dict[str, Tensor]:
    """Return what an own copy of a model keeps of what the model has computed from its weights, by name.

    Args:
        model: the user's, whose tensors have their graphs.
        own: its copy, where they have none.
    """
    copies = dict(own.named_modules())
    found = {}
    for where, module in model.named_modules():
        ours = _kept_by(copies.get(where, own))
        for name, each in _kept_by(module).items():
            pairs = zip(tensors_within(each), tensors_within(ours.get(name)), strict=False)
            for one, other in pairs:
                if not one.is_leaf:
                    found[f"{where}.{name}" if where else name] = other
    return found


def _kept_by(module: nn.Module) -> dict[str, Any]:
    """Return what a module keeps, by name, its buffers by their own."""
    return {**vars(module), **module._buffers, "_buffers": None}


def refuse_used_again(
    kept: Mapping[str, Tensor], measure: Callable[[], Mapping[str, Tensor]], roundings: Roundings
) -> None:
    """Refuse a model whose value depends on what it has computed from its weights earlier, and keeps: that would stay
    where theta does not.

    Args:
        kept: name -> tensor of the model that is measured; as it was at the end.
        measure: -> name -> value.
        roundings: of the values.

    Raises:
        ObjectiveError: naming what is kept.
    """
    expected = measure() if kept else {}
    for name, tensor in kept.items():
        before = tensor.clone()
        # NaN would pass where it is compared or clamped.
        tensor.mul_(2).add_(1)
        try:
            found = measure()
        finally:
            tensor.copy_(before)
        if any(differ(value, found[each], roundings.get(each)) for each, value in expected.items()):
            raise ObjectiveError(
                f"expected a model that computes from its parameters anew each time; it keeps {name!r}, computed from "
                "them earlier, and uses it again: compute it in forward, or empty it before the model is given"
            )


def tensors_within(item: Any) -> Iterator[Tensor]:
    """Yield the tensors within plain containers."""
    if isinstance(item, Tensor):
        yield item
    elif isinstance(item, (dict, list, tuple)):
        for each in item.values() if isinstance(item, dict) else item:
            yield from tensors_within(each)
