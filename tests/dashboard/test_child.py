"""A child answers in lines, and costs no more than its limits, whatever it does."""

import os
import time
from collections.abc import Iterator

import pytest

from explorer.dashboard.child import Child, ChildError, Limits

PROGRAM = "tests.support.page.child_program"


@pytest.fixture
def child() -> Iterator[Child]:
    made = Child(PROGRAM, Limits(seconds=30))
    yield made
    made.kill()


def test_it_answers_one_question_after_the_other_in_full(child: Child) -> None:
    assert child.ask({"echo": [0.1 + 0.2, "ü\n"]}) == {"echo": [0.1 + 0.2, "ü\n"]}
    # What it prints is no answer.
    assert child.ask({"print": "[1]"}) == {"print": "[1]"}
    pid = child.ask({"pid": True})
    child.close()
    ended(pid)
    with pytest.raises(ChildError, match="its process ended"):
        child.ask({})


@pytest.mark.parametrize(
    ("question", "limits", "said"),
    [
        ({"sleep": 60}, Limits(seconds=4), "longer than 4 seconds"),
        ({"eat": 1 << 31}, Limits(memory=1 << 29), "more than 0.5 GiB"),
        ({"exit": 7}, Limits(), "exit code 7"),
        ({"kill": 9}, Limits(), "signal 9"),
    ],
)
def test_a_child_that_gives_no_answer_is_ended_with_a_sentence(question: object, limits: Limits, said: str) -> None:
    child = Child(PROGRAM, limits)
    with pytest.raises(ChildError, match=said):
        child.ask(question)
    assert child._process.poll() is not None


def test_it_ends_with_who_asks_even_while_it_works(child: Child) -> None:
    pid = child.ask({"pid": True})
    assert is_alive(pid)
    assert child._process.stdin is not None
    child._process.stdin.write(b'{"sleep": 60}\n')
    # As the system does when this process ends, however that ends.
    child._process.stdin.close()
    ended(pid)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def ended(pid: int) -> None:
    until = time.monotonic() + 20
    while is_alive(pid) and time.monotonic() < until:
        time.sleep(0.02)
    assert not is_alive(pid)
