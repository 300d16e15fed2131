"""Quantities that are planned apart: those measured alike go together, and none waits long for another."""

import pytest

from explorer.graphs import Rewrites
from explorer.sweeps.evaluation.strategies import LADDER, LOOP
from explorer.sweeps.planning.plan import Plan, Way
from explorer.sweeps.planning.several_ways import NEWS, one_plan
from explorer.sweeps.planning.timing import Timing

VMAP = LADDER[0]
TRACED = LOOP.traced(Rewrites())
POINTS = 1000


def planned(name, strategy, chunk, seconds=0.0, timings=()):
    return (name,), Plan(strategy, chunk, 10 * chunk, seconds, timings)


def test_one_family_keeps_its_plan():
    only = planned("loss", VMAP, 64, 2.0)
    assert one_plan([only], POINTS, None) is only[1]


def test_families_that_are_measured_alike_are_one():
    found = one_plan([planned("loss", VMAP, 64, 2.0), planned("curvature", VMAP, 64, 3.0)], POINTS, None)
    assert (found.strategy, found.chunk, found.seconds, found.several) == (VMAP, 64, 5.0, ())
    assert found.ways(("loss", "curvature")) == (Way(("loss", "curvature"), VMAP, 64),)
    assert found.how == "vmap"


def test_loops_of_other_lengths_are_one():
    found = one_plan([planned("loss", LOOP, 9, 2.0), planned("own", LOOP, 3, 3.0)], POINTS, None)
    assert (found.strategy, found.chunk, found.several) == (LOOP, 3, ())


def test_each_keeps_its_own_way_where_they_differ():
    families = [planned("loss", VMAP, 64), planned("curvature", VMAP, 16), planned("own", LOOP, 64, 1e-6)]
    found = one_plan(families, POINTS, None)
    assert found.several == (Way(("loss",), VMAP, 64), Way(("curvature",), VMAP, 16), Way(("own",), LOOP, 64))
    assert found.bytes_each == 640
    assert found.how == "vmap; own: loop"
    assert found.text(POINTS).startswith("1,000 points, about 0.0 s (vmap; own: loop, 64 at once; ")


@pytest.mark.parametrize(
    ("families", "piece"),
    [
        ([planned("loss", VMAP, 64), planned("curvature", VMAP, 16)], 64),
        # A point takes a tenth of what a reader bears to wait: ten are asked for together.
        ([planned("loss", VMAP, 64), planned("own", LOOP, 1, NEWS / 10 * POINTS)], 10),
        ([planned("loss", TRACED, 7, 1.0), planned("own", LOOP, 9, 1.0)], 7),
        ([planned("loss", VMAP, 64), planned("own", LOOP, 1, 2 * NEWS * POINTS)], 1),
    ],
)
def test_no_piece_keeps_a_reader_waiting(families, piece):
    assert one_plan(families, POINTS, None).chunk == piece
    assert one_plan(families, POINTS, 33).chunk == 33


def test_timings_say_what_they_are_of():
    timings = (Timing(VMAP, 16, 0.00123456),)
    alone = one_plan([planned("loss", VMAP, 64, 2.0, timings)], POINTS, None)
    assert alone.describe() == [{"strategy": "vmap", "chunk": 16, "seconds_per_point": 0.00123}]
    found = one_plan([planned("loss", VMAP, 64, 2.0, timings), planned("own", LOOP, 1, 2.0)], POINTS, None)
    assert found.describe() == [{**alone.describe()[0], "quantities": ["loss"]}]
