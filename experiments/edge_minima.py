"""Minima of the mean absolute error along one crease, away from its corners.

On the crease of point k the neuron is z_i = a_k + w (u_i - u_k) with a_k = atanh y_k: a curve in w alone. Its slope
is smooth between corners, so every minimum is a root of the slope that is bracketed and then halved down to rounding.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.derivatives import tanh_slope
from experiments.kink_minima import KinkMinimum, crease_heights

_HALVINGS = 70
_SUBDIVISIONS = 3
_LOG_STEPS = 40
_FARTHEST = 40.0
_SURE = 1e-9


def _marks(height: Tensor, distance: Tensor, k: int) -> Tensor:
    """Return sorted values of w [M] on the crease of k: all corners, and marks between them at every scale.

    The slope's bumps are at w = -a_k / d with width 1 / d for the distances d to the other inputs.
    """
    apart = distance[distance != 0]
    sizes = torch.logspace(-2, 0, _LOG_STEPS, dtype=height.dtype) * (_FARTHEST / float(apart.abs().min()))
    far = torch.logspace(-3, 0, _LOG_STEPS, dtype=height.dtype) * (_FARTHEST / float(apart.abs().max()))
    corners = (height - height[k])[distance != 0] / apart
    centers = -height[k] / apart
    marks = torch.cat((sizes, -sizes, far, -far, corners[corners.isfinite()], centers, torch.zeros(1)))
    marks = torch.unique(marks)
    parts = torch.arange(_SUBDIVISIONS, dtype=height.dtype) / _SUBDIVISIONS
    inner = marks[:-1, None] + (marks[1:] - marks[:-1])[:, None] * parts
    return torch.cat((inner.flatten(), marks[-1:]))


@dataclass(frozen=True, eq=False)
class _Crease:
    """The line on which point k is fitted exactly."""

    u: float
    height: Tensor
    """atanh y_k, a scalar."""
    distance: Tensor
    """Of all inputs from u_k [D]."""
    same: Tensor
    """Points equal to k, itself included [D]."""

    def z(self, w: Tensor) -> Tensor:
        """Return w x + b of all points [M, D] at w [M]."""
        return self.height + w[:, None] * self.distance

    def slope(self, w: Tensor, sign: Tensor) -> Tensor:
        """Return N dL/dw [M] along the crease, for the signs of the residuals [M, D]."""
        return (sign * tanh_slope(self.z(w)) * self.distance).sum(dim=1)


def _brackets(crease: _Crease, height: Tensor, marks: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """Return intervals low [M], high [M] over which the slope rises through 0, and the signs [M, D] there."""
    low, high = marks[:-1], marks[1:]
    # Each interval lies between corners: the signs in its middle hold up to its ends.
    sign = torch.where(crease.same, 0.0, torch.sign(crease.z((low + high) / 2) - height))
    found = (crease.slope(low, sign) < 0) & (crease.slope(high, sign) > 0)
    return low[found], high[found], sign[found]


def _root(crease: _Crease, low: Tensor, high: Tensor, sign: Tensor) -> Tensor:
    for _ in range(_HALVINGS):
        half = (low + high) / 2
        above = crease.slope(half, sign) > 0
        low, high = torch.where(above, low, half), torch.where(above, half, high)
    return (low + high) / 2


def _on_crease(k: int, u: Tensor, y: Tensor) -> list[KinkMinimum]:
    height = crease_heights(y)
    distance = u - u[k]
    crease = _Crease(float(u[k]), height[k], distance, (distance == 0) & (height == height[k]))
    low, high, sign = _brackets(crease, height, _marks(height, distance, k))
    if not len(low):
        return []
    w = _root(crease, low, high, sign)
    pull = tanh_slope(crease.z(w))
    # The gradient of the others is parallel to phi_k = (u_k, 1): its second entry is what alpha must balance.
    margin = 1 - (sign * pull).sum(dim=1).abs() / (crease.same.sum() * tanh_slope(crease.height))
    # A saturated slope crosses zero only by rounding.
    sure = (pull[:, ~crease.same].amax(dim=1) > _SURE) & (margin > _SURE)
    points = tuple(torch.nonzero(crease.same).flatten().tolist())
    places = torch.stack((w, crease.height - w * crease.u), dim=1)
    return [
        KinkMinimum((place[0], place[1]), points, value)
        for place, value in zip(places[sure].tolist(), margin[sure].tolist(), strict=True)
    ]


def on_creases(u: Tensor, y: Tensor) -> list[KinkMinimum]:
    """Return the minima along creases for inputs u [D], not all equal, and targets y [D]."""
    height = crease_heights(y)
    seen: set[tuple[float, float]] = set()
    found: list[KinkMinimum] = []
    for k in torch.nonzero(height.isfinite()).flatten().tolist():
        crease = (float(u[k]), float(height[k]))
        if crease not in seen:
            seen.add(crease)
            found += _on_crease(k, u, y)
    return found
