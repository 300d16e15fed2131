"""Crews: an executor becomes a measure, as long as a context lasts."""

import uuid
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

import torch

from explorer.sweeps.executors.admitted import AnyExecutor, is_dask, refuse_unfit_executor
from explorer.sweeps.executors.grouping import Pace
from explorer.sweeps.executors.parcel import pack
from explorer.sweeps.executors.pool import Pool, parcel_file
from explorer.sweeps.executors.recipe import Recipe
from explorer.sweeps.executors.task import HELD, Ticket, forget, this_process
from explorer.sweeps.executors.window import Crew, Window
from explorer.sweeps.workers import Measure


@contextmanager
def on(
    executor: AnyExecutor,
    recipe: Recipe,
    *,
    ahead: int | None = None,
    threads: int | None = None,
    patience: float | None = None,
) -> Iterator[Measure]:
    """Yield the measure of a recipe by an executor's workers: pieces of flat positions -> what came of them.

    The recipe is sent once to each process. A task is half a second of work or more; results come in any order. What
    kills its worker each time comes out as points with an error.

    Args:
        executor: a concurrent.futures.Executor, or a dask.distributed.Client.
        recipe: what to measure.
        ahead: tasks in flight; two for each worker by default.
        threads: of PyTorch in each worker's process; by default 1 in a pool, whose processes share the machine, and as
            many as a Dask worker has itself.
        patience: seconds without any Dask worker before that is an error; by default ten minutes, or what Dask's
            distributed.scheduler.no-workers-timeout says.

    Raises:
        TypeError, ValueError: the executor is none or takes no work, or the recipe cannot be sent.
        WorkerError: of the measure: workers are gone, or cannot make the objective; what came out comes before it.
    """
    refuse_unfit_executor(executor, recipe.device)
    with _crew(executor, recipe, threads, patience) as crew:
        yield Window(crew, Pace(recipe.seconds_each), recipe.chunk, ahead)


@contextmanager
def _crew(executor: Any, recipe: Recipe, threads: int | None, patience: float | None) -> Iterator[Crew]:
    if isinstance(executor, ThreadPoolExecutor):
        with _held(recipe) as name:
            yield Pool(executor, ticket_of(recipe, name, threads=threads))
        return
    parcel = pack(recipe)
    if not is_dask(executor):
        with parcel_file(parcel) as path:
            yield Pool(executor, ticket_of(recipe, parcel.name, path=str(path), threads=threads))
        return
    from explorer.sweeps.executors.dask_client import Cluster, delivered

    with delivered(executor, parcel):
        # Which of its GPUs a worker uses is its own to say.
        ticket = ticket_of(recipe, parcel.name, device=recipe.device.type)
        yield Cluster(executor, ticket, patience, threads)


@contextmanager
def _held(recipe: Recipe) -> Iterator[str]:
    name = uuid.uuid4().hex
    HELD[name] = recipe
    try:
        yield name
    finally:
        forget(name)


def ticket_of(
    recipe: Recipe, name: str, *, path: str | None = None, device: str | None = None, threads: int | None = None
) -> Ticket:
    """Return what the tasks of a parcel carry; by default for the recipe's own device, and one thread."""
    return Ticket(
        name=name,
        path=path,
        device=device or str(recipe.device),
        threads=threads or 1,
        driver=this_process(),
        factory_threads=torch.get_num_threads(),
        default_dtype=torch.get_default_dtype(),
        matmul_precision=torch.get_float32_matmul_precision(),
    )
