"""States of the lesson's page, for tests that need one and not its address."""

from dataclasses import replace
from typing import Any

from experiments import STUDIES
from explorer.dashboard.lesson.state import State, start


def lesson_state(**fields: Any) -> State:
    """The state that the page opens with, but for these fields."""
    return replace(start(STUDIES), **fields)
