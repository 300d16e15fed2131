"""Basin maps: descents from every point of a grid at once, and what became of each."""

import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager, closing, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr
from torch import Tensor, optim

from explorer.descent.basin_map.dataset import basin_dataset
from explorer.descent.basin_map.elementwise import refuse_joint
from explorer.descent.basin_map.labels import labelled
from explorer.descent.basin_map.recipe import WalksRecipe
from explorer.descent.basin_map.starts import Starts
from explorer.descent.basin_map.stored_map import StoredMap
from explorer.descent.basin_map.walks import Walks
from explorer.descent.optimizers import method_of
from explorer.grid import Grid
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities import read_quantities
from explorer.signature import checked
from explorer.sweeps.executors import AnyExecutor, on, refuse_unfit_executor
from explorer.sweeps.failures import tell_failures
from explorer.sweeps.filling import fill
from explorer.sweeps.job import read_job
from explorer.sweeps.keep import Keep
from explorer.sweeps.progress import announced
from explorer.sweeps.provenance import Attributes
from explorer.sweeps.visits import everywhere
from explorer.sweeps.workers import Measure
from explorer.warned import warn


@checked
def basins(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    optimizer: str | type[optim.Optimizer] = "gd",
    lr: float | Sequence[float] = 0.1,
    steps: int = 200,
    options: Mapping[str, Any] | None = None,
    tolerance: float = 1e-8,
    *,
    minima: Sequence[Tensor] | None = None,
    chunk_size: int | None = None,
    stop: Callable[[], bool] = lambda: False,
    store: str | Path | None = None,
    executor: AnyExecutor | None = None,
    progress: bool = True,
) -> xr.Dataset:
    """Descend from every point of the grid at once, and return what became of each start.

    Every start is walked as `torch.optim`'s own class walks it alone, in all of theta: with P > K the path leaves the
    plane. Variables, each over the grid's labels (and "lr", where there are several rates): `final_loss`; `final`
    (direction), the coordinates reached, and `offset`, the distance of that place from the plane;
    `steps_to_tolerance`, the first step from which the loss stays within the tolerance of where it ends, -1 where the
    last step still changed it by more, or the path diverged; `diverged`, whether theta, loss or gradient stopped being
    finite (the path ends there); `minimum`, which one was reached, an index into the attribute `minima`, -1 for none;
    `status`, 0 where it was not computed. The attribute `minima` is a JSON list of {"theta", "loss"}, ascending by
    loss; the other attributes are a landscape's.

    Args:
        objective: theta -> scalar.
        plane, grid: where the starts lie.
        optimizer: "gd", "momentum", "rmsprop", "adam", or any other of `descend` that treats every entry by itself.
        lr: the learning rate, or several, which become the last dimension "lr".
        steps: to take from every start.
        options: further arguments of the class, over those that the name stands for.
        tolerance: of the loss; a minimum counts as reached from sqrt(tolerance) above it.
        minima: thetas [P] of the minima, where they are known (the index is then theirs); by default they are found by
            polishing where descents have settled.
        chunk_size: starts walked at once. Results agree up to rounding.
        stop: asked after every step, on an executor every second; once it is true what was not finished is left out,
            with status 0. An interrupt from the keyboard does the same, with a warning.
        store: folder to write the map to, chunk by chunk: a map that was stopped or killed goes on where it was when
            it is made again with the same words. Descents are labelled there when all of them are done.
        executor: as of `sweep`.
        progress: show an estimate and a bar on stderr if it takes longer than about a second.

    Raises:
        ValueError: labels, sizes, dtypes, optimizer, rates, options, steps, tolerance or executor do not fit.
        TypeError: the executor is none.
        WorkerError: the executor's workers are gone, or make another objective.
        StoreError: the store holds something else, is damaged, or its disk is full.
    """
    if executor is not None:
        refuse_unfit_executor(executor)
    starts = read_starts(objective, plane, grid, optimizer, lr, steps, options, tolerance)
    began = time.perf_counter()
    walks = Walks(starts, minima, chunk_size)
    stored = None if store is None else StoredMap(Path(store), walks)
    if stored is not None and stored.finished:
        return stored.conclude()
    in_memory = labelled(walks)
    keep: Keep = in_memory if stored is None else stored.keep
    before = int(np.count_nonzero(keep.status))
    try:
        with (
            _measuring(walks, minima, executor) as measure,
            announced(starts.size, walks.seconds, walks.text, done=before, progress=progress) as bar,
            closing(fill(everywhere(starts.order), keep, measure)) as filling,
        ):
            for points in filling:
                bar.update(points)
                if stop():
                    break
    except KeyboardInterrupt:
        done = int(np.count_nonzero(keep.status))
        warn(f"interrupted with {done:,} of {starts.size:,} starts done: the others have status 0")
    seconds = time.perf_counter() - began
    if keep.error is not None:
        tell_failures(keep.status, keep.error)
    if stored is not None:
        return stored.conclude(seconds)
    how: Attributes = {"strategy": walks.name, "chunk_size": walks.chunk, "seconds": seconds}
    return basin_dataset(starts, in_memory.fields, in_memory.status, walks.minima, how)


def _measuring(
    walks: Walks, minima: Sequence[Tensor] | None, executor: AnyExecutor | None
) -> AbstractContextManager[Measure]:
    return nullcontext(walks.measure) if executor is None else on(executor, WalksRecipe.of(walks, minima))


def read_starts(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    optimizer: str | type[optim.Optimizer],
    lr: float | Sequence[float],
    steps: int,
    options: Mapping[str, Any] | None,
    tolerance: float,
) -> Starts:
    """Return the starts; arguments and errors as in `basins`."""
    method = method_of(optimizer)
    several = list(lr) if isinstance(lr, Iterable) else None
    rates = tuple(map(float, [lr] if several is None else several))  # type: ignore[arg-type]
    if not rates or len(set(rates)) != len(rates) or not np.isfinite(rates).all():
        raise ValueError(f"expected a finite learning rate, or several different ones; got {lr!r}")
    if steps < 0 or not tolerance > 0:
        raise ValueError(f"expected steps of at least 0 and a tolerance above 0; got {steps} and {tolerance}")
    for rate in rates:
        refuse_joint(method, rate, options or {})
    job = read_job(objective, plane, grid, read_quantities(("loss",)), None, None)
    return Starts(job, method, dict(options or {}), rates, several is not None, steps, tolerance)
