"""Landscapes whose every value is known: quadratics, classic test functions, deep linear networks."""

from functools import partial

import numpy as np
import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, Plane, directions
from tests.support.cases import bowl, least_squares

sweep = partial(explorer.sweep, quantities=("loss", "gradient"), report=False)
ALL = ("loss", "gradient", "gradient_norm", "curvature")


class TwoNumbers(nn.Module):
    """A function of two parameters x and y."""

    def __init__(self, function):
        super().__init__()
        self.x, self.y = (nn.Parameter(torch.zeros((), dtype=torch.float64)) for _ in range(2))
        self.function = function

    def forward(self):
        return self.function(self.x, self.y)


def rosenbrock(x, y):
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def himmelblau(x, y):
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def beale(x, y):
    return (1.5 - x + x * y) ** 2 + (2.25 - x + x * y**2) ** 2 + (2.625 - x + x * y**3) ** 2


def objective_of(function):
    return Objective(TwoNumbers(function), terms={"value": lambda model: model()})


# Each has minima of value 0 at points of the grid or known to the digits given.
MINIMA = {
    rosenbrock: [(1.0, 1.0)],
    himmelblau: [
        (3.0, 2.0),
        (-2.805118086952745, 3.131312518250573),
        (-3.779310253377747, -3.283185991286170),
        (3.584428340330492, -1.848126526964404),
    ],
    beale: [(3.0, 0.5)],
}


@pytest.mark.parametrize("function", MINIMA)
def test_the_surface_is_the_function_and_its_derivatives(function):
    objective = objective_of(function)
    grid = Grid({"x": (-4.0, 4.0, 17), "y": (-2.0, 3.0, 11)})
    found = sweep(objective, directions.axes(objective, "x", "y"), grid, quantities=ALL)
    x, y = np.meshgrid(*grid.values.values(), indexing="ij")
    # Polynomials of degree 8 and values up to 1e5: a hundred roundings of the largest.
    scale = np.abs(function(x, y)).max()
    np.testing.assert_allclose(found["loss"] / scale, function(x, y) / scale, rtol=0, atol=2e-14)
    x, y = (torch.from_numpy(each).requires_grad_() for each in (x, y))
    slopes = torch.autograd.grad(function(x, y).sum(), (x, y))
    np.testing.assert_allclose(found["gradient"] / scale, np.stack(slopes, -1) / scale, rtol=0, atol=1e-12)


@pytest.mark.parametrize(("function", "minimum"), [(f, at) for f, places in MINIMA.items() for at in places])
def test_minima_are_where_they_are_known_to_be(function, minimum):
    objective = objective_of(function)
    plane = Plane(torch.tensor(minimum, dtype=torch.float64), torch.eye(2, dtype=torch.float64), ("x", "y"))
    found = sweep(objective, plane, Grid.square(0.01, 3, ("x", "y")), quantities=ALL)
    here = found.sel(x=0.0, y=0.0)
    # Known to 16 digits, in squares: 1e-15 squared, times slopes of a hundred.
    assert abs(float(here["loss"])) < 1e-26
    assert float(here["gradient_norm"]) < 1e-12
    assert (np.linalg.eigvalsh(here["curvature"].values) > 0).all()
    assert float(found["loss"].min()) == float(here["loss"])


def test_rosenbrocks_hessian_at_its_minimum():
    objective = objective_of(rosenbrock)
    plane = Plane(torch.ones(2, dtype=torch.float64), torch.eye(2, dtype=torch.float64), ("x", "y"))
    found = sweep(objective, plane, Grid.square(1.0, 3, ("x", "y")), quantities=("curvature",))
    assert found["curvature"].sel(x=0.0, y=0.0).values.tolist() == [[802.0, -400.0], [-400.0, 200.0]]


@pytest.mark.parametrize("seed", range(5))
def test_any_slice_of_linear_regression_is_a_paraboloid(seed):
    case = least_squares(samples=30, parameters=6, seed=seed)
    generator = torch.Generator().manual_seed(seed + 100)
    basis = torch.randn(2, 6, generator=generator, dtype=torch.float64)
    plane = Plane(torch.randn(6, generator=generator, dtype=torch.float64), basis)
    grid = Grid({"alpha": (-2.0, 1.0, 5), "beta": (-0.5, 3.0, 4)})
    found = sweep(case.objective, plane, grid, quantities=ALL)
    coords = torch.from_numpy(grid.coords)
    slope = basis @ case.gradient(plane.origin)
    hessian = basis @ case.hessian @ basis.T
    exact = case.loss(plane.origin) + coords @ slope + ((coords @ hessian) * coords).sum(1) / 2
    # Sums of 30 x 6 products of order 10: 1000 eps of values of order 100.
    np.testing.assert_allclose(found["loss"].values.reshape(-1), exact, rtol=0, atol=2e-11)
    np.testing.assert_allclose(found["gradient"].values.reshape(-1, 2), slope + coords @ hessian, rtol=0, atol=2e-11)
    np.testing.assert_allclose(found["curvature"].values, np.broadcast_to(hessian, (5, 4, 2, 2)), rtol=0, atol=2e-11)


