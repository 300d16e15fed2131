"""Minima of the mean absolute error that sit on its creases: corners and points along one crease.

The surface has a crease along w x_i + b = atanh y_i for every |y_i| < 1. There the subdifferential of L (Clarke,
Optimization and Nonsmooth Analysis, 1983) is g + (1/N) sum_k alpha_k s_k phi_k over the active points k with
-1 <= alpha_k <= 1, where g is the gradient of all the others, s = 1 - y^2 and phi = (x, 1). Zero is reached with
all |alpha_k| <= t exactly when -g lies in t times that polygon. Its edges are parallel to the phi_k, so

    t = max over k of  |g . n_k| / ((1/N) sum_j s_j |phi_j . n_k|),   n_k perpendicular to phi_k.

The margin 1 - t is positive exactly at strict minima: L then rises at a positive rate in every direction.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.derivatives import tanh_slope
from experiments.starts import curve_through, pairs_apart

# Two creases meet a third if they pass it within rounding; atanh and a 2x2 solve lose a few digits.
_TOUCHING = 1e-9
_WEAK = 1e-9


@dataclass(frozen=True)
class KinkMinimum:
    """A minimum on a crease."""

    theta: tuple[float, float]
    points: tuple[int, ...]
    """The data points whose residual is zero there, numbered from 0."""
    margin: float
    """1 - max |alpha_k|, in (0, 1]."""


def crease_heights(y: Tensor) -> Tensor:
    """Return atanh y [D], infinite where tanh cannot reach the target."""
    return torch.atanh(y.clamp(-1.0, 1.0))


def vertices(u: Tensor, y: Tensor) -> Tensor:
    """Return the crossings (w, b) [V, 2] of all creases that are not parallel."""
    height = crease_heights(y)
    pairs = pairs_apart(u)
    pairs = pairs[height[pairs].isfinite().all(dim=1)]
    return curve_through(u[pairs], height[pairs])


def margins(thetas: Tensor, active: Tensor, u: Tensor, y: Tensor) -> Tensor:
    """Return the margins [S] at thetas [S, 2], whose active points are marked in active [S, D].

    -inf where the active points all share one input: that is a crease, not a corner.
    """
    pull = tanh_slope(thetas[:, :1] * u + thetas[:, 1:])
    sign = torch.sign(thetas[:, :1] * u + thetas[:, 1:] - crease_heights(y))
    inactive = torch.where(active, 0.0, sign * pull)
    spread = (u[:, None] - u[None, :]).abs()
    reach = torch.where(active, pull, 0.0) @ spread
    along = (inactive * u).sum(dim=1, keepdim=True) - inactive.sum(dim=1, keepdim=True) * u
    needed = along.abs() / reach
    needed = torch.where(active, needed.nan_to_num(torch.inf, torch.inf), 0.0)
    return 1 - needed.amax(dim=1)


def _active(thetas: Tensor, u: Tensor, y: Tensor) -> Tensor:
    height = crease_heights(y)
    z = thetas[:, :1] * u + thetas[:, 1:]
    scale = 1 + (thetas[:, :1] * u).abs() + thetas[:, 1:].abs()
    return (z - height).abs() <= _TOUCHING * scale


def at_vertices(u: Tensor, y: Tensor) -> tuple[list[KinkMinimum], Tensor]:
    """Return the minima at corners, and the corners [W, 2] where the margin is zero: flat to first order."""
    thetas = vertices(u, y)
    if not len(thetas):
        return [], thetas
    active = _active(thetas, u, y)
    margin = margins(thetas, active, u, y)
    found: dict[tuple[int, ...], KinkMinimum] = {}
    for i in torch.nonzero(margin > _WEAK).flatten().tolist():
        points = tuple(torch.nonzero(active[i]).flatten().tolist())
        w, b = thetas[i].tolist()
        found.setdefault(points, KinkMinimum((w, b), points, float(margin[i])))
    return list(found.values()), thetas[margin.abs() <= _WEAK]
