"""Tasks and the window they go through: every point once, bounded, let go when read; what is lost, tried and told."""

import itertools
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from queue import SimpleQueue
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explorer.errors import WorkerError
from explorer.sweeps.executors.grouping import Pace, Task, Tasks
from explorer.sweeps.executors.task import Reply
from explorer.sweeps.executors.window import LostTaskError, Window
from explorer.sweeps.workers import Measured

EACH = 1e-3
"""Seconds that a point of these crews is said to take."""


def all_tasks(tasks: Tasks, seconds: float) -> list[Task]:
    return list(iter(lambda: tasks.take(seconds), None))


@given(
    st.lists(st.integers(0, 400), max_size=12),
    st.sampled_from([0.0, 1e-4, 1e-3, 0.1, 10.0]),
    st.integers(1, 64),
)
def test_tasks_hold_every_point_once_in_order_and_last_long_enough(sizes: list[int], each: float, chunk: int) -> None:
    ends = np.cumsum([0, *sizes])
    pieces = [np.arange(first, after) for first, after in itertools.pairwise(ends)]
    wanted = Pace(each).points(0.5, chunk)
    tasks = all_tasks(Tasks(pieces, Pace(each), chunk), 0.5)
    found = [point for task in tasks for piece in task.pieces for point in piece]
    assert found == list(range(ends[-1]))
    assert all(task.points >= wanted for task in tasks[:-1])
    # A piece may be half as long again, and the one before it have left a point.
    assert all(task.points <= 2.5 * wanted for task in tasks)
    assert wanted % chunk == 0
    assert wanted * each >= 0.5 or not each
    # No piece is longer than it was given.
    assert all(len(piece) <= max(sizes) for task in tasks for piece in task.pieces)


def test_the_pace_follows_the_newest_tasks() -> None:
    pace = Pace(0.0)
    pace.learn(10, 1.0)
    assert pace.each == pytest.approx(0.1)
    for _ in range(30):
        pace.learn(10, 5.0)
    assert pace.each == pytest.approx(0.5, rel=1e-2)


def test_halves_have_all_points_and_a_chance_less() -> None:
    for pieces in ((np.arange(5),), (np.arange(2), np.arange(3), np.arange(4)), (np.arange(1),)):
        halves = Task(pieces).halves()
        assert sum(half.points for half in halves) == Task(pieces).points
        assert {half.chances for half in halves} == {0}


class Crew:
    """Workers that finish the oldest task when somebody looks, and die of some points.

    Args:
        workers: how many there are.
        deadly: points that kill a worker each time.
        breaks: after so many tasks no more can be done.
    """

    def __init__(self, workers: int = 2, deadly: frozenset[int] = frozenset(), breaks: int | None = None) -> None:
        self.workers, self.deadly, self.breaks = workers, deadly, breaks
        self.flying: dict[int, Task] = {}
        self.most = self.sent = 0
        self.dropped: list[int] = []
        self.again: set[int] = set()

    def look(self) -> None: ...

    def submit(self, task: Task, done: "SimpleQueue[Any]") -> int:
        if self.breaks is not None and self.sent >= self.breaks:
            raise WorkerError("no more")
        self.sent += 1
        self.flying[self.sent] = task
        self.most = max(self.most, len(self.flying))
        done.put(self.sent)
        return self.sent

    def replies(self, futures: Sequence[int], done: "SimpleQueue[Any]") -> Iterator[tuple[int, Any]]:
        for future in futures:
            if future in self.again:
                self.again.remove(future)
                done.put(future)
                yield future, None
                continue
            task = self.flying.pop(future)
            points = {int(point) for piece in task.pieces for point in piece}
            measured = tuple(Measured(piece, {"loss": piece * 1.0}) for piece in task.pieces)
            yield future, LostTaskError("died") if points & self.deadly else Reply(measured, EACH * task.points)

    def drop(self, futures: Iterable[int]) -> None:
        self.dropped += futures


def measured(came: Iterable[Measured | None]) -> list[Measured]:
    return [each for each in came if each is not None]


def pieces(points: int, size: int) -> list[Any]:
    return np.split(np.arange(points), range(size, points, size))


def test_a_bounded_number_is_in_flight_and_every_point_comes_once() -> None:
    crew = Crew(workers=3)
    found = measured(Window(crew, Pace(EACH), 1)(pieces(10_000, 100)))
    assert sorted(np.concatenate([each.positions for each in found])) == list(range(10_000))
    assert crew.most == 6
    # Ten thousand points of a millisecond, half a second a task.
    assert crew.sent == 20
    assert crew.dropped == []


def test_many_workers_get_longer_tasks() -> None:
    crew = Crew(workers=1000)
    list(Window(crew, Pace(EACH), 1)(pieces(100_000, 100)))
    assert crew.sent == pytest.approx(100_000 * EACH / 10, abs=1)


def test_what_came_back_too_early_is_read_again() -> None:
    crew = Crew()
    crew.again = {1, 3}
    found = measured(Window(crew, Pace(EACH), 1)(pieces(3000, 500)))
    assert sorted(np.concatenate([each.positions for each in found])) == list(range(3000))


def test_a_task_that_dies_is_tried_in_halves_and_then_told() -> None:
    crew = Crew(deadly=frozenset({1234}))
    found = measured(Window(crew, Pace(EACH), 1)(pieces(3000, 100)))
    lost = [each for each in found if each.error is not None]
    came = np.concatenate([each.positions for each in found])
    assert {each.reason for each in lost} == {"WorkerError: died"}
    assert len(np.unique(came)) == len(came)
    missing = np.setdiff1d(np.arange(3000), came)
    np.testing.assert_array_equal(missing, np.sort(np.concatenate([each.lost for each in lost])))
    assert 1234 in missing
    # Half a task.
    assert len(missing) <= 300


def test_what_was_done_comes_before_the_error() -> None:
    came: list[Measured] = []
    measure = Window(Crew(breaks=4), Pace(EACH), 1)(pieces(10_000, 500))
    with pytest.raises(WorkerError, match="no more"):
        deque(map(came.append, filter(None, measure)))
    assert sum(len(each.positions) for each in came) == 2000


def test_who_stops_reading_drops_what_is_in_flight() -> None:
    crew = Crew()
    measure = Window(crew, Pace(EACH), 1)(pieces(10_000, 500))
    next(measure)
    measure.close()
    assert crew.flying
    assert set(crew.dropped) >= set(crew.flying)
