"""Which executors are taken; told before anything is computed."""

import os
import sys
from concurrent.futures import Executor, ProcessPoolExecutor
from typing import Any


def is_dask(executor: object) -> bool:
    """Return whether this is a dask.distributed.Client, without importing Dask for everyone."""
    distributed = sys.modules.get("distributed")
    return distributed is not None and isinstance(executor, distributed.Client)


def refuse_unfit_executor(executor: Any) -> None:
    """Do nothing if points can be measured on an executor.

    Raises:
        TypeError: it is none.
        ValueError: it is shut down or broken, or forks its processes, or is an asynchronous client.
    """
    if is_dask(executor):
        _refuse_client(executor)
    elif isinstance(executor, Executor):
        _refuse_pool(executor)
    else:
        raise TypeError(
            "expected a concurrent.futures.Executor or a dask.distributed.Client as executor; got "
            f"{type(executor).__name__}"
        )


def _refuse_client(client: Any) -> None:
    if client.status != "running":
        raise ValueError(f"expected a connected dask.distributed.Client; got one that is {client.status}")
    if client.asynchronous:
        raise ValueError("expected a dask.distributed.Client with asynchronous=False; got an asynchronous one")


def _refuse_pool(executor: Executor) -> None:
    if isinstance(executor, ProcessPoolExecutor) and _forks(executor):
        raise ValueError(
            "expected a ProcessPoolExecutor that spawns its processes; got one that forks them, and what PyTorch's "
            'threads hold is then held for ever: give mp_context=multiprocessing.get_context("spawn")'
        )
    try:
        # Nobody waits for it; what it is for is the refusal.
        executor.submit(os.getpid)
    except RuntimeError as error:
        raise ValueError(f"expected an executor that takes work; got one that does not: {error}") from None


def _forks(executor: ProcessPoolExecutor) -> bool:
    # There is no public way to ask.
    context = getattr(executor, "_mp_context", None)
    return context is not None and context.get_start_method() == "fork"
