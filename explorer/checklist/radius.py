"""Is the picture of the right size?"""

import math
import statistics

from explorer.checklist.budget import Pieces
from explorer.checklist.finding import Finding, Status
from explorer.checklist.inspection import Inspection
from explorer.numerics.text import number

_KINDS = ("gaussian", "hessian", "tensors")
"""Planes whose origin is the middle of the picture; the others' extents follow from the points that they go through."""
_TIMES = 10
"""The loss that the picture should reach, in units of the center's."""
_HALVINGS, _DOUBLINGS = 6, 4
"""The radii that are tried: the grid's, divided and multiplied by powers of two."""
_FAR = 8
"""A radius so many times too large or too small deserves a look."""
_FLAT = 0.1
"""A picture whose range is less than this share of the center's loss is nearly flat."""


def check_radius(about: Inspection) -> Finding | None:
    """Suggest a radius: the median, over both ways along each axis, of the first of the radii R / 64, R / 32, ...,
    16 R at which the loss is at least ten times the center's, R being the grid's largest extent.

    None for planes through given points, whose extents follow from these.
    """
    if about.plane.made.get("kind") not in _KINDS:
        return None
    center = about.center_loss
    if not math.isfinite(center) or center == 0:
        return None
    own = max(max(abs(axis.low), abs(axis.high)) for axis in about.grid.axes.values())
    goal = _goal(center)
    tried = [own * 2.0**power for power in range(-_HALVINGS, _DOUBLINGS + 1)]
    reached = sorted(_reach(about, axis, sign, tried, goal) for axis in range(len(about.grid.axes)) for sign in (1, -1))
    found = statistics.median_high(reached)
    values = {"grid": own, "suggested": found, "goal": goal, "reached": reached}
    text = f"Along the axes the loss reaches {_goal_in_words(center)}, {number(goal)}, "
    if not math.isfinite(found):
        text += f"nowhere up to {number(tried[-1])}; the grid ends at {number(own)}: the picture is flat on that scale."
        return Finding("radius", "warn", text, values)
    text += f"at about {number(found)} (median of {len(reached)} rays); the grid ends at {number(own)}"
    if found * _FAR <= own:
        return Finding("radius", "warn", f"{text}: a smaller radius would show the center's surroundings.", values)
    if found >= own * _FAR:
        status: Status = "warn" if about.range < _FLAT * abs(center) else "info"
        return Finding("radius", status, f"{text}: a larger radius would show more than the bottom.", values)
    return Finding("radius", "ok", f"{text}.", values)


def evaluations_along_the_rays(about: Inspection) -> Pieces:
    """Return about what `check_radius` takes: all radii, or those within a picture that reaches the goal."""
    if about.plane.made.get("kind") not in _KINDS:
        return {}
    center = about.swept([0.0] * len(about.grid.axes))
    reaches = center is not None and bool((about.landscape["loss"] >= _goal(center)).any())
    return {"evaluation": 1 + 2 * len(about.grid.axes) * (_HALVINGS + 1 + (0 if reaches else _DOUBLINGS))}


def _goal(center: float) -> float:
    # Ten times; for a negative loss as far above it.
    return center + (_TIMES - 1) * abs(center)


def _goal_in_words(center: float) -> str:
    return f"{_TIMES} times the center's" if center > 0 else f"{_TIMES - 1} times the center's size above it"


def _reach(about: Inspection, axis: int, sign: int, tried: list[float], goal: float) -> float:
    """Return the first radius at which the loss is not below the goal; NaN and infinity are not below it."""
    for size in tried:
        coords = [0.0] * len(about.grid.axes)
        coords[axis] = sign * size
        if not about.loss_at(coords) < goal:
            return size
    return math.inf
