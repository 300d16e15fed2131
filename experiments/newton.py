"""Many damped Newton descents of the tanh neuron at once.

The step is -(|H| + mu I)^-1 g with |H| = (H^2)^(1/2), so that negative curvature is walked down and not up, cut
to a trust radius that grows and shrinks with success (Nocedal & Wright, Numerical Optimization, 2006, chapter 4).
"""

import torch
from torch import Tensor

from experiments.derivatives import Local, Loss, local

_FIRST_RADIUS = 0.5
_LARGEST_RADIUS = 4.0
_POLISHING_STEPS = 4
_SAME = 1e-6


def solve(hessian: Tensor, vector: Tensor) -> Tensor:
    """Return H^-1 v for matrices given by their entries ww, wb, bb: [S, 3] and [S, 2] -> [S, 2]."""
    ww, wb, bb = hessian.unbind(dim=-1)
    p, q = vector.unbind(dim=-1)
    determinant = ww * bb - wb.square()
    return torch.stack((bb * p - wb * q, ww * q - wb * p), dim=-1) / determinant[..., None]


def absolute(hessian: Tensor) -> Tensor:
    """Return |H|, the matrix with the absolute eigenvalues: [S, 3] -> [S, 3].

    The root of a positive 2x2 matrix A is (A + sqrt(det A) I) / sqrt(tr A + 2 sqrt(det A)), here with A = H^2.
    """
    ww, wb, bb = hessian.unbind(dim=-1)
    volume = (ww * bb - wb.square()).abs()
    square = torch.stack((ww.square() + wb.square() + volume, wb * (ww + bb), bb.square() + wb.square() + volume), -1)
    trace = ww.square() + 2 * wb.square() + bb.square() + 2 * volume
    return square / trace.clamp_min(torch.finfo(trace.dtype).tiny).sqrt()[..., None]


def _step(at: Local, radius: Tensor) -> Tensor:
    damping = 1e-6 * at.hessian.abs().amax(dim=1, keepdim=True) + torch.finfo(radius.dtype).tiny
    damped = absolute(at.hessian) + damping * torch.tensor([1.0, 0.0, 1.0], dtype=radius.dtype)
    step = -solve(damped, at.gradient).nan_to_num(0.0, 0.0, 0.0)
    shortened: Tensor = step * (radius / step.norm(dim=1).clamp_min(1e-300)).clamp_max(1.0)[:, None]
    return shortened


def descend(loss: Loss, thetas: Tensor, x: Tensor, y: Tensor, steps: int) -> Tensor:
    """Return where `steps` damped Newton steps lead from thetas [S, 2]; the loss never rises."""
    at = local(loss, thetas, x, y)
    radius = torch.full((len(thetas),), _FIRST_RADIUS, dtype=thetas.dtype)
    for _ in range(steps):
        trial = thetas + _step(at, radius)
        there = local(loss, trial, x, y)
        better = there.value < at.value
        radius = torch.where(better, (2 * radius).clamp_max(_LARGEST_RADIUS), radius / 4)
        thetas = torch.where(better[:, None], trial, thetas)
        at = there.where(better, at)
    return thetas


def polish(loss: Loss, thetas: Tensor, x: Tensor, y: Tensor) -> Tensor:
    """Return thetas [S, 2] after a few pure Newton steps, which converge past what values of L can resolve."""
    for _ in range(_POLISHING_STEPS):
        at = local(loss, thetas, x, y)
        thetas = thetas - solve(at.hessian, at.gradient).nan_to_num(0.0, 0.0, 0.0)
    return thetas


def distinct(thetas: Tensor, tolerance: float = _SAME) -> Tensor:
    """Return thetas [S, 2] without near-duplicates, relative to their size."""
    scale = tolerance * (1 + thetas.abs().amax(dim=1, keepdim=True))
    order = torch.argsort(thetas[:, 0])
    kept: list[int] = []
    for i in order.tolist():
        if not any(bool(((thetas[i] - thetas[j]).abs() <= scale[i]).all()) for j in kept):
            kept.append(i)
    return thetas[kept]