class DeepLinear(nn.Module):
    """y = w_n ... w_1 x, one number a layer."""

    def __init__(self, depth):
        super().__init__()
        self.w = nn.Parameter(torch.ones(depth, dtype=torch.float64))

    def forward(self):
        return (self.w.prod() - 1) ** 2


def test_the_product_of_two_has_a_hyperbola_of_minima_and_a_saddle():
    """(p q - 1)^2, Baldi and Hornik 1989 with one unit: minima pq = 1 with eigenvalues 0 and 2 (p^2 + q^2)."""
    objective = Objective(DeepLinear(2), terms={"loss": lambda model: model()})
    plane = directions.axes(objective, "w[0]", "w[1]")
    grid = Grid({"w[0]": (-2.0, 2.0, 9), "w[1]": (-2.0, 2.0, 9)})
    found = sweep(objective, plane, grid, quantities=ALL)
    for p in (-2.0, -1.0, -0.5, 0.5, 1.0, 2.0):
        here = found.sel({"w[0]": p, "w[1]": 1 / p})
        assert float(here["loss"]) == float(here["gradient_norm"]) == 0.0
        np.testing.assert_allclose(
            np.linalg.eigvalsh(here["curvature"].values), [0, 2 * (p**2 + 1 / p**2)], rtol=0, atol=1e-14
        )
    saddle = found.sel({"w[0]": 0.0, "w[1]": 0.0})
    assert (float(saddle["loss"]), float(saddle["gradient_norm"])) == (1.0, 0.0)
    np.testing.assert_allclose(np.linalg.eigvalsh(saddle["curvature"].values), [-2, 2], rtol=0, atol=1e-15)


