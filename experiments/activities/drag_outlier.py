"""Drag an outlier: which loss's minimum follows it farthest?"""

import functools
import math
from collections.abc import Sequence

import torch

from experiments.activities.answers import ALL_LOSSES, not_an_answer
from experiments.activities.gate import played_on
from experiments.activities.measuring import delta_of, loss_module
from experiments.activities.wording import LABELS, fixed, number
from experiments.losses import DELTA
from experiments.minima import minima
from experiments.targets import TARGETS
from explorer.study import Activity, TargetSet, Verdict, Visit

TARGET = "outliers"
POINT = 8
"""The outlier at x = 2."""
DOWN = 2.0
_OWN = "own"
_STILL = 1e-9
"""Two searches of one minimum differ by rounding."""


@functools.lru_cache(maxsize=64)
def follows(loss: str, delta: float) -> float:
    """Return how far the lowest minimum of a loss moves when the outlier is dragged 2 further down."""
    data, module = TARGETS[TARGET], loss_module(loss, delta)
    y = data.y - DOWN * (torch.arange(len(data.y)) == POINT)
    before, after = (minima(each, module).points[0].theta for each in (data, TargetSet(_OWN, "", "", data.x, y, {})))
    far = math.dist(before, after)
    return far if far > _STILL else 0.0


def all_follow(delta: float) -> dict[str, float]:
    """Return how far the minimum of every loss moves; of them Huber alone knows delta."""
    low, high = DELTA.limits
    # Those that the page offers; others are measured at the nearest.
    inside = min(max(delta, low), high)
    return {loss: follows(loss, inside if loss == "huber" else 1.0) for loss in LABELS}


def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    # The dragged data are the learner's own: they are part of the exercise, and not elsewhere.
    return _judge([visit for visit in visits if visit.target != _OWN], answer)


@played_on(TARGET)
def _judge(visits: Sequence[Visit], answer: str) -> Verdict:
    return not_an_answer(answer, ALL_LOSSES) or _verdict(answer, delta_of(visits[-1]))


def _verdict(answer: str, delta: float) -> Verdict:
    moved = all_follow(delta)
    farthest = max(moved, key=moved.__getitem__)
    told = f"θ* of {LABELS[answer]} moves by {number(moved[answer])} when the outlier goes {number(DOWN)} further down."
    heading = ("loss", "θ* moves by")
    rows = ((LABELS[loss], fixed(far, 4)) for loss, far in moved.items())
    return Verdict(answer == farthest, f"{told} {_why(answer, moved[answer])}", (heading, *rows))


def _why(answer: str, moved: float) -> str:
    if answer == "mse":
        return "A residual pulls in proportion to its size, so every further step of the outlier pulls as much again."
    if moved == 0:
        return "The outlier already pulls as hard as it can, so where it stands makes no difference to this loss."
    return "Its pull grows more and more slowly with the residual. Another loss follows the outlier farther."


DRAG_OUTLIER = Activity(
    name="drag_outlier",
    title="Drag an outlier",
    text="In the fit, drag the outlier at $x = 2$ further down and watch $\\theta^*$ of every loss. "
    "Which loss's $\\theta^*$ follows it farthest?",
    setup={"target": TARGET, "loss": "mse", "view": "compare", "layers": "contours,minima,influence"},
    check=_check,
    answers=ALL_LOSSES,
)
