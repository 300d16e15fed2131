"""Loss, gradient and Hessian of the tanh neuron at many parameter vectors at once.

With z = w x + b, T = tanh z, s = 1 - T^2, r = T - y and phi = (x, 1):

    L = mean ell(r)        grad L = mean ell'(r) s phi        Hess L = mean [ell''(r) s^2 - 2 ell'(r) T s] phi phi^T

by the chain rule; ell' and ell'' are taken by automatic differentiation of the loss itself.
"""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

from models.losses import unreduced

Loss = Callable[[Tensor, Tensor], Tensor]


@dataclass(frozen=True, eq=False)
class Local:
    """The surface to second order at S parameter vectors."""

    value: Tensor
    """L [S]."""
    gradient: Tensor
    """[S, 2], in the order w, b."""
    hessian: Tensor
    """[S, 3]: the entries ww, wb, bb."""

    @property
    def matrix(self) -> Tensor:
        """The Hessians as matrices [S, 2, 2]."""
        return self.hessian[:, [0, 1, 1, 2]].reshape(-1, 2, 2)

    def where(self, chosen: Tensor, other: "Local") -> "Local":
        """Return this surface at the points marked in chosen [S], the other one elsewhere."""
        return Local(
            torch.where(chosen, self.value, other.value),
            torch.where(chosen[:, None], self.gradient, other.gradient),
            torch.where(chosen[:, None], self.hessian, other.hessian),
        )


def loss_slope(loss: Loss, residual: Tensor) -> Tensor:
    """Return ell' of every residual, in the shape of `residual`."""
    residual = residual.detach().requires_grad_()
    (slope,) = torch.autograd.grad(unreduced(loss, residual, torch.zeros_like(residual)).sum(), residual)
    return slope


def loss_slopes(loss: Loss, residual: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return ell, ell' and ell'' of every residual, each in the shape of `residual`."""
    residual = residual.detach().requires_grad_()
    ell = unreduced(loss, residual, torch.zeros_like(residual))
    (first,) = torch.autograd.grad(ell.sum(), residual, create_graph=True)
    # A loss made of straight pieces has a slope that no longer depends on the residual.
    (second,) = torch.autograd.grad(first.sum(), residual, allow_unused=True, materialize_grads=True)
    return ell.detach(), first.detach(), second


def tanh_slope(z: Tensor) -> Tensor:
    """Return 1 - tanh(z)^2 with full relative accuracy; the difference itself is 0 from |z| = 19 on."""
    return 4 * torch.sigmoid(2 * z) * torch.sigmoid(-2 * z)


def _tanh_and_slope(z: Tensor) -> tuple[Tensor, Tensor]:
    # From the logistic function, accurate to rounding of 1: several times faster here than tanh, which besides
    # starts threads for a few thousand numbers, and on a busy machine they wait for each other.
    up, down = torch.sigmoid(2 * z), torch.sigmoid(-2 * z)
    return up - down, 4 * up * down


def local(loss: Loss, thetas: Tensor, x: Tensor, y: Tensor) -> Local:
    """Return the surface to second order at thetas [S, 2], for the data x [D], y [D]."""
    z = thetas[:, :1] * x + thetas[:, 1:]
    prediction, slope = _tanh_and_slope(z)
    ell, first, second = loss_slopes(loss, prediction - y)
    pull = first * slope
    bend = second * slope.square() - 2 * pull * prediction
    # Sums and not matrix products: those start threads, which on a busy machine cost far more than they gain.
    gradient = torch.stack(((pull * x).mean(dim=1), pull.mean(dim=1)), dim=1)
    bend_x = bend * x
    hessian = torch.stack(((bend_x * x).mean(dim=1), bend_x.mean(dim=1), bend.mean(dim=1)), dim=1)
    return Local(ell.mean(dim=1), gradient, hessian)
