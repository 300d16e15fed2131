"""How many steps gradient descent takes to the bottom of a valley, for the activities that ask for few."""

import functools
import math
from dataclasses import dataclass

import torch

from experiments.activities.measuring import loss_module
from experiments.minima import minima
from experiments.targets import TARGETS
from explorer.descent import Limits, descend, limits
from explorer.objective import Objective
from models import MODELS

CLOSE = 1e-8
"""L - L* below this has arrived."""


@dataclass(frozen=True)
class Bottom:
    """The only minimum of the mean squared error on a target set, and what its curvature allows."""

    w: float
    b: float
    loss: float
    limits: Limits


@dataclass(frozen=True)
class Count:
    """What became of gradient descent."""

    steps: int | None
    """Taken until L - L* < 1e-8; None if that was not reached."""
    gap: float
    """L - L* at the end of the path."""


@functools.lru_cache(maxsize=8)
def bottom(target: str, shift: float = 0.0) -> Bottom:
    """Return the certified minimum on a target set, with `shift` taken off every x."""
    (lowest, *_) = minima(TARGETS[target], loss_module("mse", 1.0)).points
    w, b = lowest.theta
    # w (x - shift) + (b + w shift) is the same curve.
    there = torch.tensor((w, b + w * shift), dtype=torch.float64)
    return Bottom(w, b + w * shift, lowest.loss, limits(_objective(target, shift), there))


@functools.lru_cache(maxsize=256)
def count(target: str, w: float, b: float, lr: float, most: int, shift: float = 0.0) -> Count:
    """Return how gradient descent with a constant rate fares from (w, b), in `most` steps; remembered.

    Raises:
        ValueError: a start or a rate that is not finite, or a negative rate.
    """
    start = torch.tensor((w, b), dtype=torch.float64)
    path = descend(_objective(target, shift), start, "gd", lr, most)
    assert path.losses is not None
    lowest = bottom(target, shift).loss
    steps = path.steps_to(math.nextafter(lowest + CLOSE, -math.inf))
    return Count(steps, float(path.losses[-1]) - lowest)


def _objective(target: str, shift: float) -> Objective:
    data = TARGETS[target]
    return Objective(MODELS["tanh_neuron"](), loss_module("mse", 1.0), (data.x - shift, data.y))
