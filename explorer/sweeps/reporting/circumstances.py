"""What the picture was made of: the data, BatchNorm's statistics, a trajectory's shape, the seeds."""

import numpy as np
import xarray as xr
from torch.nn.modules.batchnorm import _BatchNorm

from explorer.sweeps.reporting.finding import Finding, percent, shown
from explorer.sweeps.reporting.inspection import Inspection

_MORE_THAN_A_WALK = 0.05
"""By how much the explained share must exceed a random walk's before it says something."""


def check_data(about: Inspection) -> Finding:
    """Tell how many samples, or which terms, the loss is made of."""
    described = about.objective.describe()
    if "data" in described:
        count = int(described["data"]["inputs"][0])
        text = f"Every point is the mean over the same {count:,} samples; on other samples the picture may differ."
        return Finding("data", "info", text, {"samples": count})
    names = list(about.objective.term_names)
    text = f"Every point is the weighted sum of {', '.join(names)}, each on whatever points or data it holds."
    return Finding("data", "info", text, {"terms": names})


def check_batchnorm(about: Inspection) -> Finding | None:
    """Tell which statistics BatchNorm normalizes by, where there are such layers."""
    layers = sum(isinstance(each, _BatchNorm) and each.track_running_stats for each in about.objective.modules())
    if not layers or about.objective.batchnorm != "eval":
        return None
    values = {"layers": layers}
    number = "1 layer" if layers == 1 else f"{layers} layers"
    text = f"BatchNorm ({number}) normalizes by the model's own running statistics at every point"
    if about.plane.made.get("kind") in ("between", "through", "principal"):
        text += ', other checkpoints included, which were trained with theirs: compare with batchnorm="recompute".'
        return Finding("batchnorm", "warn", text, values)
    return Finding("batchnorm", "info", f'{text}; batchnorm="recompute" would measure them there.', values)


def check_trajectory(about: Inspection) -> Finding | None:
    """Compare the share that principal directions explain with what a random walk would show."""
    made = about.plane.made
    if made.get("kind") != "principal":
        return None
    count = len(about.plane.basis)
    shares = {name: float(sum(made[name][:count])) for name in ("explained", "random_walk")}
    text = f"These directions explain {percent(shares['explained'])} of the trajectory's spread; a random walk of "
    text += f"{made['thetas']} points in many dimensions would show {percent(shares['random_walk'])}"
    if shares["explained"] <= shares["random_walk"] + _MORE_THAN_A_WALK:
        return Finding("trajectory", "warn", f"{text}: the path's shape here says nothing about the training.", shares)
    return Finding("trajectory", "info", f"{text}.", shares)


def check_seeds(landscape: xr.Dataset) -> Finding | None:
    """Tell how far the rise from center to edge differs between the planes of several seeds."""
    if "seed" not in landscape.dims or "loss" not in landscape:
        return None
    loss = landscape["loss"].transpose("seed", ...).values
    inner = (slice(1, -1),) * (loss.ndim - 1)
    edge = np.ones(loss.shape[1:], dtype=bool)
    edge[inner] = False
    middle = loss[(slice(None), *(n // 2 for n in loss.shape[1:]))]
    with np.errstate(invalid="ignore"):
        rises = [float(value) for value in np.median(loss[:, edge], axis=1) - middle]
    text = f"Over {len(rises)} seeds the loss rises from the middle to the edge (median) by {shown(min(rises))} to "
    values = {"rises": rises}
    return Finding("seeds", "info", f"{text}{shown(max(rises))}; the rest of this report is on the first.", values)
