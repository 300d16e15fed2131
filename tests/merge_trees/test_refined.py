"""Minima and passes after Newton's method, against certified ones, formulas, and the plane of a larger model."""

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from experiments import TARGETS
from explorer import Grid, Objective, Plane, directions, topology
from explorer.merge_trees.polish import Surface
from tests.merge_trees.surfaces import EXACT, LOWEST, PASSES, exact_minima, himmelblau, neuron, swept


class Formula(nn.Module):
    """A formula of as many numbers as it has parameters."""

    def __init__(self, formula, count=2):
        super().__init__()
        self.formula, self.at = formula, nn.Parameter(torch.zeros(count, dtype=torch.float64))

    def forward(self):
        return self.formula(*self.at)


def formula_case(formula, points=41, radius=6.0):
    objective = Objective(Formula(formula), terms={"value": lambda model: model()})
    plane = directions.axes(objective, "at[0]", "at[1]")
    landscape = explorer.sweep(
        objective, plane, Grid.square(radius, points, plane.labels), progress=False, report=False
    )
    return objective, plane, landscape


@pytest.mark.parametrize("points", [21, 61])
@pytest.mark.parametrize("name", TARGETS)
def test_as_many_minima_are_left_as_there_are_whatever_the_grid(name, points):
    tree = topology(swept(name, points), refine=neuron(name)[0])
    expected = EXACT[name]["mse"]["minima"]
    isolated = [] if name == "one_point" else exact_minima(name)
    assert tree.attrs["refined_minima"] == len(isolated)
    assert tree.attrs["confirmed_pairs"] == max(0, len(isolated) - 1)
    found = tree.refined_at.values[tree.refined_kind.values == "minimum"]
    for place in isolated:
        # Certified to 13 digits; Newton's last step is below 1e-6 of the grid's, and what is left about its square.
        assert np.abs(found - place).max(axis=1).min() < 1e-9
    for at, value in zip(found, tree.refined_value.values[tree.refined_kind.values == "minimum"], strict=True):
        near = min(expected, key=lambda minimum: np.hypot(minimum["w"] - at[0], minimum["b"] - at[1]))
        assert value == pytest.approx(near["loss"], rel=0, abs=1e-9)
    assert (tree.gradient_norm.values[tree.refined_kind.values == "minimum"] < 1e-8).all()


def test_a_line_of_minima_is_called_flat_and_one_that_runs_out_left():
    line = topology(swept("one_point", 41), refine=neuron("one_point")[0])
    assert set(line.refined_kind.values) == {"flat"}
    np.testing.assert_allclose(line.refined_at.values.sum(axis=1), np.arctanh(0.6), atol=1e-6)
    out = topology(swept("step_labels", 41), refine=neuron("step_labels")[0])
    assert out.refined_kind.values.tolist() == ["left"]
    assert np.isnan(out.refined_value).all()
    assert np.isnan(out.refined_at).all()


def test_passes_have_the_heights_of_the_formula():
    objective, _, landscape = formula_case(himmelblau)
    tree = topology(landscape, refine=objective).sortby("death")
    assert tree.pass_index.values.tolist() == [1, 1, 1]
    assert tree.confirmed.values.all()
    # The places are known to 7 digits, and a pass is level there.
    np.testing.assert_allclose(tree.refined_death, [himmelblau(*place) for place in PASSES], rtol=0, atol=1e-9)
    np.testing.assert_allclose(tree.refined_pass_at, PASSES, rtol=0, atol=1e-6)
    assert (tree.pass_moved.values < 1).all()
    assert (tree.pass_gradient_norm.values < 1e-6).all()
    for place in LOWEST:
        assert np.abs(tree.refined_at.values - place).max(axis=1).min() < 1e-9
    np.testing.assert_allclose(tree.refined_value, 0, atol=1e-15)
    # The grid's own heights stay beside them, and are off by no more than is told.
    assert (np.abs(tree.death - tree.refined_death) <= tree.error).all()


def test_a_pair_that_the_grid_made_up_is_not_confirmed():
    tilted = np.deg2rad(22.5)
    across, along = (-np.sin(tilted), np.cos(tilted)), (np.cos(tilted), np.sin(tilted))
    objective, _, landscape = formula_case(
        lambda x, y: 1e4 * (across[0] * x + across[1] * y) ** 2 + (along[0] * x + along[1] * y) ** 2, 81
    )
    tree = topology(landscape, refine=objective)
    assert tree.sizes["minimum"] > 20
    assert (tree.attrs["certified_pairs"], tree.attrs["confirmed_pairs"], tree.attrs["refined_minima"]) == (0, 0, 1)
    assert np.isnan(tree.refined_death).all()
    # No more are looked at than 32 pairs, with the minima that they join.
    assert (tree.pass_index.values[32:] == -1).all()


