"""Turn: threads of a process compute one after the other."""

import functools
import threading
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")

TURN = threading.RLock()
"""Held while a model is evaluated, transformed or traced. PyTorch numbers the levels of forward-mode derivatives by
process, not by thread, so two at once fail in each other's, or crash; tracing patches modules for all threads; and a
model is called with other tensors in it for a moment. Held for one step of long work at a time, and never while waiting
for another thread."""


def in_turn(function: Callable[P, T]) -> Callable[P, T]:
    """Return the function, made to hold the turn while it runs."""

    @functools.wraps(function)
    def taking(*given: P.args, **named: P.kwargs) -> T:
        with TURN:
            return function(*given, **named)

    return taking
