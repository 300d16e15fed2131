"""The engine: an objective, a plane and a grid become a landscape."""

import time
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import torch
import xarray as xr
from torch import Tensor

from explorer.grid import Grid
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Quantity, read_quantities
from explorer.sweeps.calibration import Plan, plan
from explorer.sweeps.dataset import landscape
from explorer.sweeps.evaluation import Evaluation
from explorer.sweeps.findings import conclusions
from explorer.sweeps.job import Job, read_job
from explorer.sweeps.progress import announced
from explorer.sweeps.projections import Checkpoints
from explorer.sweeps.provenance import attributes
from explorer.sweeps.stored import sweep_into
from explorer.sweeps.strategies import Fields


def sweep(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    *,
    quantities: Sequence[Quantity] = ("loss", "gradient"),
    store: str | Path | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    chunk_size: int | None = None,
    checkpoints: Checkpoints | None = None,
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
        device, dtype: evaluate there and in it; the objective's own by default.
        chunk_size: points evaluated at once; by default what a calibration finds fastest. Results agree up to rounding.
        checkpoints: name -> theta [P], or a trajectory, to be projected onto the (first) plane: attribute
            `checkpoints`.
        progress: show an estimate and a bar on stderr if the sweep takes longer than about a second.
        report: answer "is my plot right?" in the attribute `report`; costs some dozens of evaluations.

    Raises:
        ValueError: labels, sizes, dtypes or quantities do not fit.
        StoreError: the store holds another sweep, is damaged, or its disk is full.
    """
    if chunk_size is not None and chunk_size < 1:
        raise ValueError(f"expected chunk_size of at least 1; got {chunk_size}")
    job = read_job(objective, plane, grid, read_quantities(quantities), device, dtype)
    with _undisturbed(job):
        if store is not None:
            return sweep_into(Path(store), job, chunk_size, checkpoints, progress=progress, report=report)
        return _in_memory(job, chunk_size, checkpoints, progress=progress, report=report)


def estimate(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    *,
    quantities: Sequence[Quantity] = ("loss", "gradient"),
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Plan:
    """Return how `sweep` would evaluate these points, and about how long it would take; arguments as there."""
    job = read_job(objective, plane, grid, read_quantities(quantities), device, dtype)
    with _undisturbed(job):
        return plan(job.objective, job.plane, job.wanted, job.points, always=True)


@contextmanager
def _undisturbed(job: Job) -> Iterator[None]:
    """Keep the caller's random numbers where they are, whatever a model draws; and say nothing of operations that
    `vmap` takes one by one: whether that pays is what the calibration finds out."""
    devices = [job.objective.device] if job.objective.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="There is a performance drop because we have not yet implemented")
        yield


def _in_memory(
    job: Job, chunk_size: int | None, checkpoints: Checkpoints | None, *, progress: bool, report: bool
) -> xr.Dataset:
    began = time.perf_counter()
    chosen = plan(job.objective, job.plane, job.wanted, job.points, chunk_size)
    evaluation = Evaluation(job, chosen)
    fields: Fields = {}
    with announced(job.points, chosen.seconds, chosen.text(job.points), progress=progress) as bar:
        for start, piece in evaluation.in_order():
            if start == 0:
                fields = {name: _room(part, job.points) for name, part in piece.items()}
            for name, part in piece.items():
                fields[name][start : start + len(part)] = part
            bar.update(len(next(iter(piece.values()))))
    how = evaluation.describe() | {"seconds": time.perf_counter() - began}
    found = landscape(job, fields, attributes(job) | how)
    return found.assign_attrs(conclusions(job, found, checkpoints, report=report))


def _room(part: Tensor, points: int) -> Tensor:
    return torch.empty((points, *part.shape[1:]), dtype=part.dtype)