class Net(nn.Module):
    """tanh(2 -> 12 -> 12 -> 1): 205 parameters, more than a landscape writes out."""

    def __init__(self):
        super().__init__()
        torch.manual_seed(0)
        self.layers = nn.Sequential(
            nn.Linear(2, 12), nn.Tanh(), nn.Linear(12, 12), nn.Tanh(), nn.Linear(12, 1)
        ).double()

    def forward(self, x):
        return self.layers(x)


@pytest.fixture(scope="module")
def network():
    x = torch.linspace(-1, 1, 40, dtype=torch.float64).reshape(20, 2)
    return Objective(Net(), nn.MSELoss(), (x, torch.sin(3 * x.sum(1, keepdim=True))))


@pytest.fixture(scope="module")
def slice_(network):
    plane = directions.gaussian(network, seed=3)
    return plane, explorer.sweep(network, plane, Grid.square(2.0, 21), progress=False, report=False)


def test_a_minimum_of_the_plane_is_told_to_be_none_of_the_objective(network, slice_):
    plane, landscape = slice_
    tree = topology(landscape, refine=network)
    at = int(np.flatnonzero(tree.refined_kind.values == "minimum")[0])
    theta = plane.at(torch.tensor(tree.refined_at.values[at])).requires_grad_()
    (gradient,) = torch.autograd.grad(network(theta), theta)
    assert float(tree.gradient_norm[at]) == pytest.approx(float(gradient.norm()), rel=1e-9)
    assert float(gradient.norm()) > 1e-3
    # Level in the plane, to the last Newton step squared.
    assert float((plane.basis @ gradient).norm()) < 1e-8 * float(gradient.norm())


def test_the_plane_of_gaussian_directions_is_made_again_and_others_are_asked_for(network, slice_):
    plane, landscape = slice_
    own = Plane(plane.origin, plane.basis)
    by_hand = explorer.sweep(network, own, Grid.square(2.0, 21), progress=False, report=False)
    with pytest.raises(ValueError, match="pass plane="):
        topology(by_hand, refine=network)
    given, made = topology(by_hand, refine=network, plane=own), topology(landscape, refine=network)
    np.testing.assert_array_equal(given.refined_value, made.refined_value)


def test_the_second_order_of_the_surface_is_that_of_differences(network, slice_):
    plane, _ = slice_
    surface = Surface(network, plane, np.array([0.1, 0.2]))
    at, h = surface.local(np.array([0.3, -0.2])), 1e-4
    steps = h * np.diag(surface.steps)
    slope = [(surface.value(at.coords + step) - surface.value(at.coords - step)) / (2 * h) for step in steps]
    # Second-order differences: h^2 = 1e-8 of the third derivatives, rounding 1e-16 / h = 1e-12.
    np.testing.assert_allclose(at.slope, slope, rtol=1e-6, atol=1e-9)
    rows = [(surface.local(at.coords + step).slope - surface.local(at.coords - step).slope) / (2 * h) for step in steps]
    np.testing.assert_allclose(at.curvature, rows, rtol=1e-6, atol=1e-9)


def test_another_objective_or_plane_is_refused(network, slice_):
    plane, landscape = slice_
    with pytest.raises(ValueError, match="the objective that the landscape is of"):
        topology(landscape, refine=network, plane=directions.gaussian(network, seed=4))
    with pytest.raises(ValueError, match="the objective that the landscape is of"):
        topology(swept("mirror", 11), refine=neuron("noisy")[0])
    with pytest.raises(ValueError, match="a plane with 2 directions; got 1"):
        topology(landscape, refine=network, plane=Plane(plane.origin, plane.basis[:1]))
    with pytest.raises(ValueError, match="expected the loss to refine; got 'gradient_norm'"):
        topology(swept("mirror", 11, quantities=("loss", "gradient_norm")), "gradient_norm", refine=neuron("mirror")[0])


def test_a_line_has_minima_and_passes_too():
    objective = Objective(Formula(lambda x: 1 - torch.cos(x) + 0.01 * x, 1), terms={"value": lambda model: model()})
    line = directions.axes(objective, "at[0]")
    landscape = explorer.sweep(objective, line, Grid({"at[0]": (-4, 9, 61)}), progress=False, report=False)
    tree = topology(landscape, refine=objective)
    down = -np.arcsin(0.01)
    kept = np.sort(tree.refined_at.values[tree.refined_kind.values == "minimum"].ravel())
    np.testing.assert_allclose(kept, [down, 2 * np.pi + down], atol=1e-12)
    tops = tree.refined_pass_at.values[tree.confirmed.values].ravel()
    np.testing.assert_allclose(tops, np.pi - down, atol=1e-12)
