"""What the picture was made of: the data, BatchNorm's statistics, a trajectory's shape, the seeds."""

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.checklist.budget import Pieces
from explorer.checklist.center import ON_THE_PLANE
from explorer.checklist.finding import Finding
from explorer.checklist.inspection import Inspection
from explorer.numerics.text import batches_text, number, numbers_apart, percent

_MORE_THAN_A_WALK = 0.05
"""By how much the explained share must exceed a random walk's before it says something."""


def check_data(about: Inspection) -> Finding:
    """Tell how many samples, or which terms, the loss is made of."""
    described = about.objective.describe()
    if "data" in described:
        if "batches" in described["data"]:
            number_of, count = described["data"]["batches"], described["data"]["count"]
            which = batches_text(number_of, count)
            text = f"Every point is measured on the same {which} in all; on others the picture may differ."
            return Finding("data", "info", text, {"batches": number_of, "count": count})
        count = int(described["data"]["inputs"][0])
        text = f"Every point is measured on the same {count:,} samples; on other samples the picture may differ."
        return Finding("data", "info", text, {"samples": count})
    names = list(about.objective.term_names)
    text = f"Every point is the weighted sum of {', '.join(names)}, each on whatever points or data it holds."
    return Finding("data", "info", text, {"terms": names})


def check_batchnorm(about: Inspection) -> Finding | None:
    """Tell which statistics BatchNorm normalizes by, where there are such layers."""
    layers = sum(isinstance(each, _BatchNorm) and each.track_running_stats for each in about.objective.modules())
    if not layers or about.objective.batchnorm != "eval":
        return None
    values: dict[str, Any] = {"layers": layers}
    which = "1 layer" if layers == 1 else f"{layers} layers"
    text = f"BatchNorm ({which}) normalizes by the model's own running statistics at every point"
    ends = _ends_shown(about)
    if ends:
        told = "; ".join(map(_end_words, ends))
        values |= {"ends": {end.name: {"shown": end.shown, "own": end.own, "offset": end.offset} for end in ends}}
        return Finding("batchnorm", "warn", f'{text}: {told}. Compare with batchnorm="recompute".', values)
    if about.plane.made.get("kind") in ("between", "through", "principal", "along"):
        text += ', other checkpoints included, which were trained with theirs: compare with batchnorm="recompute".'
        return Finding("batchnorm", "warn", text, values)
    return Finding("batchnorm", "info", f'{text}; batchnorm="recompute" would measure them there.', values)


def evaluations_at_ends(about: Inspection) -> Pieces:
    """Return what the ends of the plane take: nothing where none has statistics of its own."""
    own = sum(bool(end.buffers) for end in about.plane.ends.values())
    return {"evaluation": 2 * own} if own and about.objective.batchnorm == "eval" else {}


@dataclass(frozen=True)
class _End:
    """A checkpoint with its own statistics that the plane was laid through."""

    name: str
    shown: float
    """The picture's loss, at the point nearest to it."""
    own: float
    offset: float
    """How far it lies from the plane; 0 where it is on it."""


def _ends_shown(about: Inspection) -> list[_End]:
    found = []
    for name, end in about.plane.ends.items():
        if end.buffers:
            with about.budget.spend("evaluation"):
                own = end.loss(about.objective)
            theta = end.theta.to(about.plane.origin)
            offset = float(about.plane.offset(theta))
            is_on_it = offset <= ON_THE_PLANE * float(theta.norm()) + about.epsilon
            shown = about.loss_at(about.plane.coordinates(theta).tolist())
            found.append(_End(name, shown, own, 0.0 if is_on_it else offset))
    return found


def _end_words(end: _End) -> str:
    shown, own = numbers_apart(end.shown, end.own)
    off = f", which lies {number(end.offset)} off the plane," if end.offset else ""
    return f"at {end.name}{off} the picture shows {shown}, its own loss is {own}"


def check_trajectory(about: Inspection) -> Finding | None:
    """Compare the share that principal directions explain with what a random walk would show."""
    made = about.plane.made
    if made.get("kind") != "principal":
        return None
    count = len(about.plane.basis)
    runs = len(made.get("runs", [0]))
    shares = {name: float(sum(made[name][:count])) for name in ("explained", "random_walk") if name in made}
    text = f"These directions explain {percent(shares['explained'])} of "
    text += "the trajectory's spread" if runs == 1 else f"the spread of {runs} trajectories together"
    if "random_walk" not in shares:
        text += "; they begin at different places, so that there are no random walks to compare with."
        return Finding("trajectory", "info", text, shares)
    walk = "a random walk of" if runs == 1 else f"{runs} random walks from one start with together"
    text += f"; {walk} {made['thetas']} points in many dimensions would show {percent(shares['random_walk'])}"
    if shares["explained"] <= shares["random_walk"] + _MORE_THAN_A_WALK:
        said = "the path's shape here says" if runs == 1 else "the paths' shapes here say"
        return Finding("trajectory", "warn", f"{text}: {said} nothing about the training.", shares)
    return Finding("trajectory", "info", f"{text}.", shares)


def check_seeds(about: Inspection) -> Finding | None:
    """Tell how far the rise from center to edge differs between the planes of several seeds.

    Values that are NaN or infinite make no rise: they are left out, and counted.
    """
    if "seed" not in about.whole.dims or "loss" not in about.whole:
        return None
    loss = about.whole["loss"].transpose("seed", ...).values
    edge = np.ones(loss.shape[1:], dtype=bool)
    edge[(slice(1, -1),) * (loss.ndim - 1)] = False
    middle = loss[(slice(None), *(n // 2 for n in loss.shape[1:]))]
    rises = [_rise(float(low), border) for low, border in zip(middle, loss[:, edge], strict=True)]
    known = [rise for rise in rises if math.isfinite(rise)]
    bad = ~np.isfinite(loss[:, edge])
    values = {"rises": rises, "left_out": int(bad.sum())}
    text = f"Over {len(known)} seeds" if len(known) == len(rises) else f"Over {len(known)} of {len(rises)} seeds"
    text += " the loss rises from the middle to the edge (median)"
    text += f" by {number(min(known))} to {number(max(known))}" if known else " by nothing that could be measured"
    if bad.any():
        text += f"; {values['left_out']:,} of {bad.size:,} edge points, NaN or infinite, are left out"
    return Finding("seeds", "info", f"{text}; the rest of this report, but for holes, is on the first.", values)


def _rise(middle: float, edge: NDArray[Any]) -> float:
    """Return how far the median of the edge's finite values lies above the middle; NaN if there is none of either."""
    finite = edge[np.isfinite(edge)]
    return float(np.median(finite)) - middle if finite.size and math.isfinite(middle) else math.nan
