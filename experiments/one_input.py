"""Data at a single input: the loss depends on w x + b alone, so its minima form a line."""

import math

import torch
from torch import Tensor

from experiments.derivatives import Loss
from experiments.plateaus import best_predictions
from explorer.study import Minima
from models.losses import unreduced

# Closer to 1 than this, atanh has lost half of its digits and only rounding keeps the prediction finite.
_REACHABLE = 1 - 1e-12
_STRIP = 1e-9


def line_of_minima(loss: Loss, x: Tensor, y: Tensor) -> Minima:
    """Return the minima for x [D] all equal and y [D]: a line, the middle of a strip, or nothing finite."""
    low, high = (float(end) for end in best_predictions(loss, y, torch.ones(1, len(y), dtype=torch.bool)))
    best = min(max((low + high) / 2, -_REACHABLE), _REACHABLE) if high - low > _STRIP else (low + high) / 2
    value = float(unreduced(loss, torch.full_like(y, best), y).mean())
    place = float(x[0])
    if abs(best) >= _REACHABLE:
        end = "+∞" if best > 0 else "−∞"
        return Minima((), None, value, f"no finite minimum: L decreases towards {value:.5g} as w·x + b → {end}")
    note = f"a whole line of minima: all data are at x = {place:g}, so only {_combination(place)} matters"
    if high - low > _STRIP:
        note += f"; the line is the middle of a strip, every prediction from {low:.4g} to {high:.4g} is as good"
    return Minima((), (place, 1.0, math.atanh(best)), value, note)


def _combination(place: float) -> str:
    names = {0.0: "b", 1.0: "w + b", -1.0: "b − w"}
    return names.get(place, f"{place:g}·w + b")
