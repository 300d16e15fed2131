"""Defects found in published landscape packages, each as a test that this one does not have it."""

import pytest
import torch
from torch import nn

from explorer import Objective, Plane, directions
from explorer.curvature import extreme_eigenvalues, hessian_product
from tests.support.cases import bowl
from tests.support.hessian_cases import bowl_with, in_blocks, network
from tests.support.reference import dense_hessian


def wide(seed=0, normalize=None):
    objective = Objective(nn.Linear(100, 200, bias=False).double(), terms={"sum": lambda m: m.weight.sum()})
    return directions.gaussian(objective, seed=seed, normalize=normalize)


def test_loss_landscapes_draws_directions_uniform_in_0_1():
    drawn = wide().basis
    # P = 20,000 standard normal numbers: mean and variance within five standard errors.
    assert drawn.mean(dim=1).abs().max() < 5 / 20_000**0.5
    assert (drawn.var(dim=1) - 1).abs().max() < 5 * (2 / 20_000) ** 0.5
    assert ((drawn < 0).double().mean(dim=1) - 0.5).abs().max() < 0.02
    # Theirs have a cosine of 3/4.
    assert abs(wide().describe()["cosines"][0]) < 5 / 20_000**0.5


def test_loss_landscapes_normalizes_biases_twice_which_leaves_only_signs():
    torch.manual_seed(0)
    linear = nn.Linear(3, 8).double()
    objective = Objective(linear, terms={"sum": lambda m: m.bias.sum()})
    plane = directions.gaussian(objective, skip=())
    bias = objective.layout.unflatten(plane.basis[0])["bias"]
    assert float(bias.norm()) == pytest.approx(float(linear.bias.detach().norm()), rel=1e-14)
    assert ((bias.abs() - linear.bias.abs()).abs() > 1e-3).all()


def test_loss_landscapes_recomputes_a_norm_while_it_changes():
    """Theirs makes a direction 4.32 long where the weights are sqrt(24) = 4.90."""
    linear = nn.Linear(8, 3, bias=False).double()
    nn.init.ones_(linear.weight)
    objective = Objective(linear, terms={"sum": lambda m: m.weight.sum()})
    for normalize in ("filter", "layer"):
        found = directions.gaussian(objective, count=1, normalize=normalize).basis.norm()
        assert float(found) == pytest.approx(24**0.5, rel=1e-14)


def test_tomgoldstein_reports_the_largest_eigenvalue_as_the_smallest():
    """eigsh with a shift of 0.51 lambda_max returns min = 10 for the spectrum 1, 2, ..., 10."""
    objective, _ = bowl_with(torch.arange(1, 11))
    assert directions.hessian(objective, which="smallest").made["eigenvalues"] == pytest.approx([1, 2], abs=1e-13)
    found = extreme_eigenvalues(hessian_product(objective, objective.theta), objective.theta, tolerance=1e-12)
    assert (found.low, found.high) == pytest.approx((1, 10), abs=1e-12)


def test_tomgoldstein_sums_the_means_of_batches():
    objective = in_blocks(network(4), 3)
    exact = torch.linalg.eigvalsh(dense_hessian(network(4), objective.theta))
    found = directions.hessian(objective, count=1).made["eigenvalues"][0]
    assert found == pytest.approx(exact[-1].item(), rel=1e-13)
    parts = torch.stack([dense_hessian(part, objective.theta) for part in objective.parts()])
    assert torch.linalg.eigvalsh(parts.sum(0))[-1] > 1.4 * found


def test_tomgoldstein_projects_by_a_dot_product_over_the_length():
    """Theirs reads the true (0.7, -0.4) as (3.26, 0.045) on directions that are long and oblique."""
    basis = torch.tensor([[3.0, 4.0, 0.0], [1.0, 1.0, 0.5]], dtype=torch.float64)
    plane = Plane(torch.zeros(3, dtype=torch.float64), basis)
    theta = plane.at([0.7, -0.4])
    assert plane.coordinates(theta).tolist() == pytest.approx([0.7, -0.4], abs=1e-15)
    theirs = theta @ basis.T / basis.norm(dim=1)
    assert (theirs - torch.tensor([0.7, -0.4])).abs().min() > 0.5


def test_pyhessian_divides_by_norm_plus_1e_6():
    """Their eigenvalue comes out 2e-6 low, and one of 1e-6 is lost altogether."""
    for scale in (1.0, 1e-6):
        objective, _ = bowl_with(scale * torch.tensor([1.0, 2.0, 6.2153927], dtype=torch.float64))
        found = directions.hessian(objective, count=1)
        assert found.made["eigenvalues"][0] == pytest.approx(scale * 6.2153927, rel=1e-13)
        assert found.describe()["norms"] == pytest.approx([1.0], rel=1e-15)


def test_pyhessian_returns_the_largest_magnitude_as_the_top_eigenvalue():
    objective, _ = bowl_with([-9.0, 1.0, 4.0])
    assert directions.hessian(objective, count=1).made["eigenvalues"] == pytest.approx([4], abs=1e-13)
    size = directions.hessian(objective, count=1, which="magnitude")
    assert size.made["eigenvalues"] == pytest.approx([-9], abs=1e-13)


def test_landscaper_normalizes_eigenvectors_by_layer_so_that_they_are_none():
    objective = network(20)
    plane = directions.hessian(objective)
    exact = dense_hessian(objective, objective.theta)
    for value, vector in zip(plane.made["eigenvalues"], plane.basis, strict=True):
        torch.testing.assert_close(exact @ vector, value * vector, rtol=0, atol=1e-13)
        assert float(vector.norm()) == pytest.approx(1, rel=1e-14)


def test_landscaper_scales_displacements_by_the_length_of_theta():
    _, objective = bowl()
    plane = directions.gaussian(objective.to(dtype=torch.float64), normalize="dlayer", skip=())
    theta = plane.at([1.0, 0.0])
    assert torch.equal(theta, objective.theta + plane.basis[0])


def test_loss_landscape_anim_ignores_seed_0():
    assert torch.equal(wide(seed=0).basis, wide(seed=0).basis)
    assert not torch.equal(wide(seed=0).basis, wide(seed=1).basis)
    torch.manual_seed(5)
    first = wide(seed=0).basis
    torch.manual_seed(6)
    assert torch.equal(first, wide(seed=0).basis)
