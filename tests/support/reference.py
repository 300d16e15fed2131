"""Slow twins: the plainest way to the same numbers."""

import numpy as np
import torch
from torch import Tensor

from explorer import Grid, Objective, Plane


def swept(objective: Objective, plane: Plane, grid: Grid) -> dict[str, np.ndarray]:
    """Loss, gradient in the plane and its full norm by a double loop with ordinary backward."""
    first, second = (torch.from_numpy(values) for values in grid.values.values())
    loss = np.empty(grid.shape)
    gradient = np.empty((*grid.shape, 2))
    norm = np.empty(grid.shape)
    for i, alpha in enumerate(first):
        for j, beta in enumerate(second):
            theta = plane.origin + alpha * plane.basis[0] + beta * plane.basis[1]
            value, slope = value_and_gradient(objective, theta)
            loss[i, j] = value
            gradient[i, j] = [float(direction @ slope) for direction in plane.basis]
            norm[i, j] = float(slope.norm())
    return {"loss": loss, "gradient": gradient, "gradient_norm": norm}


def value_and_gradient(objective: Objective, theta: Tensor) -> tuple[float, Tensor]:
    leaf = theta.detach().clone().requires_grad_()
    value = objective(leaf)
    value.backward()
    assert leaf.grad is not None
    return value.item(), leaf.grad


def dense_hessian(objective: Objective, theta: Tensor) -> Tensor:
    """All [P, P] second derivatives by double backward."""
    hessian: Tensor = torch.autograd.functional.hessian(objective, theta)
    return hessian
