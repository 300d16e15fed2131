"""The gradient of each term, beside its slow twin: ordinary backward passes of each term alone, point by point."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, Plane
from explorer.graphs import Rewrites
from explorer.objective import blocks
from explorer.objective.derivatives import gradients_of
from explorer.quantities import read_quantities
from explorer.quantities import values as values_module
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from tests.support.kinds import slope_term
from tests.support.traced_cases import always_traced, random_plane, swept

sweep = partial(explorer.sweep, report=False, progress=False)
GRID = Grid({"alpha": (-1, 1, 4), "beta": (-1, 1.5, 3)})
WEIGHTS = {"data": 3.0, "slope": 0.1, "size": 1.0, "constant": 7.0}


def composite(**options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    t = torch.linspace(0, 2, 9, dtype=torch.float64)[:, None]
    terms = {
        "data": lambda m: (m(t) - t.sin()).square().mean(),
        "slope": slope_term,
        "size": lambda m: sum(p.square().sum() for p in m.parameters()),
        "constant": lambda m: torch.full((), 2.0, dtype=torch.float64),
    }
    return Objective(model, terms=terms, weights=WEIGHTS, **options)


def batchable(**options):
    """The same without a term that calls autograd itself, which `vmap` refuses."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    t = torch.linspace(0, 2, 9, dtype=torch.float64)[:, None]
    terms = {"data": lambda m: (m(t) - t.sin()).square().mean(), "size": lambda m: m[0].weight.square().sum()}
    return Objective(model, terms=terms, weights={"size": 0.25}, **options)


def supervised():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 5), nn.Tanh(), nn.Linear(5, 1)).double()
    x = torch.randn(53, 2, dtype=torch.float64)
    return Objective(model, nn.MSELoss(), (x, x.prod(1, keepdim=True)))


def twin(objective: Objective, plane: Plane, grid: Grid) -> np.ndarray:
    """[..., term, direction], each term differentiated by itself through the whole objective, data and all."""
    found = []
    for point in grid.coords:
        rows = []
        for name in objective.term_names:
            theta = plane.at(point.tolist()).clone().requires_grad_()
            value = objective.terms(theta)[name]
            slope = torch.autograd.grad(value, theta)[0] if value.requires_grad else torch.zeros_like(theta)
            rows.append([float(direction @ slope) for direction in plane.basis])
        found.append(rows)
    return np.array(found).reshape(*grid.shape, len(objective.term_names), len(plane.basis))


def assert_close(found, expected):
    # Sums of some hundred products through three layers: a thousand roundings of the largest.
    scale = np.abs(expected).max()
    np.testing.assert_allclose(found, expected, rtol=0, atol=1000 * np.finfo(np.float64).eps * scale)


@pytest.mark.parametrize("made", [composite, batchable, supervised])
def test_each_term_has_the_gradient_of_its_own_backward_pass(made):
    objective = made()
    plane = random_plane(objective)
    found = sweep(objective, plane, GRID, quantities=("term_gradients",))
    assert found["term_gradients"].dims == ("alpha", "beta", "term", "direction")
    assert found["term"].values.tolist() == list(objective.term_names)
    assert found["direction"].values.tolist() == ["alpha", "beta"]
    assert_close(found["term_gradients"].values, twin(objective, plane, GRID))


@pytest.mark.parametrize("made", [composite, batchable, supervised])
def test_their_weighted_sum_is_the_gradient_alone_or_beside_them(made):
    objective = made()
    plane = random_plane(objective)
    both = sweep(objective, plane, GRID, quantities=("gradient", "term_gradients", "gradient_norm"))
    alone = sweep(objective, plane, GRID, quantities=("loss", "gradient", "gradient_norm"))
    weights = np.array([objective.weights[name] for name in objective.term_names])
    total = (both["term_gradients"].values * weights[:, None]).sum(-2)
    for name, expected in (("gradient", alone["gradient"]), ("gradient_norm", alone["gradient_norm"])):
        assert_close(both[name].values, expected.values)
    assert_close(total, alone["gradient"].values)


def test_the_only_term_of_a_loss_on_data_has_the_bits_of_the_gradient():
    objective = supervised()
    plane = random_plane(objective)
    found = sweep(objective, plane, GRID, quantities=("gradient", "term_gradients", "gradient_norm"))
    alone = sweep(objective, plane, GRID, quantities=("gradient", "gradient_norm"))
    assert np.array_equal(found["term_gradients"].values[..., 0, :], alone["gradient"].values)
    assert np.array_equal(found["gradient"].values, alone["gradient"].values)
    assert np.array_equal(found["gradient_norm"].values, alone["gradient_norm"].values)


