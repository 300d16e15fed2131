"""Hessians by ordinary backward passes: for models that `torch.func` cannot transform."""

import torch
from torch import Tensor

from explorer.curvature.products import Scalar


def projected_hessian_by_backward(f: Scalar, theta: Tensor, basis: Tensor) -> Tensor:
    """Return basis H(theta) basis^T [K, K]: one backward pass through (gradient . direction) for each direction.

    Args:
        f: theta [P] -> scalar.
        theta: where [P].
        basis: directions [K, P].
    """
    leaf = theta.detach().requires_grad_()
    with torch.enable_grad():
        (gradient,) = torch.autograd.grad(f(leaf), leaf, create_graph=True)
        slopes = basis @ gradient
        if not slopes.requires_grad:
            return torch.zeros(len(basis), len(basis), dtype=theta.dtype, device=theta.device)
        rows = [torch.autograd.grad(slope, leaf, retain_graph=True)[0] for slope in slopes]
    return torch.stack(rows) @ basis.T


def backward_over_backward(f: Scalar, theta: Tensor, vector: Tensor) -> Tensor:
    """Return H(theta) @ vector [P] by a backward pass through (gradient . vector).

    Args and shapes as `forward_over_reverse`.
    """
    leaf = theta.detach().requires_grad_()
    with torch.enable_grad():
        loss = f(leaf)
        if not loss.requires_grad:
            return torch.zeros_like(theta)
        (gradient,) = torch.autograd.grad(loss, leaf, create_graph=True)
        slope = gradient @ vector
    if not slope.requires_grad:
        return torch.zeros_like(theta)
    # A piecewise linear model may use entries of theta in its gradient without the graph reaching theta again.
    (product,) = torch.autograd.grad(slope, leaf, allow_unused=True)
    return torch.zeros_like(theta) if product is None else product
