"""Hessians by ordinary backward passes: for models that `torch.func` cannot transform."""

import torch
from torch import Tensor

from explorer.curvature.products import Scalar
from explorer.objective.derivatives import gradient_with_graph, gradients_of, leaf_of


def projected_hessian_by_backward(f: Scalar, theta: Tensor, basis: Tensor) -> Tensor:
    """Return basis H(theta) basis^T [K, K]: one backward pass through (gradient . direction) for each direction.

    Args:
        f: theta [P] -> scalar.
        theta: where [P].
        basis: directions [K, P].
    """
    leaf = leaf_of(theta)
    with torch.enable_grad():
        slopes = basis @ gradient_with_graph(f(leaf), leaf)
        rows = [gradients_of(slope, leaf, keep=True) for slope in slopes]
    return torch.stack(rows) @ basis.T


def backward_over_backward(f: Scalar, theta: Tensor, vector: Tensor) -> Tensor:
    """Return H(theta) @ vector [P] by a backward pass through (gradient . vector).

    Args and shapes as `forward_over_reverse`.
    """
    leaf = leaf_of(theta)
    with torch.enable_grad():
        slope = gradient_with_graph(f(leaf), leaf) @ vector
    # A piecewise linear model: its slope has no graph, or one that does not reach theta again.
    return gradients_of(slope, leaf)
