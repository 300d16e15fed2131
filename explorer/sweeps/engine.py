"""The engine: an objective, a plane and a grid become a landscape."""

from collections.abc import Sequence
from pathlib import Path

import torch
import xarray as xr

from explorer.checklist import Depth
from explorer.grid import Grid
from explorer.numerics.free_memory import room
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import Asked, read_quantities
from explorer.signature import checked_but
from explorer.store.schema import MOST_POINTS
from explorer.sweeps.afterwards.conclusion import conclusions
from explorer.sweeps.afterwards.projected_checkpoints import Checkpoints
from explorer.sweeps.default_quantities import LOSS, kept_quantities
from explorer.sweeps.executors import AnyExecutor, refuse_unfit_executor
from explorer.sweeps.job import read_job
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.run import Run, swept, swept_into
from explorer.sweeps.side_effects import undisturbed
from explorer.sweeps.visits import check_tolerance


@checked_but("quantities", "dtype", "device", "executor", "chunk_size")
def sweep(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    *,
    quantities: Sequence[Asked] = LOSS,
    store: str | Path | None = None,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
    chunk_size: int | None = None,
    checkpoints: Checkpoints | None = None,
    tolerance: float | None = None,
    executor: AnyExecutor | None = None,
    progress: bool = True,
    report: Depth = True,
) -> xr.Dataset:
    """Measure quantities at every point of the grid and return the landscape.

    Variables, each over the grid's labels: `loss`; `terms` (term), unweighted; `gradient` (direction), the basis times
    the gradient, so per unit of the coordinate; `term_gradients` (term, direction), of each term alone, unweighted;
    `gradient_norm`, of the full gradient; `curvature` (direction, direction_2), the basis times the Hessian times the
    basis; the objective's metrics, and loss and metrics on its test data; quantities of one's own by their names;
    `status`. NaN and infinity are results: kept, and counted in the attribute `nonfinite`. Attributes hold the
    provenance, nested ones as JSON.

    With a store, points are visited coarse to fine and written as they come: a sweep that was stopped or killed goes on
    where it was when it is called again with the same arguments, and `open_landscape` reads it meanwhile.

    Args:
        objective: theta -> scalar.
        plane: which the grid's coordinates belong to, of the objective's P and dtype; or several planes through one
            origin, one a seed, which become the leading dimension `seed`.
        grid: with the plane's labels, in their order.
        quantities: built-in names, functions theta [P] -> scalar, of an array where they have an attribute `dims`
            (name of a dimension -> labels), or objects as in `explorer.quantities`. One that cannot be batched is
            looped, alone. Where none are given, a store that is there keeps its own.
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
            grid are then evaluated to check it: attributes `tolerance_miss`, the largest miss among them as a share of
            the range of `tolerance_scale`, of several planes the worst one's (no bound: elsewhere it may be several
            times larger); `tolerance_checked`, their number; `evaluated_points`. What is smaller than the
            distance between evaluated points may be missed.
        executor: measure points on the threads, processes or machines of any concurrent.futures.Executor or of a
            dask.distributed.Client; by default in this process. An objective whose `source` is set is made anew on each
            worker by its factory, and must be the same one; any other is pickled, with its data, once for each.
        progress: show an estimate and a bar on stderr if the sweep takes longer than about a second.
        report: answer "is my plot right?" in the attribute `report`: what can be said within half a second or a fifth
            of the sweep's seconds, whichever is more, and what the rest would cost; "full" for all of it.

    Raises:
        ValueError: labels, sizes, dtypes, quantities or tolerance do not fit, or the executor takes no work.
        TypeError: the executor is none.
        WorkerError: the executor's workers are gone, or make another objective; what a store has got is kept.
        StoreError: the store holds another sweep, is damaged, or its disk is full.
    """
    if executor is not None:
        refuse_unfit_executor(executor)
    if chunk_size is not None:
        if not isinstance(chunk_size, int) or isinstance(chunk_size, bool) or chunk_size < 1:
            raise ValueError(f"expected a whole chunk_size of at least 1; got {chunk_size!r}")
        # No store holds more points.
        chunk_size = min(chunk_size, MOST_POINTS)
    if report not in (True, False, "full"):
        raise ValueError(f'expected report to be True, False or "full"; got {report!r}')
    store = None if store is None else Path(store)
    wanted = read_quantities(kept_quantities(quantities, store))
    _refuse_too_many(grid)
    check_tolerance(tolerance, wanted, grid)
    job = read_job(objective, plane, grid, wanted, device, dtype)
    with undisturbed(job.objective.device):
        if store is not None:
            run = Run(job, tolerance, chunk_size, progress, stored=True, executor=executor)
            return swept_into(store, run, checkpoints, report=report)
        landscape = swept(Run(job, tolerance, chunk_size, progress, executor=executor))
        landscape.attrs.update(conclusions(job, landscape, checkpoints, report=report))
        return landscape


@checked_but("quantities", "dtype", "device")
def estimate(
    objective: Objective,
    plane: Plane | Sequence[Plane],
    grid: Grid,
    *,
    quantities: Sequence[Asked] = LOSS,
    device: torch.device | str | None = None,
    dtype: torch.dtype | None = None,
) -> Plan:
    """Return how `sweep` would evaluate these points, and about how long it would take; arguments as there."""
    job = read_job(objective, plane, grid, read_quantities(quantities), device, dtype)
    with undisturbed(job.objective.device):
        return plan(job.objective, job.plane, job.wanted, job.points, low=job.low, always=True)


def _refuse_too_many(grid: Grid) -> None:
    """Refuse a grid whose coordinates and losses alone do not fit, before any of them is made."""
    needed, most = 8 * grid.size * (len(grid.labels) + 2), room(torch.device("cpu"))
    if needed > most:
        raise ValueError(
            f"expected a grid that fits into memory; {grid.size:,} points take at least {needed / (1 << 30):,.1f} GiB, "
            f"and {most / (1 << 30):.1f} GiB may be used: take fewer points"
        )
