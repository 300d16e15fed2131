"""Affine values: tensors that are origin + sum of coordinate x slope at every point of a plane, and the operations that
keep them so."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

aten = torch.ops.aten

_SHAPES = {
    aten.view.default,
    aten._unsafe_view.default,
    aten.reshape.default,
    aten.t.default,
    aten.transpose.int,
    aten.permute.default,
    aten.squeeze.default,
    aten.squeeze.dim,
    aten.squeeze.dims,
    aten.unsqueeze.default,
    aten.select.int,
    aten.slice.Tensor,
    aten.split.Tensor,
    aten.split_with_sizes.default,
    aten.unbind.int,
    aten.clone.default,
    aten.flip.default,
    aten.neg.default,
    aten.sum.default,
    aten.sum.dim_IntList,
    aten.mean.default,
    aten.mean.dim,
    aten.mul.Scalar,
    aten.div.Scalar,
}
"""Linear in their first argument, whatever the others are."""

Groups = tuple[tuple[int, ...], ...]

_GROUPS: dict[Any, Groups] = {
    aten.add.Tensor: ((0,), (1,)),
    aten.sub.Tensor: ((0,), (1,)),
    aten.mul.Tensor: ((0, 1),),
    aten.div.Tensor: ((0,),),
    aten.mm.default: ((0, 1),),
    aten.bmm.default: ((0, 1),),
    aten.addmm.default: ((0,), (1, 2)),
    aten.baddbmm.default: ((0,), (1, 2)),
    aten.convolution.default: ((0, 1), (2,)),
    aten.embedding.default: ((0,),),
    **dict.fromkeys(_SHAPES, ((0,),)),
}
"""Operation -> positions of its arguments: a sum of products, one group a product."""


@dataclass(frozen=True, eq=False)
class Affine:
    """A tensor that depends on the coordinates of a plane as origin + sum of coordinate x slope."""

    origin: Tensor
    slopes: tuple[Tensor, ...]
    """One for each direction, each of the origin's shape."""

    @property
    def nbytes(self) -> int:
        """What origin and slopes take, were none of them a view."""
        return (1 + len(self.slopes)) * self.origin.numel() * self.origin.element_size()

    def at(self, coords: Sequence[float] | Tensor) -> Tensor:
        """Return the value at the coordinates of one point, given as numbers or as a tensor [K] on the device."""
        if isinstance(coords, Tensor):
            total = self.origin
            for slope, coordinate in zip(self.slopes, coords, strict=True):
                total = torch.addcmul(total, slope, coordinate)
            return total
        # For one point this is twice as fast as a product with the matrix of slopes.
        total = torch.add(self.origin, self.slopes[0], alpha=coords[0])
        for slope, coordinate in zip(self.slopes[1:], coords[1:], strict=True):
            total.add_(slope, alpha=coordinate)
        return total


PRODUCTS = {aten.mm.default, aten.bmm.default, aten.addmm.default, aten.baddbmm.default, aten.convolution.default}
"""Operations that sum products."""


def affine_result(target: Any, args: Sequence[Any], kwargs: Mapping[str, Any], least: float) -> Any:
    """Return the affine result of an operation, or a list of them where it yields several; None if it is not affine.

    Args:
        target, args, kwargs: the operation; some arguments are `Affine`, all others constant.
        least: how many products must be summed for a number of a result that is larger than what it is made of.
    """
    groups = _GROUPS.get(target)
    if groups is None or not _is_sum_of_products(groups, args, kwargs):
        return None
    given = [arg for arg in args if isinstance(arg, Affine)]
    origin = target(*(arg.origin if isinstance(arg, Affine) else arg for arg in args), **kwargs)
    if not isinstance(origin, Tensor):
        found = [target(*_linear(groups, args, direction), **kwargs) for direction in range(len(given[0].slopes))]
        return [Affine(each, tuple(slope[place] for slope in found)) for place, each in enumerate(origin)]
    if _inner(target, args) < least and origin.numel() > sum(each.origin.numel() for each in given):
        return None
    slopes = (target(*_linear(groups, args, direction), **kwargs) for direction in range(len(given[0].slopes)))
    return Affine(origin, tuple(slopes))


def _inner(target: Any, args: Sequence[Any]) -> float:
    """Return how many products are summed for one number of the result."""
    if target is aten.convolution.default:
        return math.prod(_shape(args[1])[1:])
    if target in (aten.mm.default, aten.bmm.default):
        return _shape(args[0])[-1]
    if target in (aten.addmm.default, aten.baddbmm.default):
        return _shape(args[1])[-1]
    return 1


def _shape(value: Tensor | Affine) -> torch.Size:
    return value.origin.shape if isinstance(value, Affine) else value.shape


def _is_sum_of_products(groups: Groups, args: Sequence[Any], kwargs: Mapping[str, Any]) -> bool:
    if any(isinstance(value, Affine) for value in kwargs.values()):
        return False
    named = {position for group in groups for position in group}
    if any(isinstance(arg, Affine) and position not in named for position, arg in enumerate(args)):
        return False
    return all(sum(isinstance(args[i], Affine) for i in group if i < len(args)) <= 1 for group in groups)


def _linear(groups: Groups, args: Sequence[Any], direction: int) -> list[Any]:
    """Return the arguments at which the operation is the slope of its result: constant products are left out."""
    changed = [arg.slopes[direction] if isinstance(arg, Affine) else arg for arg in args]
    for group in groups:
        if not any(isinstance(args[i], Affine) for i in group if i < len(args)):
            first = next((i for i in group if i < len(args)), None)
            if first is not None and isinstance(args[first], (Tensor, int, float)):
                changed[first] = torch.zeros_like(args[first]) if isinstance(args[first], Tensor) else 0
    return changed
