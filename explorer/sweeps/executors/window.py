"""Window: a bounded number of tasks in flight, each read and let go as soon as it is done."""

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any, Protocol

from explorer.errors import WorkerError
from explorer.sweeps.executors.grouping import Pace, Task, Tasks
from explorer.sweeps.executors.task import Reply
from explorer.sweeps.job import Indices
from explorer.sweeps.workers import Measured

_LEAST_SECONDS = 0.5
"""Of work in a task: sending it, some milliseconds, then costs 1 %."""
_BOOKKEEPING = 10e-3
"""Seconds of work in a task for each worker there is: some times what the driver takes for a task (docs/cluster.md)."""
_WAIT = 1.0
"""Seconds to wait for a task before it is asked whether there are workers at all."""


class LostTaskError(Exception):
    """A task whose workers died, each time it was tried."""


Came = Reply | LostTaskError | WorkerError | None
"""What came of a task: None if that is going to come once more; a WorkerError if no task can be done any more."""


class Crew(Protocol):
    """Workers of one kind of executor."""

    @property
    def workers(self) -> int:
        """How many there are."""

    def look(self) -> None:
        """Look at how many there are now. Raises WorkerError where nobody has been there for too long."""

    def submit(self, task: Task, done: "SimpleQueue[Any]") -> Any:
        """Send a task; its future comes into the queue when it is done. Raises WorkerError if it cannot be sent."""

    def replies(self, futures: Sequence[Any], done: "SimpleQueue[Any]") -> Iterable[tuple[Any, Came]]:
        """Yield (future, what came of it) of all that are done, and let them go."""

    def drop(self, futures: Iterable[Any]) -> None:
        """Forget futures that nobody waits for any more."""


def task_seconds(workers: int) -> float:
    """Return how long a task should last, so that the driver keeps up with so many workers."""
    return max(_LEAST_SECONDS, _BOOKKEEPING * workers)


class Window:
    """Measures pieces by a crew, a bounded number of tasks at a time.

    Args:
        crew: the workers.
        pace: of the points, kept from call to call.
        chunk: points that are measured at once.
        ahead: tasks in flight; two for each worker where None, so that none waits for the driver.
    """

    def __init__(self, crew: Crew, pace: Pace, chunk: int, ahead: int | None = None) -> None:
        self._crew, self._pace, self._chunk, self._ahead = crew, pace, chunk, ahead

    def __call__(self, pieces: Iterable[Indices]) -> Iterator[Measured | None]:
        """Yield what came of each piece, or of each part of it, in any order; None while nothing comes.

        Raises:
            WorkerError: the workers are gone, or evaluate something else; everything that was done comes before it.
        """
        self._tasks, self._again = Tasks(pieces, self._pace, self._chunk), deque[Task]()
        self._pending: dict[Any, Task] = {}
        self._broken: WorkerError | None = None
        self._done: SimpleQueue[Any] = SimpleQueue()
        try:
            self._submit()
            while self._pending:
                finished = self._finished()
                replies = self._crew.replies(finished, self._done)
                measured = [part for future, came in replies for part in self._measured(future, came)]
                # Before anybody takes the time to keep what came.
                self._submit()
                yield from measured or (None,)
        finally:
            self._crew.drop(self._pending)
        if self._broken is not None:
            raise self._broken

    def _submit(self) -> None:
        """Fill the window; not any more once the workers are known to be gone."""
        workers = max(1, self._crew.workers)
        seconds = task_seconds(workers)
        while self._broken is None and len(self._pending) < (self._ahead or 2 * workers):
            task = self._again.popleft() if self._again else self._tasks.take(seconds)
            if task is None:
                return
            try:
                self._pending[self._crew.submit(task, self._done)] = task
            except WorkerError as error:
                self._broken = error

    def _finished(self) -> list[Any]:
        """Wait for a future, and take those that are done as well; none after a while."""
        futures = []
        with suppress(Empty):
            futures.append(self._done.get(timeout=_WAIT))
            while True:
                futures.append(self._done.get_nowait())
        self._crew.look()
        return futures

    def _measured(self, future: Any, came: Came) -> Sequence[Measured]:
        if came is None:
            return ()
        task = self._pending.pop(future)
        if isinstance(came, LostTaskError):
            return self._lost(task, str(came))
        if isinstance(came, WorkerError):
            # Others may have come out, or still do.
            self._broken = self._broken or came
            return ()
        self._pace.learn(task.points, came.seconds)
        return came.measured

    def _lost(self, task: Task, reason: str) -> Sequence[Measured]:
        """Try a task's halves, or give its points up: it may have died beside one that kills its worker."""
        if task.chances > 0:
            self._again.extend(task.halves())
            return ()
        return [Measured(piece[:0], {}, piece, WorkerError(reason)) for piece in task.pieces]
