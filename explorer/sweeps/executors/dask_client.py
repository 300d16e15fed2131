"""Dask: the workers of a dask.distributed cluster, on this machine or on many."""

import pickle
import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from queue import SimpleQueue
from typing import Any

import dask
import torch
from dask.utils import parse_timedelta
from distributed import KilledWorker, WorkerPlugin, get_worker

from explorer.errors import WorkerError
from explorer.sweeps.executors.grouping import Task
from explorer.sweeps.executors.parcel import Parcel
from explorer.sweeps.executors.task import DELIVERED, Reply, Ticket, forget, work
from explorer.sweeps.executors.window import Came, LostTaskError

GPU = "GPU"
"""The resource that a worker offers which has a GPU: dask worker --resources GPU=1."""
_PATIENCE = 600.0
"""Seconds without any worker; Dask's own distributed.scheduler.no-workers-timeout where that is set."""
_LOOK = 5.0
"""Seconds between two looks at the cluster."""
_LOST = 5.0
"""Seconds to wait for results that are told to be there: one is computed again if its worker died meanwhile."""

_DELIVERIES, _PAUSE = 5, 1.0
"""How often a parcel is brought to all workers, while some of them die, and seconds between."""


class Cluster:
    """The workers that a client reaches; only those with a GPU where there are any.

    Args:
        client: connected.
        ticket: what a task is for.
        patience: seconds without any worker before that is an error.
        threads: of PyTorch in each worker; as many as the worker has itself where None.
    """

    def __init__(self, client: Any, ticket: Ticket, patience: float | None, threads: int | None) -> None:
        self._client, self._ticket, self._threads = client, ticket, threads
        self._patience = _patience() if patience is None else patience
        self._prefix, self._sent = f"explorer-{uuid.uuid4().hex[:8]}", 0
        self._seen = time.monotonic()
        self.workers, self._gpus = 0, False
        self._looked = float("-inf")
        self.look()

    def look(self) -> None:
        """See how many workers there are, from time to time. Raises WorkerError: none for too long, or no scheduler."""
        now = time.monotonic()
        if now - self._looked < min(_LOOK, self._patience / 4):
            return
        self._looked = now
        workers = self._known().values()
        with_gpu = sum(each["resources"].get(GPU, 0) > 0 for each in workers)
        # Where one was there, others will come: a task is not to run without because its worker is just being replaced.
        self._gpus = self._gpus or with_gpu > 0
        self.workers = with_gpu if self._gpus else len(workers)
        if self.workers:
            self._seen = now
        elif now - self._seen > self._patience:
            # Whoever calls again may wait again.
            waited, self._seen = now - self._seen, now
            what = f"workers that offer the resource {GPU}" if self._gpus else "workers"
            raise WorkerError(
                f"expected {what} on the cluster of {self._client.scheduler.address}; there have been none for "
                f"{waited:.0f} s. What came out is kept: start workers and call again"
            )

    def submit(self, task: Task, done: "SimpleQueue[Any]") -> Any:
        """Send a task. Raises WorkerError if the connection is gone."""
        self._sent += 1
        key, resources = f"{self._prefix}-{self._sent}", {GPU: 1} if self._gpus else None
        given = pickle.dumps((self._ticket, self._threads, task.pieces))
        try:
            future = self._client.submit(_RUN, given, key=key, pure=False, resources=resources)
        except Exception as error:
            raise WorkerError(_gone(f"{type(error).__name__}: {error}")) from error
        future.add_done_callback(done.put)
        return future

    def replies(self, futures: Sequence[Any], done: "SimpleQueue[Any]") -> Iterator[tuple[Any, Came]]:
        """Yield (future, what came of it), all results by one question to the scheduler."""
        read = self._read([future for future in futures if future.status == "finished"])
        for future in futures:
            reply = read.get(future.key)
            if reply is not None:
                future.release()
                yield future, reply
            elif future.status in ("finished", "pending"):
                # Its result was lost with its worker, and is computed again.
                future.add_done_callback(done.put)
                yield future, None
            else:
                yield future, _failed(future)

    def _read(self, futures: Sequence[Any]) -> dict[str, Reply]:
        """Return key -> reply of those that can be read now."""
        if not futures:
            return {}
        named = {future.key: future for future in futures}
        # A result is waited for if its worker has just died, with all that are asked for together.
        with suppress(TimeoutError):
            found = self._client.sync(
                lambda: self._client.gather(named, errors="skip", asynchronous=True), callback_timeout=_LOST
            )
            return {key: reply for key, reply in found.items() if reply is not None}
        return {}

    def drop(self, futures: Iterable[Any]) -> None:
        """Cancel what nobody waits for."""
        left = list(futures)
        if left and self._client.status == "running":
            self._client.cancel(left)

    def _known(self) -> dict[str, Any]:
        try:
            known: dict[str, Any] = self._client.scheduler_info(n_workers=-1)["workers"]
        except Exception as error:
            raise WorkerError(_gone(f"{type(error).__name__}: {error}")) from error
        return known


