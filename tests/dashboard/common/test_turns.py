"""Turns: one at a time, and a long holder gives way without losing its place for good."""

import threading

import pytest

from explorer.dashboard.common.turns import Turns

PATIENCE = 10.0


def run(*tasks) -> None:  # type: ignore[no-untyped-def]
    threads = [threading.Thread(target=task) for task in tasks]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE)
        assert not thread.is_alive()


def test_one_at_a_time() -> None:
    turns, inside, most = Turns(), [0], [0]

    def work() -> None:
        for _ in range(200):
            with turns:
                inside[0] += 1
                most[0] = max(most[0], inside[0])
                inside[0] -= 1
                turns.give_way()

    run(work, work, work)
    assert most[0] == 1


def test_who_waits_is_let_in_and_the_holder_goes_on() -> None:
    turns, said = Turns(), []
    holds = threading.Event()

    def long() -> None:
        with turns:
            holds.set()
            # Nobody waits yet, or the short one does: it is in before this one ends, however often it is asked.
            while "short" not in said:
                turns.give_way()
            said.append("long")

    def short() -> None:
        assert holds.wait(PATIENCE)
        with turns:
            said.append("short")

    run(long, short)
    assert said == ["short", "long"]


def test_nobody_waiting_costs_nothing_and_an_error_frees_the_turn() -> None:
    turns = Turns()

    def fail() -> None:
        with turns:
            turns.give_way()
            raise KeyError

    for _ in range(2):
        with pytest.raises(KeyError):
            fail()
