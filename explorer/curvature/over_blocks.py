"""Gradient and Hessian products of a whole objective, summed over the blocks of its data."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from explorer.curvature.double_backward import backward_over_backward
from explorer.curvature.products import Product, Scalar, forward_over_reverse, reverse_over_reverse
from explorer.objective import Objective

_REFUSALS = (RuntimeError, TypeError, ValueError, NotImplementedError)
"""What PyTorch raises where an operation cannot be transformed."""


def full_gradient(objective: Objective, theta: Tensor) -> Tensor:
    """Return the gradient [P] at theta [P]: the share of each block times its gradient, so one block's memory."""
    total = torch.zeros_like(theta)
    for part in objective.parts():
        leaf = theta.detach().requires_grad_()
        with torch.enable_grad():
            loss = part(leaf)
        if loss.requires_grad:
            total += part.share * torch.autograd.grad(loss, leaf)[0]
    return total


def hessian_product(objective: Objective, theta: Tensor) -> Callable[[Tensor], Tensor]:
    """Return the function vector [P] -> H(theta) @ vector [P], with H the Hessian of the whole objective at theta [P].

    A mean over all samples, whatever the sizes of the blocks. How a block is multiplied is found by trying, at the
    price of one product: forward over reverse, reverse over reverse, or ordinary backward passes (an LSTM).
    """
    product = _allowed(next(iter(objective.parts())), theta)

    def multiply(vector: Tensor) -> Tensor:
        total = torch.zeros_like(theta)
        for part in objective.parts():
            total += part.share * product(part, theta, vector).detach()
        return total

    return multiply


def _allowed(f: Scalar, theta: Tensor) -> Product:
    ways: Sequence[Product] = (forward_over_reverse, reverse_over_reverse)
    for way in ways:
        try:
            way(f, theta, torch.ones_like(theta))
        except _REFUSALS:
            continue
        return way
    return backward_over_backward
