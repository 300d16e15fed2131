"""Which executors are taken; told before anything is computed."""

import os
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import TYPE_CHECKING, Any, Union

import torch

if TYPE_CHECKING:
    from distributed import Client

AnyExecutor = Union[Executor, "Client"]


def is_dask(executor: object) -> bool:
    """Return whether this is a dask.distributed.Client, without importing Dask for everyone."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(executor, distributed.Client)


def refuse_unfit_executor(executor: Any, device: torch.device | None = None) -> None:
    """Do nothing if points can be measured on an executor.

    Args:
        executor: a concurrent.futures.Executor or a dask.distributed.Client.
        device: where they would be measured without one, if that is known yet.

    Raises:
        TypeError: it is neither.
        ValueError: it is shut down or broken, or an asynchronous client, or forks processes that are to use CUDA.
    """
    if is_dask(executor):
        _refuse_client(executor)
    elif isinstance(executor, Executor):
        _refuse_pool(executor, device)
    else:
        raise TypeError(
            "expected a concurrent.futures.Executor or a dask.distributed.Client as executor; got "
            f"{type(executor).__name__}"
        )


def workers_of(executor: AnyExecutor) -> int:
    """Return how many workers an executor has now; at least 1."""
    if isinstance(executor, Executor):
        return int(getattr(executor, "_max_workers", None) or os.cpu_count() or 1)
    return max(1, len(executor.scheduler_info(n_workers=-1)["workers"]))


def _refuse_client(client: Any) -> None:
    if client.status != "running":
        raise ValueError(f"expected a connected dask.distributed.Client; got one that is {client.status}")
    if client.asynchronous:
        raise ValueError("expected a dask.distributed.Client with asynchronous=False; got an asynchronous one")


def _refuse_pool(executor: Executor, device: torch.device | None) -> None:
    if device is not None and device.type == "cuda" and _forks(executor):
        raise ValueError(
            f"expected a ProcessPoolExecutor that spawns its processes, as points are measured on {device}; got one "
            'that forks them, where CUDA does not work: give mp_context=multiprocessing.get_context("spawn")'
        )
    try:
        # Nobody waits for it; what it is for is the refusal.
        executor.submit(os.getpid)
    except RuntimeError as error:
        raise ValueError(f"expected an executor that takes work; got one that does not: {error}") from None


def _forks(executor: Executor) -> bool:
    # There is no public way to ask.
    context = getattr(executor, "_mp_context", None) if isinstance(executor, ProcessPoolExecutor) else None
    return context is not None and context.get_start_method() == "fork"
