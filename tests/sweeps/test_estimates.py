"""The estimate of a sweep that goes on is for what is left of it."""

import re

import pytest

import explorer
from explorer import Grid
from explorer.sweeps.evaluation.strategies import LOOP
from explorer.sweeps.planning.plan import Plan
from tests.support.cases import neuron


def test_the_seconds_are_those_of_the_points_that_are_left():
    plan = Plan(LOOP, 1, 0, 100.0)
    assert plan.text(200) == "200 points, about 2 min (loop; 500 ms a point)"
    assert plan.text(200, 20) == "20 of 200 points left, about 10 s (loop; 500 ms a point)"
    assert plan.text(200, 200) == plan.text(200)


@pytest.mark.parametrize("tolerance", [None, 0.05])
def test_a_sweep_that_goes_on_tells_what_is_left(tmp_path, monkeypatch, capsys, tolerance):
    objective = neuron().objective
    plane, grid = explorer.directions.axes(objective, "w", "b"), Grid({"w": (-2, 2, 21), "b": (-2, 2, 21)})
    told = []
    monkeypatch.setattr("explorer.sweeps.run.announced", _announced(told))
    given = {"store": tmp_path / "x.zarr", "progress": False, "report": False, "tolerance": tolerance}
    with pytest.raises(KeyboardInterrupt):
        explorer.sweep(objective, plane, grid, chunk_size=40, **given)
    explorer.sweep(objective, plane, grid, chunk_size=40, **given)
    assert re.match(r"441 points, about" if tolerance is None else r"\d+ points, about", told[0])
    left, _ = re.match(r"(\d+) of (\d+) points left, about", told[1]).groups()
    assert int(left) < 441


def _announced(told):
    """As the progress bar, which notes what it says and, the first time, ends after some pieces."""
    from contextlib import contextmanager

    class Bar:
        def __init__(self, breaks):
            self.n, self.breaks = 0, breaks

        def update(self, points):
            self.n += points
            if self.breaks and self.n >= 80:
                raise KeyboardInterrupt

    @contextmanager
    def announced(total, seconds, text, *, done, progress):
        told.append(text)
        yield Bar(breaks=len(told) == 1)

    return announced
