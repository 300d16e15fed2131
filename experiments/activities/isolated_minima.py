"""Isolated minima: find every one that a landscape has."""

import functools
import math
from collections.abc import Sequence

from experiments.activities.gate import Check, played_on
from experiments.activities.measuring import delta_of, gradient_at, loss_at, loss_module, open_name
from experiments.activities.wording import LABELS, listed, number, place, way
from experiments.minima import minima
from experiments.targets import TARGETS
from explorer.study import Activity, Minimum, Verdict, Visit

REACH = 0.2
"""A visit this close to a minimum has found it: a few pixels on the map."""


@functools.lru_cache(maxsize=64)
def in_window(target: str, loss: str, delta: float) -> tuple[Minimum, ...]:
    """Return the certified minima that the map shows, lowest first; remembered, since every visit asks again."""
    (w_low, w_high), (b_low, b_high) = (TARGETS[target].window[key] for key in ("w", "b"))
    points = minima(TARGETS[target], loss_module(loss, delta)).points
    return tuple(m for m in points if w_low <= m.theta[0] <= w_high and b_low <= m.theta[1] <= b_high)


def _of_loss(target: str, visit: Visit) -> tuple[Minimum, ...]:
    """Return the minima of the loss at a visit; delta, which Huber alone knows, is fixed for the others."""
    loss = open_name(visit.loss)
    return in_window(target, loss, delta_of(visit) if loss == "huber" else 1.0)


def _checker(target: str, moral: str) -> Check:
    @played_on(target)
    def check(visits: Sequence[Visit], answer: str) -> Verdict:
        here, loss = visits[-1], open_name(visits[-1].loss)
        there = _of_loss(target, here)
        same = [v for v in visits if (open_name(v.loss), delta_of(v)) == (loss, delta_of(here))]
        found = [m for m in there if any(math.dist(m.theta, (v.w, v.b)) <= REACH for v in same)]
        if len(found) < len(there):
            return Verdict(False, f"{_count(found, there, loss)} {_guide(here)}")
        return Verdict(True, f"{_count(found, there, loss)} {_census(target, visits)} {moral}")

    return check


def _count(found: list[Minimum], there: tuple[Minimum, ...], loss: str) -> str:
    listing = listed([f"{place(m.theta[0], m.theta[1])} with L = {number(m.loss)}" for m in found])
    return f"{len(found)} of {len(there)} found under {LABELS[loss]}{': ' + listing if found else ''}."


def _guide(here: Visit) -> str:
    dw, db = gradient_at(here)
    if math.hypot(dw, db) < 1e-6:
        return f"You stand on a flat place, L = {number(loss_at(here))}; start again from another basin."
    return f"From where you stand, L = {number(loss_at(here))}, the arrow points toward {way(-dw, -db)}."


def _census(target: str, visits: Sequence[Visit]) -> str:
    """Compare with the other losses that the learner has looked at: only those, since each costs a search."""
    latest = {open_name(visit.loss): visit for visit in visits}
    if len(latest) == 1:
        return "Change the loss: is the number still the same?"
    return f"So far: {listed([f'{len(_of_loss(target, v))} under {LABELS[loss]}' for loss, v in latest.items()])}."


def _activity(name: str, title: str, target: str, text: str, moral: str) -> Activity:
    return Activity(name, title, text, {"target": target, "loss": "mse"}, _checker(target, moral))


ISOLATED_MINIMA = (
    _activity(
        "isolated_minima_two_readings",
        "Two readings",
        "two_readings",
        f"These data can be read as a steep step or as a gentle slope. Visit every minimum, each to within {REACH:g}.",
        "Descent ends in the one whose basin it starts in; nothing at the higher one tells it that a lower one exists.",
    ),
    _activity(
        "isolated_minima_mirror",
        "Mirrored minima",
        "mirror",
        f"The data look the same from both sides. Visit every minimum to within {REACH:g}, then change the loss: "
        "is the number still the same?",
        "Swapping w for −w changes no loss here, so a minimum away from w = 0 has a twin.",
    ),
)
