"""Placements: how theta gets under the model for an evaluation, and where the gradient is taken."""

import warnings
from collections.abc import Callable
from enum import Enum
from typing import Protocol

import torch
from torch import Tensor

from explorer.numerics.rounding import eps_of


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


def placement_of(placed: Placed, loss: Callable[[Tensor], Tensor], theta: Tensor) -> Placement:
    """Return the first placement whose value and gradient are those of the model's own parameters, as in training.

    Args:
        placed: its placement is changed to try each; to be set to the result.
        loss: theta [P] -> scalar, by that placement.
        theta: to try it at, other than the model's own: there, a part that is computed again with the model's own
            weights goes unnoticed.
    """

    def tried(placement: Placement) -> Tensor | None:
        placed.placement = placement
        return _gradient(loss, theta)

    truth = tried(Placement.IN_PLACE)
    for placement in (Placement.VIEWS, Placement.LEAVES):
        found = tried(placement)
        if found is not None and (truth is None or _agree(found, truth)):
            return placement
    return Placement.VIEWS if truth is None else Placement.IN_PLACE


def _gradient(loss: Callable[[Tensor], Tensor], theta: Tensor) -> Tensor | None:
    """Return value and gradient in one [1 + P]; None where they cannot be had, or theta has been written to."""
    leaf = theta.clone().requires_grad_()
    with torch.enable_grad(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            value = loss(leaf)
            (found,) = torch.autograd.grad(value, leaf, allow_unused=True) if value.requires_grad else (None,)
        # Whatever the user's code raises, or a device that has no room for a gradient: what is wrong with a plain
        # evaluation is told by those that come after this one.
        except Exception:
            return None
    if not torch.equal(leaf.detach(), theta):
        return None
    gradient = torch.zeros_like(theta) if found is None else found.detach()
    return torch.cat([value.detach().to(theta).reshape(1), gradient])


def _agree(one: Tensor, other: Tensor) -> bool:
    # Half of the digits: rounding in another order leaves more, another point's weights fewer.
    share = eps_of(one) ** 0.5
    return torch.allclose(one, other, rtol=share, atol=share * float(other.abs().nan_to_num().max()), equal_nan=True)
