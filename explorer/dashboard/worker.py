"""Worker: the one thread on which the pages' torch work is done, short answers before long ones.

One, because torch numbers its forward-mode levels per process, not per thread: two Hessians (or two terms with jvp) at
once fail in each other's levels. A process may stand behind the same three words: submit, a priority, wanted.
"""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass, field
from enum import IntEnum
from functools import wraps
from typing import Any, TypeVar

from flask import has_request_context, request

T = TypeVar("T")


class Priority(IntEnum):
    """What goes first."""

    SHORT = 0
    """Answers that somebody waits for with the finger on the mouse."""
    LONG = 1
    """Work in steps, between which the short answers are given; one at a time, in the order in which it came."""


class UnwantedError(Exception):
    """Nobody waits for this work any more: it was given up between two of its steps."""


def always() -> bool:
    """Somebody waits until it is done."""
    return True


@dataclass(frozen=True, eq=False)
class _Task:
    work: Callable[[], Any]
    wanted: Callable[[], bool]
    future: "Future[Any]" = field(default_factory=Future)

    def run(self) -> None:
        if not self.future.set_running_or_notify_cancel():
            return
        try:
            if not self.wanted():
                raise UnwantedError("nobody waits for this answer any more")
            self.future.set_result(self.work())
        except Exception as error:
            self.future.set_exception(error)
        # What would end a process is an error of this answer alone: a server that hears of nothing gives no answer.
        except BaseException as error:
            ended = RuntimeError(f"expected an answer; its work ended with {type(error).__name__}: {error}")
            self.future.set_exception(ended)


class Worker:
    """A thread of its own, begun with the first work and ended with the process, and two queues before it."""

    def __init__(self) -> None:
        self._come = threading.Condition()
        self._queues: dict[Priority, deque[_Task]] = {priority: deque() for priority in Priority}
        self._thread: threading.Thread | None = None
        self._long: _Task | None = None

    def submit(
        self, work: Callable[[], T], priority: Priority = Priority.SHORT, wanted: Callable[[], bool] = always
    ) -> "Future[T]":
        """Have work done; return its future.

        Args:
            work: what to do. Long work calls `pause` between its steps.
            priority: whether others may go before it, and in between.
            wanted: asked before it begins and at every pause; once it is false the future raises UnwantedError.
        """
        task = _Task(work, wanted)
        if threading.current_thread() is self._thread:
            # Work that asks for other work would wait for itself.
            task.run()
            return task.future
        with self._come:
            self._queues[priority].append(task)
            self._begin()
            self._come.notify()
        return task.future

    def pause(self) -> None:
        """Between two steps of long work: give all short answers that are waited for. Nothing happens elsewhere.

        Raises:
            UnwantedError: nobody waits for this work any more.
        """
        if threading.current_thread() is not self._thread or self._long is None:
            return
        long, self._long = self._long, None
        try:
            while (task := self._next(Priority.SHORT)) is not None:
                task.run()
        finally:
            self._long = long
        if not long.wanted():
            raise UnwantedError("nobody waits for this work any more")

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="page worker", daemon=True)
            self._thread.start()

    def _work(self) -> None:
        while True:
            with self._come:
                self._come.wait_for(lambda: any(self._queues.values()))
            if (task := self._next(Priority.SHORT)) is not None:
                task.run()
            elif (task := self._next(Priority.LONG)) is not None:
                self._long = task
                task.run()
                self._long = None

    def _next(self, priority: Priority) -> _Task | None:
        with self._come:
            return self._queues[priority].popleft() if self._queues[priority] else None


WORKER = Worker()
"""Of all pages of this process."""


def asker() -> Callable[[], bool]:
    """Return what tells whether who asked in this thread's request is still there."""
    gone = request.environ.get("waitress.client_disconnected") if has_request_context() else None
    return always if gone is None else lambda: not gone()


def on_worker(priority: Priority) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Return a decorator: the function's work is done by the worker, while its caller waits, and given up once whoever
    asked is gone."""

    def decorated(function: Callable[..., T]) -> Callable[..., T]:
        @wraps(function)
        def waiting(*given: Any) -> T:
            return WORKER.submit(lambda: function(*given), priority, asker()).result()

        return waiting

    return decorated


short, long = on_worker(Priority.SHORT), on_worker(Priority.LONG)
