"""Window: a bounded number of tasks in flight, each read and let go as soon as it is done."""

from collections import deque
from collections.abc import Iterable, Iterator
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
_BOOKKEEPING = 6e-3
"""Seconds that a task may keep the driver busy, twice over: with so much work for every worker in a task, a thousand
workers leave it idle half of the time."""
_WAIT = 1.0
"""Seconds to wait for a task before it is asked whether there are workers at all."""


class LostTaskError(Exception):
    """A task whose workers died, each time it was tried."""


class Crew(Protocol):
    """Workers of one kind of executor."""

    @property
    def workers(self) -> int:
        """How many there are."""

    def look(self) -> None:
        """Look at how many there are now. Raises WorkerError where nobody has been there for too long."""

    def submit(self, task: Task, done: "SimpleQueue[Any]") -> Any:
        """Send a task; its future comes into the queue when it is done."""

    def reply(self, future: Any, done: "SimpleQueue[Any]") -> Reply | None:
        """Return what came of a future that is done, or None if it comes into the queue once more.

        Raises:
            LostTaskError: its worker died, each time.
            WorkerError: no task can be done any more.
        """

    def drop(self, futures: Iterable[Any]) -> None:
        """Forget futures that nobody waits for any more."""


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
            while True:
                self._submit()
                if not self._pending:
                    break
                finished = self._finished()
                for future in finished:
                    yield from self._measured(future)
                if not finished:
                    yield None
        finally:
            self._crew.drop(self._pending)
        if self._broken is not None:
            raise self._broken

    def _submit(self) -> None:
        """Fill the window; not any more once the workers are known to be gone."""
        workers = max(1, self._crew.workers)
        seconds = max(_LEAST_SECONDS, _BOOKKEEPING * workers)
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

    def _measured(self, future: Any) -> Iterator[Measured]:
        task = self._pending[future]
        try:
            reply = self._crew.reply(future, self._done)
        except LostTaskError as lost:
            yield from self._lost(task, str(lost))
        except WorkerError as error:
            # Others may have come out, or still do.
            self._broken = self._broken or error
        else:
            if reply is None:
                return
            self._pace.learn(task.points, reply.seconds)
            yield from reply.measured
        del self._pending[future]

    def _lost(self, task: Task, reason: str) -> Iterator[Measured]:
        """Try a task's halves, or give its points up: it may have died beside one that kills its worker."""
        if task.chances > 0:
            self._again.extend(task.halves())
            return
        for piece in task.pieces:
            yield Measured(piece[:0], {}, piece, WorkerError(reason))
