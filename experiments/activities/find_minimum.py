"""Find the minimum: walk down until the curve runs through both points."""

import math
from collections.abc import Sequence

from experiments.activities.gate import played_on
from experiments.activities.measuring import gradient_at, loss_at
from experiments.activities.two_points import exact_fit
from experiments.activities.wording import number, place, way
from experiments.targets import TARGETS
from explorer.study import Activity, Verdict, Visit

CLOSE = 1e-3
"""The loss at which the fit counts as found: residuals of about 0.03."""
WORTH_SAYING = 20.0
"""Degrees between the arrow and the way to the minimum from which on the difference is mentioned."""


@played_on("two_points", "mse")
def _check(visits: Sequence[Visit], answer: str) -> Verdict:
    here = visits[-1]
    value = loss_at(here)
    if value <= CLOSE:
        return Verdict(True, f"Found: at {place(here.w, here.b)} the loss is {number(value)}, and the curve "
                             "runs through both points. There is no other place where the arrow vanishes.")  # fmt: skip
    return Verdict(False, f"L = {number(value)} here; {CLOSE} is asked for. {_guide(here)}")


def _guide(here: Visit) -> str:
    w, b = exact_fit(TARGETS[here.target])
    aim, (dw, db) = (w - here.w, b - here.b), gradient_at(here)
    far = f"The minimum is {number(math.hypot(*aim))} away"
    if math.hypot(dw, db) < 1e-12:
        return f"{far}. The gradient has vanished: the residuals no longer change, so go toward {way(*aim)} yourself."
    turn = abs(math.remainder(math.atan2(aim[1], aim[0]) - math.atan2(-db, -dw), math.tau))
    aside = f" (off the straight way by {math.degrees(turn):.0f}°)" if math.degrees(turn) > WORTH_SAYING else ""
    return f"{far}; the arrow points toward {way(-dw, -db)}{aside}."


FIND_MINIMUM = Activity(
    name="find_minimum",
    title="Find the minimum",
    text=f"Go down into the dark basin until $L \\le {CLOSE}$. Watch the residuals shrink as you go.",
    setup={"target": "two_points", "loss": "mse", "w": "-1.5", "b": "1.5"},
    check=_check,
)
