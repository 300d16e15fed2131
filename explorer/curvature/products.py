"""Hessian-vector products, without the Hessian."""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.func import grad, jvp, vjp

from explorer.objective.batching import CANNOT_TRANSFORM

Scalar = Callable[[Tensor], Tensor]
Product = Callable[[Scalar, Tensor, Tensor], Tensor]


def forward_over_reverse(f: Scalar, theta: Tensor, vector: Tensor) -> Tensor:
    """Return H(theta) @ vector [P] as the directional derivative of the gradient (Pearlmutter 1994).

    Args:
        f: theta [P] -> scalar.
        theta: where [P].
        vector: along what [P].

    Raises:
        RuntimeError: f has an operation without forward-mode derivative.
    """
    product: Tensor = jvp(grad(f), (theta,), (vector,))[1]
    return product


def reverse_over_reverse(f: Scalar, theta: Tensor, vector: Tensor) -> Tensor:
    """Return H(theta) @ vector [P] as the gradient of (gradient . vector); needs no forward mode, costs more.

    Args and shapes as `forward_over_reverse`.
    """
    pull = vjp(grad(f), theta)[1]
    product: Tensor = pull(vector)[0]
    return product


def product_for(f: Scalar, theta: Tensor) -> Product:
    """Return the cheaper of the two products that f allows at theta [P]."""
    try:
        forward_over_reverse(f, theta, torch.ones_like(theta))
    except CANNOT_TRANSFORM:
        return reverse_over_reverse
    return forward_over_reverse
