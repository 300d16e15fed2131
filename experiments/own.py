"""The learner's own points as a target set, with a window that shows where its minima are."""

import math
from collections.abc import Iterator

import torch
from torch import Tensor

from experiments.minima import minima
from explorer.study import Minima, TargetSet
from models.losses import MAE, MSE

_MOST_POINTS = 40
_LARGEST = 100.0
_HALF_WIDTH = 4.0
# Minima beyond this are steps seen by one or two points; a window that held them would hide the rest.
_FARTHEST = 12.0


def own(x: Tensor, y: Tensor) -> TargetSet:
    """Return the target set "own" for inputs x [D] and targets y [D].

    The window holds the finite minima under MSE and MAE, between which Huber and log-cosh choose, as far as
    |w| and |b| stay within 12.

    Raises:
        ValueError: not 1 to 40 points, shapes that differ, or values that are not finite or exceed 100 in size.
    """
    _check(x, y)
    x, y = x.to(torch.float64), y.to(torch.float64)
    reach = float(x.abs().max())
    blank = TargetSet("own", "Your own points", "Data of your own: what is the surface like, and why?", x, y, {})
    places = [place for loss in (MSE(), MAE()) for place in _places(minima(blank, loss))]
    window = {
        "w": _around(_half_width(reach), [w for w, _ in places]),
        "b": _around(_HALF_WIDTH, [b for _, b in places]),
    }
    return TargetSet(blank.name, blank.title, blank.teaches, x, y, window)


def _check(x: Tensor, y: Tensor) -> None:
    if x.ndim != 1 or x.shape != y.shape or not 1 <= len(x) <= _MOST_POINTS:
        raise ValueError(
            f"expected x and y with 1 to {_MOST_POINTS} values each, got shapes {tuple(x.shape)} and {tuple(y.shape)}"
        )
    values = torch.cat((x, y))
    if not bool((values.abs() <= _LARGEST).all()):
        worst = float(values[~(values.abs() <= _LARGEST)][0])
        raise ValueError(f"every x and y must lie between -{_LARGEST:g} and {_LARGEST:g}, got {worst:g}")


def _half_width(reach: float) -> float:
    """Return how far to look along w: it acts through w x, so inputs near 0 need a wider window, large ones less."""
    if 0 < reach < 0.5:
        return float(math.ceil(min(2 / reach, _FARTHEST)))
    return min(_HALF_WIDTH, math.ceil(8 * _HALF_WIDTH / reach)) if reach else _HALF_WIDTH


def _places(found: Minima) -> Iterator[tuple[float, float]]:
    thetas = [minimum.theta for minimum in found.points]
    if found.line is not None:
        p, q, c = found.line
        thetas.append((c * p / (p * p + q * q), c * q / (p * p + q * q)))
    for w, b in thetas:
        if max(abs(w), abs(b)) <= _FARTHEST:
            yield w, b


def _around(half_width: float, values: list[float]) -> tuple[float, float]:
    low = min(-half_width, *(math.floor(value - 0.5) for value in values), half_width)
    high = max(half_width, *(math.ceil(value + 0.5) for value in values), -half_width)
    return float(low), float(high)
