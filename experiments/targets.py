"""The target sets of the lesson: data for one tanh neuron, the window to look through, and what each teaches."""

import torch

from explorer.study import TargetSet


def _set(
    name: str,
    title: str,
    teaches: str,
    x: tuple[float, ...],
    y: tuple[float, ...],
    w: tuple[float, float],
    b: tuple[float, float],
    featured: bool = False,
) -> TargetSet:
    inputs, targets = (torch.tensor(values, dtype=torch.float64) for values in (x, y))
    return TargetSet(name, title, teaches, inputs, targets, {"w": w, "b": b}, featured)


_NINE = (-2.0, -1.5, -1.0, -0.5, 0.0, 0.5, 1.0, 1.5, 2.0)

_ALL = (
    _set(
        "two_points",
        "Two points only",
        "Two points can be fitted exactly, so there is a single minimum with L = 0, under every loss.",
        (-1.0, 1.0),
        (-0.6, 0.8),
        w=(-4.0, 4.0),
        b=(-4.0, 4.0),
        featured=True,
    ),
    _set(
        "sloped_line",
        "Sloped line through origin",
        "The line leaves the range of tanh, so steepening the curve costs almost nothing: a long trough towards "
        "large w.",
        _NINE,
        _NINE,
        w=(-2.0, 10.0),
        b=(-3.0, 3.0),
        featured=True,
    ),
    _set(
        "outliers",
        "Two outliers",
        "Two points disagree with the rest: MAE keeps to the majority, MSE gives way, and Huber resists only where "
        "δ is smaller than the outliers' residuals.",
        _NINE,
        (-0.95, -0.9, -0.76, -0.46, 0.0, 0.46, -0.8, 0.9, -0.9),
        w=(-2.0, 4.0),
        b=(-3.0, 3.0),
        featured=True,
    ),
    _set(
        "mirror",
        "Mirror",
        "High, low and high again is more than one step can follow: each flank has a minimum of its own, and MSE and "
        "MAE see a third between them.",
        (-3.0, -1.0, 0.0, 1.0, 3.0),
        (0.9, -0.9, -0.9, -0.9, 0.9),
        w=(-4.0, 4.0),
        b=(-6.0, 3.0),
        featured=True,
    ),
    _set(
        "step_labels",
        "Step labels",
        "Targets of exactly ±1 are approached and never reached: L keeps falling as w grows while its gradient fades.",
        (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0),
        (-1.0, -1.0, -1.0, 1.0, 1.0, 1.0),
        w=(-4.0, 8.0),
        b=(-4.0, 4.0),
        featured=True,
    ),
    _set(
        "noisy",
        "Noisy regression",
        "An ordinary noisy fit: one smooth minimum for three of the losses, and several small corners for MAE.",
        (-2.1, -1.8, -1.5, -1.2, -0.9, -0.6, -0.3, 0.0, 0.3, 0.6, 0.9, 1.2, 1.5, 1.8, 2.1),
        (-0.99, -0.85, -0.98, -0.97, -0.77, -0.97, -0.47, -0.54, -0.18, 0.21, 0.77, 0.67, 0.77, 0.98, 0.88),
        w=(-2.0, 4.0),
        b=(-3.0, 3.0),
        featured=True,
    ),
    _set(
        "two_points_symmetric",
        "Two symmetric points",
        "Points placed symmetrically make a perfectly round bowl at the minimum: all directions are equally steep.",
        (-1.0, 1.0),
        (-0.5, 0.5),
        w=(-3.0, 3.0),
        b=(-3.0, 3.0),
    ),
    _set(
        "gentle_line",
        "Gentle line",
        "A line that stays within reach of tanh has no valley at all: its bowl is round to within 3 percent.",
        _NINE,
        (-0.8, -0.6, -0.4, -0.2, 0.0, 0.2, 0.4, 0.6, 0.8),
        w=(-2.0, 3.0),
        b=(-2.0, 2.0),
    ),
    _set(
        "short_baseline",
        "Short baseline",
        "Inputs close to zero hardly feel w: a true valley along w, 64 times flatter along than across.",
        (-0.2, -0.15, -0.1, -0.05, 0.0, 0.05, 0.1, 0.15, 0.2),
        (-0.3, -0.225, -0.15, -0.075, 0.0, 0.075, 0.15, 0.225, 0.3),
        w=(-4.0, 7.0),
        b=(-2.0, 2.0),
    ),
    _set(
        "offset_line",
        "Offset line",
        "Inputs far from zero let b undo what w does: a tilted valley, which centering the inputs would make nearly "
        "round.",
        (2.0, 2.5, 3.0, 3.5, 4.0),
        (-0.6, -0.4, 0.0, 0.4, 0.6),
        w=(-1.0, 3.0),
        b=(-6.0, 2.0),
    ),
    _set(
        "wild_outlier",
        "Wild outlier",
        "One target lies where tanh cannot go: under MSE a step at infinity beats the only finite minimum.",
        _NINE,
        (-0.95, -0.9, -0.76, -0.46, 0.0, 0.46, 0.76, -4.0, 0.95),
        w=(-2.0, 4.0),
        b=(-3.0, 3.0),
    ),
    _set(
        "one_point",
        "One point",
        "One point cannot pin down two parameters: every (w, b) on a straight line fits it exactly.",
        (1.0,),
        (0.6,),
        w=(-4.0, 4.0),
        b=(-4.0, 4.0),
    ),
    _set(
        "two_readings",
        "Two readings",
        "The data can be read as a steep step or as a gentle slope: two minima of unequal depth.",
        (-2.0, -0.5, 0.5, 3.0),
        (-0.6, -0.9, 0.6, 0.3),
        w=(-1.5, 4.0),
        b=(-2.5, 2.0),
    ),
)

TARGETS: dict[str, TargetSet] = {target.name: target for target in _ALL}
