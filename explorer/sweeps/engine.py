"""The engine: an objective, a plane and a grid become a landscape."""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.grid import Grid
from explorer.numerics.rounding import exact_products
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Asked, read_quantities
from explorer.refinement import refined
from explorer.sweeps.conclusion import conclusions
from explorer.sweeps.dataset import as_array, landscape
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.fields import Fields
from explorer.sweeps.job import Indices, Job, read_job
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.planning.known_plans import habit_of
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.points import Points
from explorer.sweeps.progress import announced
from explorer.sweeps.projected_checkpoints import Checkpoints
from explorer.sweeps.provenance import attributes
from explorer.sweeps.stored import sweep_into
from explorer.sweeps.tolerance import check_tolerance, first_points, first_text


def sweep(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    *,
    quantities: Sequence[Asked] = ("loss", "gradient"),
    store: str | Path | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    chunk_size: int | None = None,
    checkpoints: Checkpoints | None = None,
    tolerance: float | None = None,
    progress: bool = True,
    report: bool = True,
) -> xr.Dataset:
    """Measure quantities at every point of the grid and return the landscape.

    Variables, each over the grid's labels: `loss`; `terms` (term), unweighted; `gradient` (direction), the basis times
    the gradient, so per unit of the coordinate; `gradient_norm`, of the full gradient; `curvature` (direction,
    direction_2), the basis times the Hessian times the basis; the objective's metrics, and loss and metrics on its test
    data; every function by its name; `status`. NaN and infinity are results: kept, and counted in the attribute
    `nonfinite`. Attributes hold the provenance, nested ones as JSON.

    With a store, points are visited coarse to fine and written as they come: a sweep that was stopped or killed goes on
    where it was when it is called again with the same arguments, and `open_landscape` reads it meanwhile.

    Args:
        objective: theta -> scalar.
        plane: which the grid's coordinates belong to, of the objective's P and dtype; or several planes through one
            origin, one a seed, which become the leading dimension `seed`.
        grid: with the plane's labels, in their order.
        quantities: built-in names, or functions theta [P] -> scalar.
        store: folder to write the landscape to. Points whose evaluation raises are marked as failed there, with a
            warning, and tried again next time.
        device, dtype: evaluate there and in it; the objective's own by default. torch.bfloat16 or torch.float16 on an
            objective in a longer one means mixed precision: products in it, all else in the objective's own; attribute
            `mixed_precision_error` is then the largest difference to the exact loss at some points, as a share of the
            range of log L.
        chunk_size: points evaluated at once; by default what a calibration finds fastest. Results agree up to rounding.
        checkpoints: name -> theta [P] or trajectory, or one trajectory, to be projected onto the (first) plane:
            attribute `checkpoints`.
        tolerance: evaluate only where it is needed to know the loss at every point to within this share, above 0 and
            below 1, of the range of log L (of L where some L is not positive); all points where the surface is rough.
            The others are interpolated: their status is 2, and everything but their loss is NaN. Points all over the
            grid are then evaluated to check it: attributes `tolerance_error`, the largest miss among them as a share
            of the range of `tolerance_scale`, which of several planes is the worst one's; `tolerance_checked`, their
            number; `evaluated_points`. What is smaller than the distance between evaluated points may be missed.
        progress: show an estimate and a bar on stderr if the sweep takes longer than about a second.
        report: answer "is my plot right?" in the attribute `report`; costs some dozens of evaluations.

    Raises:
        ValueError: labels, sizes, dtypes, quantities or tolerance do not fit.
        StoreError: the store holds another sweep, is damaged, or its disk is full.
    """
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"expected chunk_size of at least 1; got {chunk_size}")
    wanted = read_quantities(quantities)
    check_tolerance(tolerance, wanted, grid)
    job = read_job(objective, plane, grid, wanted, device, dtype)
    with _undisturbed(job):
        if store is not None:
            return sweep_into(Path(store), job, chunk_size, checkpoints, tolerance, progress=progress, report=report)
        measure = (
            partial(_everywhere, job, chunk_size) if tolerance is None else partial(_within, job, chunk_size, tolerance)
        )
        found = measure(progress)
        found.attrs.update(conclusions(job, found, checkpoints, report=report))
        return found


def estimate(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    *,
    quantities: Sequence[Asked] = ("loss", "gradient"),
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Plan:
    """Return how `sweep` would evaluate these points, and about how long it would take; arguments as there."""
    job = read_job(objective, plane, grid, read_quantities(quantities), device, dtype)
    with _undisturbed(job):
        return plan(job.objective, job.plane, job.wanted, job.points, low=job.low, always=True)


@contextmanager
def _undisturbed(job: Job) -> Iterator[None]:
    """Keep the caller's random numbers where they are, whatever a model draws; and say nothing of operations that
    `vmap` takes one by one: whether that pays is what the calibration finds out."""
    devices = [job.objective.device] if job.objective.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), warnings.catch_warnings(), exact_products(job.objective.device):
        warnings.filterwarnings("ignore", message="There is a performance drop because we have not yet implemented")
        yield


def _everywhere(job: Job, chunk_size: int | None, progress: bool) -> xr.Dataset:
    began = time.perf_counter()
    chosen = plan(job.objective, job.plane, job.wanted, job.points, chunk_size, low=job.low)
    evaluation = Evaluation(job, chosen)
    fields: Fields = {}
    with announced(job.points, chosen.seconds, chosen.text(job.points), progress=progress) as bar:
        for start, piece in evaluation.in_order():
            if start == 0:
                fields = {name: _room(part, job.points) for name, part in piece.items()}
            for name, part in piece.items():
                fields[name][start : start + len(part)] = part
            bar.update(len(next(iter(piece.values()))))
    seconds = time.perf_counter() - began
    habit_of(job.objective, job.wanted, len(job.plane.basis)).spent += seconds
    how = evaluation.describe() | {"seconds": seconds}
    return landscape(job, {name: as_array(field) for name, field in fields.items()}, attributes(job) | how)


def _within(job: Job, chunk_size: int | None, tolerance: float, progress: bool) -> xr.Dataset:
    """Evaluate as few points as the tolerance allows."""
    began = time.perf_counter()
    few = first_points(job)
    chosen = plan(job.objective, job.plane, job.wanted, few, chunk_size, low=job.low)
    evaluation, points = Evaluation(job, chosen), Points(job)
    with announced(job.points, chosen.seconds, first_text(chosen, job), progress=progress) as bar:

        def loss_at(positions: Indices) -> NDArray[np.float64]:
            for piece in np.split(positions, range(chosen.chunk, len(positions), chosen.chunk)):
                points.take(piece, {name: as_array(field) for name, field in evaluation.at(piece).items()})
                bar.update(len(piece))
            return points.loss(positions)

        outcomes = refined(job.grid.shape, len(job.planes), tolerance, loss_at)
        points.interpolate(outcomes)
        bar.update(job.points - bar.n)
    how = evaluation.describe() | {"seconds": time.perf_counter() - began}
    said = attributes(job) | how | {"tolerance": tolerance} | points.outcome(outcomes)
    return landscape(job, points.fields, said, points.status)


def _room(part: Tensor, points: int) -> Tensor:
    # Where the chunks are: copying each to the host would make a GPU wait for it.
    return torch.empty((points, *part.shape[1:]), dtype=part.dtype, device=part.device)
