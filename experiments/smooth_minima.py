"""Isolated minima of the tanh neuron where its loss is smooth: descended to, polished, certified."""

import torch
from torch import Tensor

from experiments.derivatives import Local, Loss, local, loss_slopes, tanh_slope
from experiments.newton import descend, distinct, polish, solve
from experiments.starts import starts
from explorer.study import Minimum

_ROUNDS = (10, 14, 16)
# Predictions at a time: below the size from which torch starts threads, which would wait for each other.
_BATCH = 30_000
# In units of the scaled parameters.
_CLOSE = 1e-4
_ARRIVED = 1e-7
_RESOLVED = 1e-3
_SIDESTEP = 1e-8
# Below this ratio the smaller eigenvalue is rounding of the larger.
_FLAT = 1e-12


def _positive(at: Local) -> Tensor:
    ww, wb, bb = at.hessian.unbind(dim=1)
    return (ww > 0) & (bb > 0) & (ww * bb - wb.square() > 0)


def _positive_on_both_sides(loss: Loss, thetas: Tensor, u: Tensor, y: Tensor) -> Tensor:
    """Return whether the Hessian is positive definite [S] just inside and just outside every residual.

    Where a residual sits exactly on Huber's delta the curvature jumps, and the surface may be flat on one side.
    """
    prediction = torch.tanh(thetas[:, :1] * u + thetas[:, 1:])
    sides = (prediction - stretch * (prediction - y) for stretch in (1 - _SIDESTEP, 1 + _SIDESTEP))
    inside, outside = (_positive(local(loss, thetas, u, side)) for side in sides)
    return inside & outside


def _newton_distance(at: Local) -> Tensor:
    distance: Tensor = solve(at.hessian, at.gradient).norm(dim=1)
    return distance.nan_to_num(torch.inf)


def _blur(loss: Loss, thetas: Tensor, at: Local, u: Tensor, y: Tensor) -> Tensor:
    """Return how far rounding may move each minimum [S]: rounding of the gradient over the smallest curvature.

    The prediction carries a rounding error of about eps, so a sample's pull carries eps (|ell''| + |ell'|) s. On a
    saturated plateau that is as large as the curvature itself, and a vanishing gradient means nothing.
    """
    z = thetas[:, :1] * u + thetas[:, 1:]
    _, first, second = loss_slopes(loss, torch.tanh(z) - y)
    noise = torch.finfo(u.dtype).eps * ((first.abs() + second.abs()) * tanh_slope(z)).mean(dim=1)
    low, high = torch.linalg.eigvalsh(at.matrix).unbind(dim=1)
    return torch.where(low > _FLAT * high, noise / low, torch.inf)


def _certified(loss: Loss, thetas: Tensor, u: Tensor, y: Tensor) -> Tensor:
    at = local(loss, thetas, u, y)
    arrived = _newton_distance(at) <= _ARRIVED * (1 + thetas.norm(dim=1))
    sure = _positive_on_both_sides(loss, thetas, u, y) & arrived
    thetas, at = thetas[sure], Local(at.value[sure], at.gradient[sure], at.hessian[sure])
    return thetas[_blur(loss, thetas, at, u, y) < _RESOLVED]


def find(loss: Loss, u: Tensor, y: Tensor, more: Tensor | None = None) -> tuple[Tensor, float]:
    """Return the isolated smooth minima (w, b) [M, 2], and the lowest loss that any descent reached.

    Inputs u [D] are scaled to [-1, 1], not all equal; y [D] are targets; `more` [S, 2] adds starts. Descents that
    drift to infinity, stall at a crease or end on a flat yield no minimum.
    """
    thetas = starts(u, y) if more is None else torch.cat((starts(u, y), more))
    for steps in _ROUNDS:
        batches = torch.split(thetas, _BATCH // len(u) + 1)
        thetas = torch.cat([descend(loss, batch, u, y, steps) for batch in batches])
        thetas = torch.unique((thetas / _CLOSE).round(), dim=0) * _CLOSE
    at = local(loss, thetas, u, y)
    close = _positive(at) & (_newton_distance(at) < 10 * _CLOSE * (1 + thetas.norm(dim=1)))
    return distinct(_certified(loss, polish(loss, thetas[close], u, y), u, y)), float(at.value.min())


def describe(loss: Loss, theta: Tensor, x: Tensor, y: Tensor) -> Minimum:
    """Return the record of a certified minimum theta [2] in the units of the data x [D], y [D]."""
    at = local(loss, theta[None], x, y)
    low, high = torch.linalg.eigvalsh(at.matrix[0]).tolist()
    bound = _power_of_ten_above(float(at.gradient.norm()))
    w, b = theta.tolist()
    return Minimum((w, b), float(at.value), (low, high), f"Newton: |∇L| ≤ {bound}, both eigenvalues positive")


def _power_of_ten_above(value: float) -> str:
    exponent = -15
    while 10.0**exponent < value:
        exponent += 1
    return f"1e{exponent}"
