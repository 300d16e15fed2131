"""Question 1: where exactly is the minimum for two points?"""

import math
from collections.abc import Sequence

from experiments.activities.gate import played_on
from experiments.activities.two_points import exact_fit
from experiments.activities.wording import number, place
from experiments.targets import TARGETS
from explorer.study import Activity, Verdict, Visit

TARGET = "two_points"
EXACT = 0.01
NEAR = 0.1


@played_on(TARGET, "mse")
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    w, b = exact_fit(TARGETS[TARGET])
    far = math.hypot(visits[-1].w - w, visits[-1].b - b)
    if far <= EXACT:
        return Verdict(True, f"Yes: {place(w, b)}, that is w = ln(6)/2 and b = ln(1.5)/2. "
                             f"You are {number(far)} from it.")  # fmt: skip
    if far <= NEAR:
        return Verdict(False, f"{number(far)} away: by eye this is the place. Type w and b to come within {EXACT}.")
    return Verdict(False, f"{number(far)} away. Both residuals are 0 there: tanh(b + w) = 0.8 and tanh(b − w) = −0.6, "
                          "two linear equations once you undo the tanh.")  # fmt: skip


QUESTION_MINIMUM = Activity(
    name="question_minimum",
    title="Question 1: where is the minimum?",
    text=f"Put the point on the minimum to within {EXACT}: click, or solve for $w$ and $b$ and type them.",
    setup={"target": TARGET, "loss": "mse"},
    check=_check,
)
