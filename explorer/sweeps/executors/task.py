"""Task: what a worker does: it opens the parcel once a process, and measures pieces."""

import os
import pickle
import socket
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import torch

from explorer.errors import WorkerError
from explorer.numerics.turn import TURN
from explorer.sweeps.executors.parcel import Parcel, unpack
from explorer.sweeps.executors.recipe import Recipe
from explorer.sweeps.job import Indices
from explorer.sweeps.side_effects import undisturbed
from explorer.sweeps.workers import Measurable, Measured, arrays, salvaged

_LOADED = uuid.uuid4().hex
"""Of this process, and of those that it forks."""
HELD: dict[str, Recipe] = {}
"""Name of a parcel -> its recipe, in the process of the driver: its threads need no copy."""
DELIVERED: dict[str, Parcel] = {}
"""Name of a parcel -> the parcel, where it was brought to this process."""
_OPENED = 2
"""Parcels that a process keeps open: two sweeps may share their workers."""


@dataclass(frozen=True)
class Ticket:
    """What every task carries: which parcel, and how to measure."""

    name: str
    """Of the parcel."""
    path: str | None
    """The parcel's file; None where it is brought otherwise."""
    device: str
    threads: int
    """Of PyTorch, in a worker's process."""
    driver: str
    """Its process, whose settings are not touched."""
    factory_threads: int
    """Of PyTorch in the driver, with which the objective was made: a factory that trains sums in another order else."""
    default_dtype: torch.dtype
    matmul_precision: str


@dataclass(frozen=True)
class Reply:
    """What came of a task."""

    measured: tuple[Measured, ...]
    """One a piece."""
    seconds: float
    """That measuring took, without what is done once a process."""


def this_process() -> str:
    """Return what no other process, on whatever machine, returns."""
    return f"{_LOADED}-{os.getpid()}"


def work(ticket: Ticket, pieces: Sequence[Indices]) -> Reply:
    """Measure pieces of flat positions.

    Raises:
        WorkerError: the parcel is not there, or its objective cannot be made here, or is another one.
    """
    with TURN:
        if ticket.driver != this_process():
            # At each task: PyTorch keeps the number of its threads by thread.
            torch.set_num_threads(ticket.threads)
            torch.set_default_dtype(ticket.default_dtype)
            torch.set_float32_matmul_precision(ticket.matmul_precision)
            with undisturbed(torch.device(ticket.device)):
                return _measured(ticket, pieces)
        return _measured(ticket, pieces)


def _measured(ticket: Ticket, pieces: Sequence[Indices]) -> Reply:
    source = _opened(ticket)
    began = time.perf_counter()
    measured = tuple(_portable(salvaged(source, piece)) for piece in pieces)
    return Reply(measured, time.perf_counter() - began)


def forget(name: str) -> None:
    """Let go of a parcel, and of what was made of it."""
    HELD.pop(name, None)
    DELIVERED.pop(name, None)
    _source.cache_clear()


def _opened(ticket: Ticket) -> Measurable:
    try:
        # In a forked process a second thread of PyTorch's would wait for ever for those that were not forked.
        threads = torch.get_num_threads() if ticket.driver.startswith(_LOADED) else ticket.factory_threads
        return _source(ticket.name, ticket.path, ticket.device, threads)
    except WorkerError as error:
        raise WorkerError(f"{error} (on {_here()})") from None
    except Exception as error:
        raise WorkerError(
            f"expected a worker that evaluates on {ticket.device}; got {type(error).__name__}: {error} (on {_here()})"
        ) from error


@lru_cache(maxsize=_OPENED)
def _source(name: str, path: str | None, device: str, threads: int) -> Measurable:
    where = torch.device(device)
    recipe = HELD[name] if name in HELD else _unpacked(_parcel(name, path), where, threads)
    return recipe.source(where)


def _unpacked(parcel: Parcel, device: torch.device, threads: int) -> Recipe:
    own = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        return unpack(parcel, device)
    finally:
        torch.set_num_threads(own)


def _parcel(name: str, path: str | None) -> Parcel:
    if name in DELIVERED:
        return DELIVERED[name]
    try:
        parcel = Parcel(Path(str(path)).read_bytes())
    except OSError as error:
        raise WorkerError(
            f"expected a worker that sees the driver's file {path}; got {error}: set TMPDIR to a folder that all "
            "share, or give a dask.distributed.Client"
        ) from None
    # What is unpickled runs: it must be what the driver wrote.
    if parcel.name != name:
        raise WorkerError(f"expected the driver's file at {path}; got another one")
    return parcel


def _portable(measured: Measured) -> Measured:
    """Return the same as arrays, with an error that the driver can read: one that cannot be unpickled breaks a pool."""
    error = measured.error
    try:
        pickle.loads(pickle.dumps(error))
    except Exception:
        error = RuntimeError(measured.reason)
    return replace(measured, fields=arrays(measured.fields), error=error)


def _here() -> str:
    return f"{socket.gethostname()}, process {os.getpid()}"
