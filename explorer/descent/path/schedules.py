"""Schedules: how the learning rate changes over a descent, each one of `torch.optim.lr_scheduler`'s own classes."""

import math
from collections.abc import Callable
from functools import partial

from torch.optim.lr_scheduler import CosineAnnealingLR, ExponentialLR, LinearLR, StepLR

from explorer.descent.path.walk import Scheduler


def _none(steps: int) -> None:
    """The rate stays."""


def _step(steps: int) -> Scheduler:
    """Three levels: after each third of the steps the rate falls to 30 %."""
    return partial(StepLR, step_size=max(1, math.ceil(steps / 3)), gamma=0.3)


def _cosine(steps: int) -> Scheduler:
    """Half a wave of the cosine, from the rate to 0 (Loshchilov & Hutter 2017, without restarts)."""
    return partial(CosineAnnealingLR, T_max=max(1, steps))


def _exponential(steps: int) -> Scheduler:
    """The same factor after every step; after the last one the rate is at 1 %."""
    return partial(ExponentialLR, gamma=0.01 ** (1 / max(1, steps)))


def _warmup(steps: int) -> Scheduler:
    """From 10 % of the rate straight up to all of it, over the first tenth of the steps."""
    return partial(LinearLR, start_factor=0.1, total_iters=max(1, steps // 10))


SCHEDULES: dict[str, Callable[[int], Scheduler | None]] = {
    "none": _none,
    "step": _step,
    "cosine": _cosine,
    "exponential": _exponential,
    "warmup": _warmup,
}
"""Name -> (steps of the descent -> what `descend` takes as its scheduler)."""
