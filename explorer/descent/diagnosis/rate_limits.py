"""Limits: which learning rates the curvature at a theta allows, and which of them is best."""

from collections.abc import Callable
from dataclasses import dataclass
from math import sqrt

import torch
from torch import Tensor

from explorer.curvature import extreme_eigenvalues, hessian_product
from explorer.curvature.dense import dense_matrix
from explorer.objective import Objective
from explorer.signature import checked

_DENSE = 64
"""Up to so many parameters P products give the whole Hessian, for no more than the iteration would need."""


@dataclass(frozen=True)
class Limits:
    """The ends of the Hessian's spectrum at one theta, and what follows from them for constant rates.

    All of it is said of the quadratic model at that theta: elsewhere the curvature is another one, and where the loss
    has a crease (MAE) the Hessian does not see it.
    """

    lambda_min: float
    """The smallest eigenvalue; NaN where the Hessian is not finite."""
    lambda_max: float
    """The largest eigenvalue; NaN where the Hessian is not finite."""
    condition: float | None
    """lambda_max / lambda_min; None unless both are positive."""
    stable_rate: float | None
    """2 / lambda_max: gradient descent diverges above it; None where nothing bends up."""
    best_rate: float | None
    """2 / (lambda_min + lambda_max), the constant rate at which gradient descent is fastest; None as for condition."""
    momentum_rate: float | None
    """4 / (sqrt(lambda_max) + sqrt(lambda_min))^2, the rate that goes with `momentum`; None as for condition."""
    momentum: float | None
    """((sqrt(k) - 1) / (sqrt(k) + 1))^2 with k the condition, where heavy ball is fastest; None as for condition.

    B. T. Polyak, Some methods of speeding up the convergence of iteration methods, USSR Comput. Math. Math. Phys. 4(5)
    (1964) 1-17."""


@checked
def limits(objective: Objective, theta: Tensor) -> Limits:
    """Return the limits at theta [P]: of all eigenvalues up to 64 parameters, beyond that of both ends by Lanczos."""
    return limits_of(hessian_product(objective, theta), theta)


def limits_of(product: Callable[[Tensor], Tensor], theta: Tensor) -> Limits:
    """Return the limits at theta [P] from products with the Hessian there, as `limits` does."""
    low, high, error = _ends(product, theta)
    # An eigenvalue that rounding alone could have made is none that a rate may be built on.
    positive = low > error
    return Limits(
        lambda_min=low,
        lambda_max=high,
        condition=high / low if positive else None,
        stable_rate=2 / high if high > error else None,
        best_rate=2 / (low + high) if positive else None,
        momentum_rate=4 / (sqrt(high) + sqrt(low)) ** 2 if positive else None,
        momentum=((sqrt(high / low) - 1) / (sqrt(high / low) + 1)) ** 2 if positive else None,
    )


def _ends(product: Callable[[Tensor], Tensor], theta: Tensor) -> tuple[float, float, float]:
    """Return the smallest and the largest eigenvalue, and how far off they may be."""
    if len(theta) > _DENSE:
        found = extreme_eigenvalues(product, theta)
        return found.low, found.high, max(found.low_bound, found.high_bound)
    matrix = dense_matrix(product, theta)
    if not bool(matrix.isfinite().all()):
        return float("nan"), float("nan"), 0.0
    values = torch.linalg.eigvalsh(matrix)
    eps = torch.finfo(theta.dtype).eps
    return float(values[0]), float(values[-1]), len(values) * eps * float(values.abs().max())
