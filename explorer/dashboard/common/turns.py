"""Turns: one request evaluates at a time; a long one lets the short ones in between its steps."""

import threading
from collections.abc import Callable
from functools import wraps
from types import TracebackType
from typing import Any


class Turns:
    """A lock, taken by `with`, whose holder can give way to those that wait for it."""

    def __init__(self) -> None:
        self._change = threading.Condition()
        self._taken = False
        self._waiting = 0

    def __enter__(self) -> None:
        with self._change:
            self._waiting += 1
            self._change.wait_for(lambda: not self._taken)
            self._waiting -= 1
            self._taken = True

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, at: TracebackType | None) -> None:
        with self._change:
            self._taken = False
            self._change.notify_all()

    def give_way(self) -> None:
        """Let all in who wait, and go on when none waits any more. Only the holder may call it."""
        with self._change:
            if not self._waiting:
                return
            self._taken = False
            self._change.notify_all()
            self._change.wait_for(lambda: not self._taken and not self._waiting)
            self._taken = True


TORCH = Turns()
"""Held by whoever evaluates."""


def alone(answer: Callable[..., Any]) -> Callable[..., Any]:
    """Let one request at a time evaluate: torch numbers its forward-mode levels per process, not per thread, so that
    two Hessians (or two terms with jvp) at once fail in each other's levels."""

    @wraps(answer)
    def locked(*given: Any) -> Any:
        with TORCH:
            return answer(*given)

    return locked
