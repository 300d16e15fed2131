"""Diagnosis: what an optimizer's path did and why, in one sentence."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch

from explorer.descent.diagnosis.symptoms import (
    End,
    crosses_crease,
    end_at,
    is_leap,
    limit_at,
    limit_by,
    longest_step,
    rising_share,
    tail,
    typical_step,
)
from explorer.descent.diagnosis.words import place
from explorer.descent.path.descent import Descent
from explorer.numerics.text import typeset
from explorer.objective import Objective
from explorer.signature import checked

Kind = Literal[
    "diverged",
    "plateau",
    "saddle",
    "converged",
    "noise",
    "chatter",
    "overshoots",
    "stalled",
    "slow",
    "trough",
    "falling",
]

_ARRIVED = 1e-8
"""Less is left to gain: what the exercises ask for."""
_SADDLE = 1e-3
"""Of the largest curvature: what bends down by less may be rounding, or the flat floor of a valley."""
_FLAT = 1e-5
"""Of the largest curvature: along so flat a direction descent would take 100 000 times as many steps as across. The
page calls the same flat (assets/lesson/curvature.js)."""
_RISES = 0.1
"""Of the latest steps went up. A path down a slope or along a floor has none."""
_FAR_BELOW = 1 / 20
"""Of the stable rate: at a share s of it descent takes about 1/s times as many steps."""
_TROUGH = 1 / 10
"""Curvature along the gradient over the largest: below it a stable rate takes tens of steps to halve what is left."""


@dataclass(frozen=True)
class Diagnosis:
    """What a path did."""

    kind: Kind
    sentence: str
    """What it did and why, in plain words."""


@checked
def diagnose(objective: Objective, path: Descent) -> Diagnosis:
    """Return what a path of `descend` on this objective did, and why.

    The first kind that fits is taken, in the order of `Kind`. Gradient and curvature are those of the whole objective,
    at the end of the path and at few places before: whole Hessians up to 64 parameters, beyond that products.
    """
    if path.outcome == "diverged":
        return Diagnosis("diverged", _diverged(objective, path))
    end = end_at(objective, path.thetas[-1])
    for kind, look in _LOOKS.items():
        sentence = look(objective, path, end)
        if sentence:
            return Diagnosis(kind, sentence)
    return Diagnosis("falling", _falling(path))


def _diverged(objective: Objective, path: Descent) -> str:
    assert path.losses is not None
    last = int(torch.nonzero(path.thetas.isfinite().all(dim=1))[-1, 0])
    where = f"It diverged at step {int(path.steps[-1])}, last seen at {place(objective, path.thetas[last])}"
    rises = torch.nonzero(~(path.losses.diff() <= 0))
    above = _above(objective, path, int(rises[0, 0]) if len(rises) else 0)
    if above:
        return f"{where}: {above}, so each step overshoots by more than it gains."
    return f"{where}: from there on its numbers are no longer finite. A smaller rate keeps them so."


def _plateau(objective: Objective, path: Descent, end: End) -> str:
    if not end.is_flat:
        return ""
    flat = f"L = {typeset(end.loss)} and the gradient, {typeset(end.gradient)}, is too small to lead anywhere"
    if len(path) == 1 or end_at(objective, path.thetas[0]).is_flat:
        return f"It starts on a plateau: {flat}. Start elsewhere."
    step, length = longest_step(path)
    above = _above(objective, path, step - 1)
    if not above and not is_leap(path, length):
        return f"It has come out on a plateau: {flat}."
    why = f": {above} there" if above else ""
    return f"Step {step}, {typeset(length)} long, threw it onto a plateau{why}. {flat}."


def _saddle(objective: Objective, path: Descent, end: End) -> str:
    bends = end.limits.lambda_min
    if end.left > _ARRIVED or not bends < -_SADDLE * abs(end.limits.lambda_max):
        return ""
    return (
        f"It has come to rest at a saddle, {place(objective, path.thetas[-1])}, and at no minimum: the gradient is "
        f"{typeset(end.gradient)}, but in one direction the loss bends down (curvature {typeset(bends)})."
    )


def _converged(objective: Objective, path: Descent, end: End) -> str:
    if end.left > _ARRIVED and path.outcome != "converged":
        return ""
    where = f"{place(objective, path.thetas[-1])}: L = {typeset(end.loss)}"
    bends = end.limits.lambda_min
    if end.loss > _ARRIVED and abs(bends) <= _FLAT * end.limits.lambda_max:
        return (
            f"It has come to rest at {where}, where the ground is flat in one direction (curvature {typeset(bends)}): "
            "far along it there may be a lower place, or there is none."
        )
    if end.left > _ARRIVED:
        return f"It has arrived at {where}, with a gradient of {typeset(end.gradient)}."
    return f"It has arrived at {where}, and by the curvature there no more than {typeset(_ARRIVED)} is left to gain."


def _noise(objective: Objective, path: Descent, end: End) -> str:
    if path.batch_size is None or rising_share(tail(path)) < _RISES:
        return ""
    samples = f"{path.batch_size} sample" + "s" * (path.batch_size != 1)
    return (
        f"The noise of mini-batches keeps it moving: each step follows the gradient of {samples} alone, and the loss "
        "of all rises and falls. A falling rate or larger batches quiet it."
    )


def _chatter(objective: Objective, path: Descent, end: End) -> str:
    if rising_share(tail(path)) < _RISES or not crosses_crease(objective, path):
        return ""
    return (
        "It chatters at a crease, where the slope jumps and never fades: steps about "
        f"{typeset(typical_step(path))} long cross it to and fro. Only a falling rate lets it settle."
    )


def _overshoots(objective: Objective, path: Descent, end: End) -> str:
    losses = tail(path)
    if rising_share(losses) < _RISES:
        return ""
    # Steepest between the walls: the lowest place passed says more than the place where the path happens to end.
    lowest = len(path) - len(losses) + int(losses.argmin())
    above = _above(objective, path, min(lowest, len(path) - 2))
    if above:
        return f"It overshoots: {above}, so steps cross the floor to the opposite wall, and the loss rises and falls."
    if _momentum(path):
        return (
            "It overshoots: momentum carries it past the floor and back, and the loss rises and falls. A smaller rate "
            "or less momentum damps the swings."
        )
    return (
        f"It overshoots: steps about {typeset(typical_step(path))} long cross the floor to and fro, and the loss rises "
        "and falls. A smaller or falling rate lets it settle."
    )


def _stalled(objective: Objective, path: Descent, end: End) -> str:
    losses = tail(path)
    if len(losses) > 1 and bool(losses[-1] < losses[0]):
        return ""
    if len(path) == 1:
        return "It has not taken a step yet."
    return f"It no longer gains: L = {typeset(end.loss)}, with a gradient of {typeset(end.gradient)}."


def _slow(objective: Objective, path: Descent, end: End) -> str:
    limit, rate = limit_by(path, end.limits), float(path.rates[-1])
    if limit is None or rate >= _FAR_BELOW * limit:
        return ""
    where = "The schedule has brought the rate down to" if rate < path.rates.max() / 2 else "It is slow: the rate is"
    share = f"1/{typeset(limit / rate)} of " if rate > 0 else "far below "
    return f"{where} {typeset(rate)}, {share}{_limit(path, limit)}. A larger one would be as safe here, and faster."


def _trough(objective: Objective, path: Descent, end: End) -> str:
    across = end.limits.lambda_max
    if not abs(end.along) <= _TROUGH * across:
        return ""
    if end.along > _FLAT * across:
        return (
            f"It follows a trough: the curvature along it ({typeset(end.along)}) is {typeset(across / end.along)} "
            f"times smaller than across ({typeset(across)}), so a rate that is safe across gains little along."
        )
    floor = "is flat" if abs(end.along) <= _FLAT * across else "bends down"
    return (
        f"It follows a trough whose floor {floor} (curvature {typeset(end.along)}; {typeset(across)} across): the "
        f"gradient has faded to {typeset(end.gradient)}, and the loss falls by {typeset(_latest_gain(path))} a step."
    )


def _falling(path: Descent) -> str:
    losses = tail(path)
    before, now = typeset(float(losses[0])), typeset(float(losses[-1]))
    return f"The loss still falls, from {before} to {now} in the last {len(losses) - 1} steps. More steps lead further."


_LOOKS: dict[Kind, Callable[[Objective, Descent, End], str]] = {
    "plateau": _plateau,
    "saddle": _saddle,
    "converged": _converged,
    "noise": _noise,
    "chatter": _chatter,
    "overshoots": _overshoots,
    "stalled": _stalled,
    "slow": _slow,
    "trough": _trough,
}
"""Kind -> the sentence, or "" where the path is of another kind."""


def _above(objective: Objective, path: Descent, step: int) -> str:
    """Return in words how the rate of the step from entry `step` exceeds its limit there, "" where it does not."""
    if not len(path.rates):
        return ""
    limit, rate = limit_at(objective, path, step), float(path.rates[step])
    return f"the rate {typeset(rate)} is above {_limit(path, limit)}" if limit is not None and rate > limit else ""


def _limit(path: Descent, limit: float) -> str:
    momentum, largest = _momentum(path), typeset(limit)
    return f"{largest}, the limit with momentum {typeset(momentum)}" if momentum else f"2/λmax = {largest}"


def _momentum(path: Descent) -> float:
    return float(path.method.options.get("momentum", 0.0)) if path.method is not None else 0.0


def _latest_gain(path: Descent) -> float:
    losses = tail(path)
    return float(losses[0] - losses[-1]) / (len(losses) - 1)