@contextmanager
def delivered(client: Any, parcel: Parcel) -> Iterator[None]:
    """Bring a parcel to every worker, once, also to those that come later, as long as the context lasts."""
    # A name of its own, so that two drivers with the same parcel do not take it from each other.
    name = f"explorer-{parcel.name[:16]}-{uuid.uuid4().hex[:8]}"
    _deliver(client, _Delivery(parcel), name)
    try:
        yield
    finally:
        # A worker that is dying does not answer; nor does a scheduler that is gone.
        with suppress(Exception):
            client.unregister_worker_plugin(name)


def _deliver(client: Any, delivery: "_Delivery", name: str) -> None:
    for left in reversed(range(_DELIVERIES)):
        try:
            client.register_plugin(delivery, name=name)
        except OSError as error:
            # A worker died just then: all others may still have to hear of it.
            if not left:
                raise WorkerError(_gone(f"{type(error).__name__}: {error}")) from error
            time.sleep(_PAUSE)
        # Whatever a worker's own Python has to say.
        except Exception as error:
            raise WorkerError(
                f"expected workers that can take a sweep; one of them raised {type(error).__name__}: {error}: install "
                "landscape-explorer where workers run, the version of the driver"
            ) from error
        else:
            return


class _Delivery(WorkerPlugin):
    """Kept by the scheduler, and handed to each worker when that starts: it outlives any of them, as data on workers
    does not."""

    def __init__(self, parcel: Parcel) -> None:
        self.parcel = parcel

    def setup(self, worker: Any) -> None:
        """Keep the parcel in the worker's process."""
        DELIVERED[self.parcel.name] = self.parcel

    def teardown(self, worker: Any) -> None:
        """Let it go."""
        forget(self.parcel.name)


def work_on_dask(ticket: Ticket, threads: int | None, pieces: tuple[Any, ...]) -> Reply:
    """Measure pieces with the device and the threads of the worker that this runs on. Raises WorkerError as `work`."""
    state = get_worker().state
    device = "cuda" if state.total_resources.get(GPU, 0) > 0 and torch.cuda.is_available() else ticket.device
    return work(replace(ticket, device=device, threads=threads or state.nthreads), pieces)


def _passed_on() -> Callable[[bytes], Any]:
    """Return the function of all tasks; as it is made within another one, its code travels with it, and the scheduler,
    which unpickles what it passes on, needs neither this package nor PyTorch."""

    def run(given: bytes) -> Any:
        import pickle
        from importlib import import_module

        here = import_module("explorer.sweeps.executors.dask_client")
        return here.work_on_dask(*pickle.loads(given))

    return run


_RUN = _passed_on()


def _patience() -> float:
    own = dask.config.get("distributed.scheduler.no-workers-timeout")
    return _PATIENCE if own is None else float(parse_timedelta(own))


def _failed(future: Any) -> LostTaskError | WorkerError:
    if future.status != "error":
        return WorkerError(_gone(f"a task that is {future.status}"))
    error = future.exception()
    if isinstance(error, KilledWorker):
        return LostTaskError(f"its worker died each time, {error.allowed_failures + 1} times in all")
    if isinstance(error, WorkerError):
        return error
    return WorkerError(
        f"expected a cluster that can run a task; got {type(error).__name__}: {error}: install landscape-explorer "
        "where workers run, and Dask there and at the scheduler, the versions of the driver"
    )


def _gone(what: str) -> str:
    return f"expected a connection to Dask's scheduler; got {what}. What came out is kept: connect and call again"
