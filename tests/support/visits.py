"""Generators that yield positions and are sent losses, driven by a function that knows them."""

from collections.abc import Callable, Generator
from typing import Any


def driven(visits: Generator[Any, Any, Any], loss_at: Callable[[Any], Any]) -> Any:
    """Answer what the visits ask for; return what they come to."""
    losses = None
    while True:
        try:
            losses = loss_at(visits.send(losses))
        except StopIteration as stop:
            return stop.value
