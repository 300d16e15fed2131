"""What a sweep is going to cost, and how it is evaluated, are found by trying."""

import json
from functools import partial

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

import explorer
from explorer import Grid, Objective, directions
from explorer.objective.blocks import even_block
from explorer.quantities import read_quantities
from explorer.sweeps import estimate
from explorer.sweeps.evaluation.chunk_sizes import even
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from explorer.sweeps.planning import calibration
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.planning.plan import Plan
from tests.support.cases import neuron
from tests.support.kinds import KINDS
from tests.support.planes import random_plane

sweep = partial(explorer.sweep, quantities=("loss", "gradient"), report=False)
QUANTITIES = ("loss", "gradient", "gradient_norm", "curvature")
VMAP = LADDER[0]


def mlp(samples=64):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 16), nn.ReLU(), nn.Linear(16, 3)).double()
    x = torch.randn(samples, 8, dtype=torch.float64)
    return Objective(model, nn.CrossEntropyLoss(), (x, torch.arange(samples) % 3))


def test_an_estimate_names_strategy_chunk_and_seconds():
    objective = mlp()
    found = estimate(objective, directions.gaussian(objective), Grid.square(points=31), quantities=("loss", "gradient"))
    assert found.seconds > 0
    assert found.chunk >= 1
    text = found.text(961)
    assert text.startswith("961 points, about ")
    assert f"{found.seconds / 961 * 1000:.3g} ms a point" in text


def test_the_fastest_of_the_timings_is_taken(monkeypatch):
    monkeypatch.setattr(calibration, "_PATIENCE", 0.0)
    monkeypatch.setattr(calibration, "_SHORT", 0)
    monkeypatch.setattr(calibration, "_SHARE", 1.0)
    objective = mlp()
    found = plan(objective, directions.gaussian(objective), read_quantities(("loss",)), 500)
    assert {timing.strategy.name for timing in found.timings} == {"vmap", "loop"}
    assert found.seconds == min(timing.seconds for timing in found.timings) * 500
    swept = sweep(objective, directions.gaussian(objective), Grid.square(points=5))
    told = json.loads(swept.attrs["calibration"])
    assert {each["strategy"] for each in told} == {"vmap", "loop"}
    assert all(each["seconds_per_point"] > 0 for each in told)


def test_timing_takes_a_small_share_of_the_sweep(monkeypatch):
    objective = mlp()
    points = []
    original = calibration.timed
    monkeypatch.setattr(calibration, "timed", lambda *given: points.append(given[4]) or original(*given))
    plan(objective, directions.gaussian(objective), read_quantities(("loss",)), 10_000_000)
    # Chunks grow by four: the last is as large as all before it together, times three, and all end at 1 GiB.
    assert sum(points) < 0.1 * 10_000_000


def test_a_streamed_or_large_point_is_looped(monkeypatch):
    monkeypatch.setattr("explorer.sweeps.evaluation.chunk_sizes._LARGE", 1)
    # However slow this machine is at the moment.
    monkeypatch.setattr(calibration, "_PATIENCE", float("inf"))
    objective = mlp()
    found = plan(objective, directions.gaussian(objective), read_quantities(("loss",)), 100)
    assert (found.strategy.name, found.strategy.graph) == ("loop", False)


@pytest.mark.parametrize("name", ["convolution", "attention", "embedding", "tied weights", "batchnorm"])
def test_strategies_agree(name):
    objective = KINDS[name].objective(KINDS[name].made())
    plane = random_plane(objective)
    wanted = read_quantities(QUANTITIES)
    coords = torch.randn(5, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(2)) / 3
    batched = measure_by(VMAP, objective, plane, wanted)(coords)
    looped = measure_by(LOOP, objective, plane, wanted)(coords)
    for field, expected in looped.items():
        scale = float(expected.abs().max())
        # Some hundred roundings of sums in another order.
        np.testing.assert_allclose(batched[field] / scale, expected / scale, rtol=0, atol=1e-12)


@pytest.mark.parametrize("chunk_size", [1, 5, 12, 100])
def test_a_network_does_not_depend_on_the_chunk_size(chunk_size):
    objective = mlp()
    plane = directions.gaussian(objective)
    grid = Grid({"alpha": (-1, 1, 4), "beta": (0, 2, 3)})
    found, expected = (sweep(objective, plane, grid, chunk_size=size) for size in (chunk_size, 7))
    for field in ("loss", "gradient"):
        np.testing.assert_allclose(found[field], expected[field], rtol=1e-12, atol=1e-12)


def test_a_plan_without_timings_says_nothing_of_them():
    assert Plan(VMAP, 64, 1000, 0.0).describe() == []


def test_a_broken_quantity_is_told_as_it_is():
    case = neuron()

    def broken(theta):
        raise RuntimeError("no such thing")

    with pytest.raises(RuntimeError, match="no such thing"):
        sweep(case.objective, directions.axes(case.objective, "w", "b"), Grid({"w": (0, 1, 2), "b": (0, 1, 2)}),
              quantities=("loss", broken))  # fmt: skip


@given(chunk=st.integers(1, 1000), points=st.integers(1, 100_000))
def test_even_chunks_are_as_many_and_nearly_full(chunk, points):
    size = even(chunk, points)
    many = -(-points // chunk)
    assert size <= chunk
    assert -(-points // size) == many
    # Filling up the last one takes less than a point for each.
    assert size * many - points < many


@given(most=st.integers(1, 1000), samples=st.integers(1, 10_000))
def test_even_blocks_are_few_and_small_enough(most, samples):
    size = even_block(most, samples)
    fewest = -(-samples // most)
    assert size <= most
    assert -(-samples // size) < 2 * fewest or fewest == 1
    assert size == samples or samples % size == 0 or all(samples % many for many in range(fewest, 2 * fewest))


def test_what_is_known_of_an_objective_is_not_timed_again(monkeypatch):
    monkeypatch.setattr(calibration, "_PATIENCE", 0.0)
    monkeypatch.setattr(calibration, "_SHORT", 0)
    timed, tried = calibration.timed, []
    monkeypatch.setattr(calibration, "timed", lambda *given: tried.append(given) or timed(*given))
    objective = mlp()
    wanted = read_quantities(("loss",))
    first = plan(objective, directions.gaussian(objective), wanted, 100)
    assert tried
    tried.clear()
    again = plan(objective, directions.gaussian(objective, seed=1), wanted, 400)
    assert not tried
    assert (again.strategy, again.timings) == (first.strategy, first.timings)
    assert again.seconds == 4 * first.seconds
    # What is known was timed, which is all that `always` asks for.
    assert plan(objective, directions.gaussian(objective), wanted, 100, always=True).seconds == first.seconds > 0
    assert not tried
    for other in (
        lambda: plan(objective, directions.gaussian(objective), wanted, 401),
        lambda: plan(objective, directions.gaussian(objective), read_quantities(("gradient",)), 100),
        lambda: plan(objective, directions.gaussian(objective), wanted, 100, 7),
        lambda: plan(mlp(), directions.gaussian(objective), wanted, 100),
    ):
        tried.clear()
        other()
        assert tried
