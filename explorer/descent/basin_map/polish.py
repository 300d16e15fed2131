"""Polishing: from near a minimum to the minimum itself, or to the finding that there is none."""

import math
from typing import NamedTuple

import torch
from torch import Tensor, optim

from explorer.curvature import hessian_product
from explorer.curvature.dense import dense_matrix
from explorer.objective import Objective
from explorer.objective.derivatives import full_gradient, value_and_gradient

_STEPS = 60
_DENSE = 64
"""Parameters up to which the whole Hessian is formed."""
_NEWTON = 6
_FLAT = 1e-10
"""Share of the largest eigenvalue below which an eigenvalue is rounding: a direction along which a minimum extends."""


class Polished(NamedTuple):
    """A minimum."""

    theta: Tensor
    """[P]"""
    loss: float


def polished(objective: Objective, start: Tensor) -> Polished | None:
    """Return the minimum next to a start [P], or None where there is none: the gradient does not vanish (a crease, a
    slope that only fades), or the curvature is negative.

    By L-BFGS with a line search, which never climbs; where theta is small also by Newton's method, with the
    pseudo-inverse along directions without curvature.
    """
    theta = _by_lbfgs(objective, start)
    if not bool(theta.isfinite().all()):
        return None
    small = len(theta) <= _DENSE
    found = _by_newton(objective, theta) if small else theta
    if found is None:
        return None
    loss, gradient = value_and_gradient(objective, found)
    if float(torch.linalg.vector_norm(gradient)) > _rounding(objective) ** 0.5:
        return None
    return Polished(found, float(loss))


def _by_lbfgs(objective: Objective, start: Tensor) -> Tensor:
    theta = start.detach().clone().requires_grad_()
    optimizer = optim.LBFGS(
        [theta],
        max_iter=_STEPS,
        tolerance_grad=_rounding(objective),
        tolerance_change=0.0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> float:
        loss, theta.grad = value_and_gradient(objective, theta)
        return float(loss)

    optimizer.step(closure)  # type: ignore[no-untyped-call]
    return theta.detach()


def _by_newton(objective: Objective, theta: Tensor) -> Tensor | None:
    """Return where Newton's method ends, or None where the curvature is not that of a minimum, or steps stay long."""
    gradient, left = full_gradient(objective, theta), math.inf
    for _ in range(_NEWTON):
        hessian = dense_matrix(hessian_product(objective, theta), theta)
        step = _newton_step(hessian, gradient.double().cpu())
        if step is None:
            return None
        ahead, left = theta - step.to(theta), float(step.abs().max())
        slope = full_gradient(objective, ahead)
        if not float(torch.linalg.vector_norm(slope)) < float(torch.linalg.vector_norm(gradient)):
            break
        theta, gradient = ahead, slope
    near = left <= _rounding(objective) ** 0.5 * (1 + float(theta.abs().max()))
    return theta if near else None


def _newton_step(hessian: Tensor, gradient: Tensor) -> Tensor | None:
    if not bool(hessian.isfinite().all()):
        return None
    values, vectors = torch.linalg.eigh(hessian)
    least = _FLAT * float(values.abs().max())
    if float(values[0]) < -least or float(values[-1]) <= 0:
        return None
    inverse = torch.where(values > least, 1 / values.clamp_min(least), 0.0)
    step: Tensor = vectors @ (inverse * (vectors.T @ gradient))
    return step


def _rounding(objective: Objective) -> float:
    """Return below which size a gradient of order 1 is rounding: 1e-13 in float64."""
    return 500 * objective.rounding
