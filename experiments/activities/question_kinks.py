"""Question 2: what happens to the gradient of MAE across a crease?"""

import itertools
import math
from collections.abc import Sequence

import torch

from experiments.activities.gate import played_on
from experiments.activities.measuring import gradient_at, residuals
from experiments.activities.wording import number
from experiments.targets import TARGETS
from explorer.study import Activity, Verdict, Visit

TARGET = "two_points"
STEP = 0.5


def flips(first: Visit, second: Visit) -> list[int]:
    """Return the indices of the targets whose residual changes sign between two visits."""
    w, b = torch.tensor([(visit.w, visit.b) for visit in (first, second)], dtype=torch.float64).T
    before, after = residuals(first.target, w, b).sign()
    return (before * after < 0).nonzero().flatten().tolist()


@played_on(TARGET, "mae")
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    crossings = [(a, b, flips(a, b)) for a, b in itertools.pairwise(visits)]
    for first, second, turned in reversed(crossings):
        if len(turned) == 1 and math.dist((first.w, first.b), (second.w, second.b)) < STEP:
            return Verdict(True, _crossed(first, second, turned[0]))
    if crossings and crossings[-1][2]:
        return Verdict(False, f"You crossed a crease, but in one stride: cross one line with a step below {STEP}.")
    return Verdict(False, _nearest(visits[-1]))


def _crossed(first: Visit, second: Visit, index: int) -> str:
    before, after = gradient_at(first), gradient_at(second)
    return (
        f"The residual at x = {number(float(TARGETS[TARGET].x[index]))} changed sign. The gradient was "
        f"({number(before[0])}, {number(before[1])}) before and ({number(after[0])}, {number(after[1])}) after: it "
        "jumped, because |r| has slope −1 on one side of 0 and 1 on the other. The slope of r² is 0 there: no jump."
    )


def _nearest(here: Visit) -> str:
    """Say how far the nearest line w x + b = artanh(y) is: |w x + b - artanh y| / ||(x, 1)||."""
    data = TARGETS[TARGET]
    away = (here.w * data.x + here.b - torch.atanh(data.y)).abs() / torch.hypot(data.x, torch.ones_like(data.x))
    x = float(data.x[away.argmin()])
    return f"No crease crossed yet. The nearest, of the target at x = {number(x)}, is {number(float(away.min()))} away."


QUESTION_KINKS = Activity(
    name="question_kinks",
    title="Question 2: why the creases?",
    text=f"Step across one crease of MAE, from one side to the other, with a step shorter than {STEP}.",
    setup={"target": TARGET, "loss": "mae", "layers": "contours,kinks,pulls"},
    check=_check,
)
