"""Where each loss puts the neuron, and how far from the clean points that is."""

from dataclasses import dataclass

import torch
from torch import Tensor

from experiments.activities.wording import LABELS, fixed, number
from experiments.activities.zooming import lowest
from experiments.targets import TARGETS

CLEAN_Y = {
    "outliers": (-0.95, -0.9, -0.76, -0.46, 0.0, 0.46, 0.76, 0.9, 0.95),
    "wild_outlier": (-0.95, -0.9, -0.76, -0.46, 0.0, 0.46, 0.76, 0.9, 0.95),
}
"""The targets before some were made outliers: mirror images of their partners at -x."""

CLOSE = 0.02
"""Mean squared distance from the clean points that counts as undisturbed: 0.14 per point."""


@dataclass(frozen=True)
class Refit:
    """The lowest point of the map of one loss on one target set."""

    loss: str
    w: float
    b: float
    distance: float
    """Mean squared distance of its predictions from the clean points."""

    @property
    def close(self) -> bool:
        """Whether outliers have left the fit where it belongs."""
        return self.distance <= CLOSE


def clean(target: str) -> Tensor:
    """Return the targets [D] without outliers."""
    given = TARGETS[target].y
    return torch.tensor(CLEAN_Y[target], dtype=given.dtype) if target in CLEAN_Y else given


def refit(target: str, loss: str, delta: float) -> Refit:
    """Return where a loss is lowest on the map, and its distance from the clean points."""
    # Only Huber knows delta: one key for the others keeps them remembered while delta moves.
    w, b, _ = lowest(target, loss, delta if loss == "huber" else 1.0)
    away = torch.tanh(w * TARGETS[target].x + b) - clean(target)
    return Refit(loss, w, b, float(away.square().mean()))


def refits(target: str, delta: float) -> dict[str, Refit]:
    """Return the refit of every loss."""
    return {loss: refit(target, loss, delta) for loss in LABELS}


def table(fits: dict[str, Refit], delta: float) -> tuple[tuple[str, ...], ...]:
    """Return the refits as rows to show, the heading first."""
    heading = ("loss", "w", "b", "mean squared distance from the clean points")
    rows = ((_label(f.loss, delta), fixed(f.w), fixed(f.b), fixed(f.distance, 5)) for f in fits.values())
    return heading, *rows


def _label(loss: str, delta: float) -> str:
    return f"Huber, δ = {number(delta)}" if loss == "huber" else LABELS[loss]
