"""Symptoms: what a path shows of itself, measured; the diagnosis is made from them."""

from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.curvature import hessian_product
from explorer.descent.diagnosis.rate_limits import Limits, limits, limits_of
from explorer.descent.diagnosis.stable_rates import stable_rate
from explorer.descent.path.descent import Descent
from explorer.objective import Objective
from explorer.objective.derivatives import full_gradient, value_and_gradient

_TAIL = 4
"""The last such part of the path tells how it stands."""
_RECENT = 8
"""Steps in which a crease is looked for."""
_HALVINGS = 12
"""Of a step across a crease: to a length at which a smooth slope would have changed by a thousandth part."""
_JUMP = 0.1
"""A jump of the slope keeps its size however short the step. Several jumps in one step may cancel in part."""
_LEAP = 0.5
"""Of the distance from start to end: a single step that long decided where the path came out."""
_UNIT_CHANGE = 0.01
"""A plateau: within a distance of 1 the quadratic model changes the loss by at most this share."""


@dataclass(frozen=True)
class End:
    """Where a path ends: loss, gradient, curvature."""

    loss: float
    gradient: float
    """Its Euclidean norm."""
    limits: Limits
    along: float
    """Curvature along the gradient, g^T H g / g^T g; 0 where the gradient is 0."""

    @property
    def left(self) -> float:
        """What is left to gain along the gradient by the quadratic model, g^2 / (2 along); infinite where it does not
        bend up."""
        if self.gradient == 0:
            return 0.0
        return self.gradient**2 / (2 * self.along) if self.along > 0 else float("inf")

    @property
    def is_flat(self) -> bool:
        """Whether it lies on a plateau."""
        bend = max(abs(self.limits.lambda_min), abs(self.limits.lambda_max))
        return self.gradient + bend / 2 <= _UNIT_CHANGE * abs(self.loss)


def end_at(objective: Objective, theta: Tensor) -> End:
    """Return what there is at theta [P]."""
    loss, gradient = value_and_gradient(objective, theta)
    size = float(torch.linalg.vector_norm(gradient))
    product = hessian_product(objective, theta)
    # Divided first: squares of a small gradient would underflow.
    along = float(product(gradient / size) @ (gradient / size)) if size > 0 else 0.0
    return End(float(loss), size, limits_of(product, theta), along)


def tail(path: Descent) -> Tensor:
    """Return the losses of the last quarter of the path, at least eight where there are so many."""
    assert path.losses is not None
    return path.losses[-max(_RECENT, len(path) // _TAIL) - 1 :]


def rising_share(losses: Tensor) -> float:
    """Return the share of steps after which the loss was higher than before; 0 without a step."""
    return float((losses.diff() > 0).double().mean()) if len(losses) > 1 else 0.0


def longest_step(path: Descent) -> tuple[int, float]:
    """Return which step went farthest, counted from 1, and how far."""
    lengths = torch.linalg.vector_norm(path.thetas.diff(dim=0), dim=1)
    return int(lengths.argmax()) + 1, float(lengths.max())


def is_leap(path: Descent, length: float) -> bool:
    """Return whether one step of this length went most of the way from the start to the end."""
    return length > _LEAP * float(torch.linalg.vector_norm(path.thetas[-1] - path.thetas[0]))


def typical_step(path: Descent) -> float:
    """Return the median length of the latest steps."""
    lengths = torch.linalg.vector_norm(path.thetas[-_RECENT - 1 :].diff(dim=0), dim=1)
    return float(lengths.median())


def limit_at(objective: Objective, path: Descent, step: int) -> float | None:
    """Return the largest stable rate of the path's method by the curvature at entry `step`; None where it has none."""
    return limit_by(path, limits(objective, path.thetas[step]))


def limit_by(path: Descent, curvature: Limits) -> float | None:
    """Return the largest stable rate of the path's method by the curvature at some place; None where it has none."""
    return None if path.method is None else stable_rate(path.method, curvature.lambda_max)


def crosses_crease(objective: Objective, path: Descent) -> bool:
    """Return whether one of the latest steps crosses a crease: a place where the slope jumps.

    The step with the largest change of the gradient is halved again and again, keeping the half that holds most of the
    change. Where the loss is smooth the change shrinks with the length; at a crease it stays.
    """
    recent = path.thetas[-_RECENT - 1 :]
    slopes = torch.stack([full_gradient(objective, theta) for theta in recent])
    changes = torch.linalg.vector_norm(slopes.diff(dim=0), dim=1)
    if not len(changes) or not float(changes.max()) > 0:
        return False
    at = int(changes.argmax())
    (left, right), (low, high) = recent[at : at + 2], slopes[at : at + 2]
    for _ in range(_HALVINGS):
        middle = (left + right) / 2
        slope = full_gradient(objective, middle)
        if torch.linalg.vector_norm(slope - low) > torch.linalg.vector_norm(high - slope):
            right, high = middle, slope
        else:
            left, low = middle, slope
    return bool(torch.linalg.vector_norm(high - low) > _JUMP * changes[at])
