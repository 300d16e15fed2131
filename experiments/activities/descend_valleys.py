"""Three valleys again, this time with gradient descent: how many steps does each take, and why?"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from experiments.activities.descending import Count, bottom, count
from experiments.activities.gate import Check, played_on
from experiments.activities.wording import number, place
from explorer.study import Activity, Verdict, Visit

NEAR = 1e-3
"""How near to the start asked for a path must begin: what a typed number may fall short of it."""
MOST = 2000
"""Steps that are walked for a verdict: a quarter of a second."""
FAR_STEPS = 49_745
"""Of gradient descent at rate 1 on `sloped_line` from (10, 0). Half a minute of work: the slow tests recompute it."""

Table = tuple[tuple[str, ...], ...]


@dataclass(frozen=True)
class Exercise:
    """What is asked of gradient descent on one target set."""

    name: str
    title: str
    target: str
    start: tuple[float, float]
    asked: int
    """Steps in which L - L* must fall below 1e-8."""
    text: str
    lr: float
    """Where the learner finds the rate."""
    rows: Callable[[], Table]
    """What else to compare with: (how, steps)."""
    moral: str
    fixed_rate: bool = False
    """Whether the rate must stay what it is."""

    def activity(self) -> Activity:
        """Return the activity on this valley."""
        w, b = (repr(value).removesuffix(".0") for value in self.start)
        scene = {"target": self.target, "loss": "mse", "w": w, "b": b, "opt": "gd", "lr": f"{self.lr:g}"}
        return Activity(self.name, self.title, self.text, scene, _checker(self))


def _checker(exercise: Exercise) -> Check:
    @played_on(exercise.target, "mse")
    def check(visits: Sequence[Visit], answer: str) -> Verdict:
        here = visits[-1]
        rate = _rate(here)
        missing = _missing(exercise, here, rate)
        if missing or rate is None:
            return Verdict(False, missing)
        allowed = bottom(exercise.target).limits.stable_rate
        if not exercise.fixed_rate and allowed is not None and rate > allowed:
            return Verdict(False, _above(rate, allowed))
        found = count(exercise.target, here.w, here.b, rate, max(0, min(here.steps, MOST)))
        if found.steps is None or found.steps > exercise.asked:
            return Verdict(False, _not_yet(exercise, here, rate, found))
        said = f"L − L* falls below 10⁻⁸ after {found.steps:,} steps at rate {number(rate)}. {exercise.moral}"
        heading = ("gradient descent", "steps")
        return Verdict(True, said, (heading, (f"yours, rate {number(rate)}", f"{found.steps:,}"), *exercise.rows()))

    return check


def _rate(visit: Visit) -> float | None:
    """Return the rate of the first gradient descent shown; None where there is none with a rate that can be used."""
    for entry in visit.opt:
        name, _, own = entry.partition("@")
        if name == "gd":
            try:
                rate = float(own) if own else visit.lr
            except ValueError:
                return None
            return rate if math.isfinite(rate) and rate > 0 else None
    return None


def _missing(exercise: Exercise, here: Visit, rate: float | None) -> str:
    """Return what the learner has to set first, "" where all is as asked for."""
    if rate is None:
        return "Show the path of gradient descent: it is the optimizer that is counted here."
    if here.schedule != "none" or here.batch != 0:
        return "The count is of a constant rate on all points: set the schedule to none and take the full batch."
    if exercise.fixed_rate and rate != exercise.lr:
        return f"The count is of the rate {exercise.lr:g}; yours is {number(rate)}."
    if math.dist((here.w, here.b), exercise.start) > NEAR:
        return f"Start at {place(*exercise.start)}; your path starts at {place(here.w, here.b)}."
    return ""


def _not_yet(exercise: Exercise, here: Visit, rate: float, found: Count) -> str:
    if found.steps is not None:
        return f"L − L* falls below 10⁻⁸ after {found.steps:,} steps at rate {number(rate)}; {exercise.asked:,} can do."
    taken = min(here.steps, MOST)
    left = f"L − L* is {number(found.gap)}" if math.isfinite(found.gap) else "L is no longer finite"
    return f"After {taken:,} steps at rate {number(rate)} {left}. {_advice(exercise, taken)}"


def _above(rate: float, allowed: float) -> str:
    # A start exactly on the floor hides it: nothing is there that could grow.
    return (
        f"The rate {number(rate)} is above 2/λmax = {number(allowed)} at the minimum: whatever is off the floor there "
        "grows with every step. Stay below it."
    )


def _advice(exercise: Exercise, taken: int) -> str:
    if taken < exercise.asked:
        return "It needs more steps" + ("." if exercise.fixed_rate else ", or another rate.")
    return "Another rate is needed."


def _best(target: str, shift: float = 0.0) -> tuple[str, str]:
    """Return the row of the best constant rate, from one beyond the minimum."""
    at = bottom(target, shift)
    assert at.limits.best_rate is not None
    assert at.limits.condition is not None
    steps = count(target, at.w + 1, at.b, at.limits.best_rate, MOST, shift).steps
    of = f"x − {shift:g} instead of x, " if shift else ""
    rate = f"rate 2/(λmin + λmax) = {number(at.limits.best_rate)}"
    return f"{of}κ = {number(at.limits.condition)}, {rate}", f"{steps:,}"


def _faster() -> tuple[str, str]:
    best = bottom("sloped_line").limits.best_rate
    assert best is not None
    steps = count("sloped_line", 6.0, 0.0, best, MOST).steps
    return f"from (6, 0), rate 2/(λmin + λmax) = {number(best)}", f"{steps:,}"


_BEST = (
    "The best constant rate is 2/(λmin + λmax), with the curvatures at the minimum: move there to read it, then come "
    "back to the start."
)

DESCEND_VALLEYS = tuple(
    exercise.activity()
    for exercise in (
        Exercise(
            "descend_baseline",
            "Down a true valley",
            "short_baseline",
            start=(2.533984, 0.0),
            asked=240,
            text="Start one unit beyond the minimum, at $w = 2.533984$, $b = 0$. Choose rate and steps of gradient "
            f"descent so that $L - L^*$ falls below 10⁻⁸ within 240 steps. {_BEST}",
            lr=0.5,
            rows=lambda: (_best("short_baseline"),),
            moral="The steep direction limits the rate, the flat one has to be walked with it: the number of steps "
            "grows with the ratio κ of the curvatures.",
        ),
        Exercise(
            "descend_tilted",
            "Down a tilted valley",
            "offset_line",
            start=(1.744674, -2.234021),
            asked=1100,
            text="Start one unit beyond the minimum, at $w = 1.744674$, $b = -2.234021$. Choose rate and steps of "
            f"gradient descent so that $L - L^*$ falls below 10⁻⁸ within 1,100 steps. {_BEST}",
            lr=0.1,
            rows=lambda: (_best("offset_line"), _best("offset_line", 3.0)),
            moral="Measuring x from the middle of the data changes neither the curve nor its loss, but it turns the "
            "valley into a bowl. That is why inputs are centered before training.",
        ),
        Exercise(
            "descend_trough",
            "Out of a trough",
            "sloped_line",
            start=(6.0, 0.0),
            asked=1100,
            text="Start far out in the trough, at $w = 6$, $b = 0$, and leave the rate at 1. How many steps does "
            "gradient descent need until $L - L^*$ is below 10⁻⁸? Give it enough of them.",
            lr=1.0,
            rows=lambda: (_faster(), ("from (10, 0), rate 1", f"{FAR_STEPS:,}")),
            moral="At the minimum κ is only 3.7: this slowness is not that of a valley. The neuron is saturated out "
            "there, its gradient has faded, and it fades faster the further out one starts.",
            fixed_rate=True,
        ),
    )
)
