"""The worker: one thing at a time, short answers between the steps of long work, nothing for nobody."""

import threading
from concurrent.futures import Future

import pytest

from explorer.dashboard.worker import Priority, UnwantedError, Worker

PATIENCE = 20.0


@pytest.fixture
def worker() -> Worker:
    return Worker()


def submitted(worker: Worker, count: int, work: object) -> "list[Future[object]]":
    futures: list[Future[object]] = []
    asking = [
        threading.Thread(target=lambda: futures.append(worker.submit(work)))  # type: ignore[arg-type]
        for _ in range(count)
    ]
    for thread in asking:
        thread.start()
    for thread in asking:
        thread.join(PATIENCE)
    return futures


def test_one_at_a_time_on_one_thread(worker: Worker) -> None:
    inside, most, threads = [0], [0], set()

    def work() -> None:
        inside[0] += 1
        most[0] = max(most[0], inside[0])
        threads.add(threading.get_ident())
        inside[0] -= 1

    for future in submitted(worker, 50, work):
        future.result(PATIENCE)
    assert most[0] == 1
    assert len(threads) == 1
    assert threading.get_ident() not in threads


def test_a_short_answer_waits_for_one_step_of_long_work_at_most(worker: Worker) -> None:
    steps: list[int] = []
    asked, answered = threading.Event(), []

    def long() -> int:
        for step in range(20):
            steps.append(step)
            if step == 5:
                asked.set()
                # The step lasts until the question is there.
                assert waiting.wait(PATIENCE)
            worker.pause()
        return len(steps)

    waiting = threading.Event()
    work = worker.submit(long, Priority.LONG)
    assert asked.wait(PATIENCE)
    answer = worker.submit(lambda: answered.append(len(steps)))
    waiting.set()
    answer.result(PATIENCE)
    assert work.result(PATIENCE) == 20
    assert answered == [6]


def test_short_answers_go_before_long_work_that_came_first(worker: Worker) -> None:
    said: list[str] = []
    held, let_go = threading.Event(), threading.Event()

    def hold() -> None:
        held.set()
        let_go.wait(PATIENCE)

    worker.submit(hold)
    assert held.wait(PATIENCE)
    futures = [
        worker.submit(lambda: said.append("first long"), Priority.LONG),
        worker.submit(lambda: said.append("second long"), Priority.LONG),
        worker.submit(lambda: said.append("short")),
    ]
    let_go.set()
    for future in futures:
        future.result(PATIENCE)
    assert said == ["short", "first long", "second long"]


def test_what_nobody_waits_for_is_given_up_between_two_steps(worker: Worker) -> None:
    steps, wanted = [], [True]

    def long() -> None:
        for step in range(100):
            steps.append(step)
            wanted[0] = step < 3
            worker.pause()

    with pytest.raises(UnwantedError):
        worker.submit(long, Priority.LONG, lambda: wanted[0]).result(PATIENCE)
    assert steps == [0, 1, 2, 3]
    with pytest.raises(UnwantedError):
        worker.submit(lambda: steps.append(99), wanted=lambda: False).result(PATIENCE)
    assert 99 not in steps
    assert worker.submit(lambda: "next").result(PATIENCE) == "next"


def test_an_error_belongs_to_who_asked_and_harms_nobody_else(worker: Worker) -> None:
    def fail() -> None:
        raise SystemExit("stop everything")

    def long() -> str:
        failing = worker.submit(fail)
        worker.pause()
        assert isinstance(failing.exception(PATIENCE), RuntimeError)
        return "done"

    with pytest.raises(RuntimeError, match="its work ended with SystemExit: stop everything"):
        worker.submit(fail).result(PATIENCE)
    assert worker.submit(long, Priority.LONG).result(PATIENCE) == "done"


def test_work_that_asks_for_work_does_not_wait_for_itself(worker: Worker) -> None:
    assert worker.submit(lambda: worker.submit(lambda: 3).result(PATIENCE) + 1).result(PATIENCE) == 4


def test_a_pause_elsewhere_does_nothing(worker: Worker) -> None:
    worker.pause()
    worker.submit(worker.pause).result(PATIENCE)
