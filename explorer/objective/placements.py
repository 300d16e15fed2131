"""Placements: how theta gets under the model for an evaluation, and where the gradient is taken."""

import math
import warnings
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Protocol

import torch
from torch import Tensor

from explorer.numerics.rounding import eps_of
from explorer.objective.parameters import Layout

Tried = tuple[Tensor, Tensor]
"""Terms [T], and their gradients [T, P]."""

_COARSE = 0.01
"""Never more than this: half precision keeps three digits, and weights elsewhere differ in the second."""
_NOISE = 10.0
"""In units of eps of the whole gradient."""


class Placement(Enum):
    """How theta is put under the model; the value goes into a landscape's attributes."""

    VIEWS = "views"
    """Views of theta. Autograd differentiates from outside, and `vmap` makes of one point many."""
    LEAVES = "leaves"
    """A tensor of its own for each parameter, the gradient taken while it is under the model: what recomputes itself in
    the backward pass (activation checkpointing) would find the model's own weights there later, and sparse gradients
    and writing in place need leaves."""
    IN_PLACE = "in place"
    """The model's own parameters, overwritten for the moment, with `backward`: reentrant checkpointing asks for it."""


class Placed(Protocol):
    """What can be evaluated in any placement."""

    placement: Placement


def placement_of(
    placed: Placed, terms: Callable[[Tensor], Tensor], layout: Layout, thetas: Sequence[Tensor]
) -> Placement:
    """Return the first placement whose values and gradients are those of the model's own parameters, as in training.

    Args:
        placed: its placement is changed to try each; to be set to the result.
        terms: theta -> the terms [T], by that placement.
        layout: of theta; gradients are compared for each parameter.
        thetas: to try it at, the first where all is finite; other than the model's own: there, a part that is computed
            again with the model's own weights goes unnoticed.
    """

    def tried(placement: Placement, theta: Tensor) -> Tried | None:
        placed.placement = placement
        return _tried(terms, theta)

    for theta in thetas:
        truth = tried(Placement.IN_PLACE, theta)
        if truth is not None and all(bool(each.isfinite().all()) for each in truth):
            break
    for placement in (Placement.VIEWS, Placement.LEAVES):
        found = tried(placement, theta)
        if found is not None and (truth is None or _agree(found, truth, layout)):
            return placement
    return Placement.VIEWS if truth is None else Placement.IN_PLACE


def _tried(terms: Callable[[Tensor], Tensor], theta: Tensor) -> Tried | None:
    """Return what is found in a placement; None where it cannot be had, or theta has been written to."""
    leaf = theta.clone().requires_grad_()
    with torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            # As most of a sweep does; a term that differentiates by the parameters itself cannot.
            terms(theta.clone())
            values = terms(leaf)
            gradients = torch.stack([_gradient(value, leaf) for value in values])
        # Whatever the user's code raises, or a device that has no room for a gradient: what is wrong with a plain
        # evaluation is told by those that come after this one.
        except Exception:
            return None
    return (values.detach().to(theta), gradients) if torch.equal(leaf.detach(), theta) else None


def _gradient(value: Tensor, leaf: Tensor) -> Tensor:
    if not value.requires_grad:
        return torch.zeros_like(leaf)
    (found,) = torch.autograd.grad(value, leaf, retain_graph=True, allow_unused=True, materialize_grads=True)
    return found.detach()


def _agree(one: Tried, other: Tried, layout: Layout) -> bool:
    """Return whether values, and each term's gradient by each parameter, are the same but for rounding: a large loss or
    a large gradient elsewhere must not hide a small wrong one."""
    if all(torch.equal(a, b) for a, b in zip(one, other, strict=True)):
        # As it is nearly always: the same operations in the same order.
        return True
    if not torch.allclose(one[0], other[0], rtol=_share(one[0]), atol=0.0, equal_nan=True):
        return False
    return all(_rows_agree(a, b, layout) for a, b in zip(one[1], other[1], strict=True))


def _rows_agree(one: Tensor, other: Tensor, layout: Layout) -> bool:
    one, other = one.nan_to_num(), other.nan_to_num()
    # A gradient that is 0 but for cancellation, as that of a bias before a normalization, is of the others' rounding.
    noise = _NOISE * eps_of(other) * float(other.norm())
    pieces = zip(layout.pieces(one).values(), layout.pieces(other).values(), strict=True)
    return all(float((a - b).norm()) <= _share(b) * float(b.norm()) + noise for a, b in pieces)


def _share(like: Tensor) -> float:
    # Half of the digits: rounding in another order leaves more, another point's weights fewer.
    return min(math.sqrt(eps_of(like)), _COARSE)
