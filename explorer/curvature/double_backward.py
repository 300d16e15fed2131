"""The Hessian seen in a plane by ordinary backward passes: for models that `torch.func` cannot transform."""

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
