"""The harness of the benchmarks: medians, scales, turns, wrong values, verdicts."""

import itertools
import multiprocessing

import numpy as np
import pytest
import torch

from tests.benchmarks.harness import contenders, quiet, table, workers
from tests.benchmarks.harness.contenders import Contender, Goal, UnavailableError, Work, WrongValuesError
from tests.benchmarks.harness.interleaved import Result, measure

TOY = {"apart": False, "patience": 0.0, "least_seconds": 1e-12}
"""In this process, without waiting for neighbours, one run a sample."""


def counted(error=0.0, scale=1.0):
    reference = np.array([0.0, 1.0, 2.0])
    return Work(lambda: reference + error * np.array([0, 2, 0]), reference, scale)


def absent():
    raise UnavailableError("no such thing here")


@pytest.fixture
def clock(monkeypatch):
    """Every run takes the next of these seconds."""
    taken = iter([1.0, 5.0, 3.0, 2.0, 4.0])
    stops = itertools.accumulate(itertools.chain.from_iterable((0.0, seconds) for seconds in taken))
    monkeypatch.setattr(workers.time, "perf_counter", lambda: next(stops))
    monkeypatch.setattr(quiet.Neighbours, "__init__", lambda self: None)
    monkeypatch.setattr(quiet.Neighbours, "share", lambda self: 0.0)


@pytest.mark.usefixtures("clock")
def test_medians_are_of_all_rounds_and_scaled_to_the_whole_grid():
    (found,) = measure([Contender("a", counted, (0.0, 10.0))], rounds=5, apart=False, patience=0, least_seconds=1e-9)
    assert found.seconds == pytest.approx([10, 50, 30, 20, 40])
    assert found.median == pytest.approx(30)


@pytest.mark.usefixtures("clock")
def test_a_sample_repeats_short_work_and_takes_its_median():
    (found,) = measure([Contender("a", counted)], rounds=1, apart=False, patience=0, least_seconds=7.0)
    # 1 + 5 + 3 is the first sum that reaches 7.
    assert found.seconds == pytest.approx([3.0])


def test_rounds_take_contenders_in_turn():
    order = []
    reference = np.zeros(1)

    def note(name):
        def run():
            order.append(name)
            return reference

        return Work(run, reference, error=lambda values, reference: 0.0)

    measure([Contender(name, note, (name,)) for name in "ab"], rounds=3, **TOY)
    # One warm-up each, checked, then the rounds.
    assert "".join(order) == "ab" + "ababab"


def test_wrong_values_stop_before_anything_is_timed():
    # 2 x 1e-3 of a range of 2.
    with pytest.raises(WrongValuesError, match=r"b: expected an error of at most 0\.0005; got 0\.001"):
        measure([Contender("a", counted), Contender("b", counted, (1e-3,), allowed=5e-4)], **TOY)
    (found,) = measure([Contender("b", counted, (1e-3,), allowed=2e-3)], rounds=1, **TOY)
    assert found.error == pytest.approx(1e-3)


def test_values_that_are_not_numbers_or_of_another_shape_are_wrong():
    reference = np.array([0.0, 1.0])
    with pytest.raises(WrongValuesError, match="got nan"):
        contenders.checked_error("a", [0.0, float("nan")], Work(list, reference), allowed=1.0)
    with pytest.raises(WrongValuesError, match="of shape"):
        contenders.checked_error("a", [0.0], Work(list, reference), allowed=1.0)


def test_errors_are_shares_of_the_range_of_each_column():
    reference = np.array([[0.0, 0.0], [10.0, 0.1]])
    assert contenders.share_of_range(reference + np.array([0.0, 0.01]), reference) == pytest.approx(0.1)
    # From 1 to e^4; off by a factor e at one point.
    assert contenders.share_of_log_range(np.exp([0.0, 3.0]), np.exp([0.0, 4.0])) == pytest.approx(0.25)


@pytest.mark.slow
def test_a_contender_has_a_process_and_threads_of_its_own():
    (found,) = measure([Contender("a", threads_of_torch)], rounds=1, threads=1, patience=0.0, least_seconds=1e-9)
    assert found.note == "1 thread, a process of its own"
    assert len(found.seconds) == 1


def threads_of_torch():
    where = "the main process" if multiprocessing.parent_process() is None else "a process of its own"
    note = f"{torch.get_num_threads()} thread, {where}"
    return Work(lambda: np.zeros(2), np.zeros(2), error=lambda values, reference: 0.0, note=lambda: note)


def results():
    slow, fast = Contender("slow", counted), Contender("fast", counted, goals=(Goal("slow", 5.0, error=0.01),))
    return [Result(slow, 0.0, seconds=[8.0, 9.0, 10.0]), Result(fast, 0.005, seconds=[0.5, 1.5, 1.0], disturbed=2)]


def test_the_table_tells_ratio_spread_and_verdict():
    lines = table.table(results(), "slow")
    assert "1000.0" in lines[2]
    assert "500.0 .. 1500.0**" in lines[2]
    assert "9.00 x slow (>= 5, error <= 0.01: MET)" in lines[3]


@pytest.mark.parametrize(
    ("goal", "verdict"),
    [
        (Goal("slow", 9.0), "MET"),
        (Goal("slow", 9.1), "MISSED"),
        (Goal("slow", 5.0, error=0.004), "MISSED"),
        (Goal("slow", 9.1, judged=False), "not judged here"),
    ],
)
def test_goals_are_judged_by_ratio_and_error(goal, verdict):
    slow, fast = results()
    fast.contender = Contender("fast", counted, goals=(goal,))
    assert verdict in table.table([slow, fast], "slow")[3]


def test_a_contender_that_cannot_run_is_named_with_its_reason():
    found = measure([Contender("a", absent), Contender("b", counted)], rounds=1, **TOY)
    lines = table.table(found, "a")
    assert lines[1].endswith("not available: no such thing here")
    assert "b " in lines[2]


def test_a_disturbed_sample_is_taken_again_while_patience_lasts(monkeypatch):
    shares = iter([0.0, 0.9, 0.0, 0.0, 0.9])
    monkeypatch.setattr(quiet.Neighbours, "share", lambda self: next(shares))
    monkeypatch.setattr(quiet.time, "sleep", lambda seconds: None)
    (found,) = measure([Contender("a", counted)], rounds=1, **TOY | {"patience": 60.0})
    assert (len(found.seconds), found.disturbed) == (1, 0)
    shares = iter([0.9])
    (found,) = measure([Contender("a", counted)], rounds=1, **TOY)
    assert (len(found.seconds), found.disturbed) == (1, 1)