def test_critical_points_of_a_deep_linear_network():
    """Critical losses are tr(Syy) minus a subset of the eigenvalues of Syx Sxx^-1 Sxy (Baldi and Hornik 1989)."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(40, 3, generator=generator, dtype=torch.float64)
    y = x @ torch.randn(3, 3, generator=generator, dtype=torch.float64) + torch.randn(
        40, 3, generator=generator, dtype=torch.float64
    )
    sxx, syx, syy = (a.T @ b / len(x) for a, b in ((x, x), (y, x), (y, y)))
    values, vectors = torch.linalg.eigh(syx @ torch.linalg.inv(sxx) @ syx.T)
    model = nn.Sequential(nn.Linear(3, 1, bias=False), nn.Linear(1, 3, bias=False)).double()
    for which in range(3):
        u = vectors[:, which : which + 1]
        with torch.no_grad():
            model[1].weight.copy_(u)
            model[0].weight.copy_(u.T @ syx @ torch.linalg.inv(sxx))
        # The mean over 3 outputs is a third of the sum over them.
        objective = Objective(model, nn.MSELoss(), (x, y))
        plane = directions.gaussian(objective)
        here = sweep(objective, plane, Grid.square(1.0, 3), quantities=("loss", "gradient_norm")).sel(alpha=0, beta=0)
        assert float(here["loss"]) == pytest.approx(float(syy.trace() - values[which]) / 3, rel=1e-13)
        assert float(here["gradient_norm"]) < 1e-13


# Defects of published tools, each by the name of the package; the numbers are those of the defect.


def linear_plane(points):
    """L(w, b) = 100 w + b, read back."""
    objective = Objective(TwoNumbers(lambda x, y: 100 * x + y), terms={"value": lambda model: model()})
    grid = Grid({"x": (-1.0, 2.0, points[0]), "y": (0.25, 1.0, points[1])})
    return sweep(objective, directions.axes(objective, "x", "y"), grid, quantities=("loss",)), grid


def test_loss_landscapes_shifts_every_other_row():
    """Its serpentine grid samples even rows at columns 1..n and odd rows at 0..n-1."""
    found, _ = linear_plane((4, 4))
    for row in found["loss"].values:
        np.testing.assert_allclose(row - row[0], [0.0, 0.25, 0.5, 0.75], rtol=0, atol=1e-13)


def test_loss_landscapes_leaves_out_the_start_of_a_line():
    _, objective = bowl()
    line = directions.between(objective.theta, objective.theta + 1.0)
    found = sweep(objective, line, Grid({"alpha": (0.0, 1.0, 5)}), quantities=("loss",))
    assert float(found["loss"][0]) == float(objective(objective.theta))
    assert float(found["loss"][-1]) == pytest.approx(float(objective(objective.theta + 1.0)), rel=1e-14)


@pytest.mark.parametrize("points", [(3, 2), (2, 7), (5, 4)])
def test_tomgoldstein_scrambles_grids_that_are_not_square(points):
    found, grid = linear_plane(points)
    assert found["loss"].shape == points
    x, y = grid.values.values()
    np.testing.assert_allclose(found["loss"], 100 * x[:, None] + y[None, :], rtol=0, atol=1e-13)


def test_tomgoldstein_recomputes_zeros_for_ever(tmp_path, monkeypatch):
    """It marks points to do by a value <= 0: an exact 0 is computed at every resume, a NaN never."""
    objective = Objective(TwoNumbers(lambda x, y: 0 * x), terms={"value": lambda model: model()})
    plane, grid = directions.axes(objective, "x", "y"), Grid.square(1.0, 3, ("x", "y"))
    sweep(objective, plane, grid, store=tmp_path / "x.zarr")
    monkeypatch.setattr("explorer.sweeps.run.fill", None)
    assert (sweep(objective, plane, grid, store=tmp_path / "x.zarr")["loss"] == 0).all()


def test_tomgoldstein_refuses_an_axis_that_begins_at_zero():
    """`assert args.ymin and ...` takes 0 for missing."""
    found, _ = linear_plane((3, 3))
    assert Grid({"x": (0, 1, 3)}).values["x"].tolist() == [0.0, 0.5, 1.0]
    assert found.sizes == {"x": 3, "y": 3}


def test_landscaper_replaces_nan_by_the_mean_and_adds_noise_to_the_maximum():
    objective = Objective(TwoNumbers(lambda x, y: x.sqrt() + y), terms={"value": lambda model: model()})
    plane, grid = directions.axes(objective, "x", "y"), Grid.square(1.0, 3, ("x", "y"))
    first, second = (sweep(objective, plane, grid, quantities=("loss",)) for _ in range(2))
    assert np.isnan(first["loss"].values[0]).all()
    assert first["loss"].values[2].tolist() == [0.0, 1.0, 2.0]
    np.testing.assert_array_equal(first["loss"], second["loss"])


def test_landscaper_labels_points_that_it_did_not_evaluate():
    """Its label -1 was evaluated at -(steps - 1) / steps: here a coordinate is where theta was."""
    objective = Objective(TwoNumbers(lambda x, y: x + 0 * y), terms={"value": lambda model: model()})
    found = sweep(
        objective, directions.axes(objective, "x", "y"), Grid.square(1.0, 5, ("x", "y")), quantities=("loss",)
    )
    np.testing.assert_array_equal(found["loss"].values[:, 0], found["x"].values)


def test_walking_the_plane_in_steps_drifts():
    """loss-landscapes and landscaper add steps to float32 weights in place; here each theta is computed afresh."""
    torch.manual_seed(0)
    plane = Plane(torch.randn(1000), torch.randn(2, 1000))
    exact = plane.to(dtype=torch.float64)
    coords = torch.tensor([0.9, -0.7])
    walked = plane.origin.clone()
    for _ in range(50):
        walked += coords[0] / 50 * plane.basis[0]
    for _ in range(50):
        walked += coords[1] / 50 * plane.basis[1]
    truth = exact.at(coords.double())
    direct, drifted = ((each.double() - truth).abs().max() for each in (plane.at(coords), walked))
    # Two products and two sums of numbers up to 8, each rounded once: 4 * 8 * 6e-8 / 2.
    assert direct < 1e-6
    assert drifted > 2 * direct


def test_loss_landscape_3d_perturbs_the_running_statistics():
    """Directions made from the state_dict turn variances negative: 115 of 121 cells were NaN."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 16), nn.BatchNorm1d(16), nn.ReLU(), nn.Linear(16, 1)).double()
    x = torch.randn(32, 2, dtype=torch.float64)
    objective = Objective(model, nn.MSELoss(), (x, x.prod(1, keepdim=True)))
    assert not [name for name in objective.layout.shapes if "running" in name]
    found = sweep(objective, directions.gaussian(objective, normalize=None), Grid.square(1.0, 11), quantities=("loss",))
    assert np.isfinite(found["loss"]).all()


def test_pylandscape_returns_a_constant():
    """Its random_surface never moves the model."""
    _, objective = bowl()
    found = sweep(objective, Plane(objective.theta, torch.eye(5, dtype=torch.float64)[:2]), Grid.square(1.0, 5))
    assert len(np.unique(found["loss"])) == 25


def test_gradfield_takes_finite_differences_for_the_gradient():
    """A difference of grid values is wrong by the cell's square; autograd is exact at every point."""
    objective = objective_of(beale)
    found = sweep(objective, directions.axes(objective, "x", "y"), Grid({"x": (0, 4, 5), "y": (0, 1, 5)}))
    differences = np.gradient(found["loss"].values, found["x"].values, axis=0)
    x = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    (exact,) = torch.autograd.grad(beale(x, torch.tensor(0.5, dtype=torch.float64)), x)
    assert float(found["gradient"].sel(x=2.0, y=0.5, direction="x")) == pytest.approx(float(exact), rel=1e-14)
    assert abs(differences[2, 2] - float(exact)) < 1e-12  # quadratic in x: here differences happen to be right
    assert abs(np.gradient(found["loss"].values, found["y"].values, axis=1)[2, 2] - float(
        found["gradient"].sel(x=2.0, y=0.5, direction="y"))) > 0.1  # fmt: skip
