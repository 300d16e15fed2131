"""Mixing: how far a landscape in mixed precision is from the exact one, measured at some of its points."""

from dataclasses import replace

import numpy as np
import xarray as xr

from explorer.graphs import Rewrites
from explorer.landscape import Status
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.strategies import choose
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.provenance import Attributes

_POINTS = 16
_SHARE = 0.1
"""Of a landscape's points, at most, to evaluate again; but no fewer than `_LEAST`."""
_LEAST = 4


def mixed_precision(job: Job, landscape: xr.Dataset) -> Attributes:
    """Return how far the loss is off at points all over the grid, the lowest and the highest among
    them: the largest difference, as a share of the range of log L, or of L where some L <= 0.

    Args:
        job: which asks for mixed precision.
        landscape: its result; without a loss nothing is measured.
    """
    if "loss" not in landscape:
        return {"mixed_precision_checked": 0}
    flat = landscape["loss"].values.reshape(-1).astype(np.float64)
    measured = np.flatnonzero(np.isfinite(flat) & (landscape["status"].values.reshape(-1) == Status.EVALUATED))
    if not len(measured):
        return {"mixed_precision_checked": 0}
    some = _spread(measured, flat)
    loss = job.wanted.only(["loss"])
    strategy = choose(job.objective, job.plane, loss, loop=True).traced(Rewrites())
    exact = Evaluation(replace(job, wanted=loss), Plan(strategy, 1, 0, 0.0)).at(some)["loss"].double().cpu().numpy()
    positive = flat[measured].min() > 0 and exact.min() > 0
    values, found, expected = (np.log(each) if positive else each for each in (flat[measured], flat[some], exact))
    spread = float(np.ptp(values))
    error = float(np.abs(found - expected).max())
    return {
        "mixed_precision_error": error / spread if spread > 0 else error,
        "mixed_precision_checked": len(some),
    }


def _spread(measured: Indices, flat: np.ndarray[tuple[int], np.dtype[np.float64]]) -> Indices:
    count = max(_LEAST, min(_POINTS, int(_SHARE * len(measured))))
    places = np.linspace(0, len(measured) - 1, min(count, len(measured))).astype(np.int64)
    extremes = (flat[measured].argmin(), flat[measured].argmax())
    found: Indices = measured[np.unique([*places, *extremes])]
    return found