def test_blocks_of_data_add_up_by_their_shares(monkeypatch):
    expected = sweep(supervised(), random_plane(supervised()), GRID, quantities=("term_gradients",))
    monkeypatch.setattr(blocks, "_LITTLE", 0)
    monkeypatch.setattr(blocks, "_BLOCK", 800)
    objective = supervised()
    sizes = [len(part.samples) for part in objective.parts()]
    assert len(sizes) > 2
    assert sizes[-1] != sizes[0]
    found = sweep(objective, random_plane(objective), GRID, quantities=("term_gradients", "gradient"))
    assert_close(found["term_gradients"].values, expected["term_gradients"].values)
    assert_close(found["gradient"].values, expected["term_gradients"].values[..., 0, :])


STRATEGIES = [*LADDER, LOOP.traced(Rewrites()), LADDER[0].traced(Rewrites())]


@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda strategy: strategy.name)
def test_every_strategy_says_the_same(strategy):
    objective = batchable(metrics={"largest": lambda m: m[0].weight.abs().max()})
    plane, wanted = random_plane(objective), read_quantities(("loss", "terms", "gradient", "term_gradients"))
    coords = torch.from_numpy(GRID.coords)
    found = measure_by(strategy, objective, plane, wanted, size=5)(coords)
    assert_close(found["term_gradients"].reshape(*GRID.shape, 2, 2).numpy(), twin(objective, plane, GRID))
    weights = torch.tensor([1.0, 0.25], dtype=torch.float64)
    assert_close((found["term_gradients"] * weights[:, None]).sum(1).numpy(), found["gradient"].numpy())


def test_a_traced_sweep_of_terms_that_call_autograd(monkeypatch):
    always_traced(monkeypatch)
    objective = composite()
    plane = random_plane(objective)
    found = swept(objective, plane, quantities=("terms", "term_gradients"))
    assert found.attrs["strategy"].startswith("traced")
    assert_close(found["term_gradients"].values, twin(objective, plane, Grid(dict.fromkeys("ab", (-1, 1, 3)))))


def test_one_forward_pass_and_one_backward_pass_a_term(monkeypatch):
    objective = batchable()
    evaluated, differentiated = [], []
    original = values_module.named_values
    monkeypatch.setattr(values_module, "named_values", lambda *given: evaluated.append(1) or original(*given))
    monkeypatch.setattr(
        values_module, "gradients_of", lambda *given, **more: differentiated.append(1) or gradients_of(*given, **more)
    )
    for quantities, passes in (
        (("loss", "terms"), 0),
        (("loss", "gradient", "gradient_norm"), 1),
        (("loss", "terms", "gradient", "term_gradients", "gradient_norm"), 2),
    ):
        evaluated.clear()
        differentiated.clear()
        measure_by(LADDER[0], objective, random_plane(objective), read_quantities(quantities))(
            torch.zeros(7, 2).double()
        )
        assert (len(evaluated), len(differentiated)) == (1, passes)


def test_terms_may_share_what_they_compute():
    torch.manual_seed(0)
    model = nn.Linear(2, 1).double()
    x = torch.randn(6, 2, dtype=torch.float64)
    shared = {}

    def first(m):
        shared["out"] = m(x).exp()
        return shared["out"].square().mean()

    objective = Objective(model, terms={"first": first, "second": lambda m: shared["out"].sum()})
    plane = random_plane(objective)
    found = measure_by(LOOP, objective, plane, read_quantities(("term_gradients",)))(torch.from_numpy(GRID.coords))
    assert_close(found["term_gradients"].reshape(*GRID.shape, 2, 2).numpy(), twin(objective, plane, GRID))


def test_into_a_store_and_back(tmp_path):
    objective = batchable()
    plane = random_plane(objective)
    quantities = ("loss", "gradient", "term_gradients")
    stored = sweep(objective, plane, GRID, quantities=quantities, store=tmp_path / "x.zarr", chunk_size=5)
    expected = sweep(objective, plane, GRID, quantities=quantities)
    assert stored["term_gradients"].dims == expected["term_gradients"].dims
    assert_close(stored["term_gradients"].values, expected["term_gradients"].values)
    assert explorer.open_landscape(tmp_path / "x.zarr")["term_gradients"].shape == (4, 3, 2, 2)


def test_with_a_tolerance_points_that_are_interpolated_have_none():
    objective = batchable()
    plane, grid = random_plane(objective), Grid({"alpha": (-1, 1, 41), "beta": (-1, 1, 41)})
    found = sweep(objective, plane, grid, quantities=("loss", "term_gradients"), tolerance=0.05)
    interpolated = (found["status"] == 2).values
    assert interpolated.any()
    assert np.isnan(found["term_gradients"].values[interpolated]).all()
    assert np.isfinite(found["term_gradients"].values[~interpolated]).all()
