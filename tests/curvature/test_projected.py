import pytest
import torch
from torch import nn
from torch.func import grad, vmap

from explorer import Objective
from explorer.curvature import (
    backward_over_backward,
    forward_over_reverse,
    product_for,
    projected_hessian,
    projected_hessian_by_backward,
    reverse_over_reverse,
)
from tests.support.cases import bowl, least_squares, neuron
from tests.support.reference import dense_hessian

# The first forward-mode derivative in a process loads code of PyTorch that warns about PyTorch.

PRODUCTS = [forward_over_reverse, reverse_over_reverse, backward_over_backward]
# Sums of P <= 5 and D <= 20 products of order 10: rounding below 100 * 10 * eps = 2e-13.
CLOSE = {"rtol": 0, "atol": 2e-13}


def draw(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.mark.parametrize("product", PRODUCTS)
@pytest.mark.parametrize("seed", range(3))
def test_products_with_a_given_hessian(product, seed):
    model, objective = bowl(seed=seed)
    vector = draw(5, seed=seed + 10)
    torch.testing.assert_close(product(objective, draw(5), vector), model.hessian @ vector, **CLOSE)


@pytest.mark.parametrize("product", PRODUCTS)
def test_products_for_least_squares(product):
    case = least_squares()
    vector = draw(4, seed=5)
    torch.testing.assert_close(product(case.objective, draw(4), vector), case.hessian @ vector, **CLOSE)


@pytest.mark.parametrize("product", [forward_over_reverse, reverse_over_reverse])
def test_projected_hessian_is_the_dense_one_seen_in_the_basis(product):
    model = nn.Sequential(nn.Linear(1, 2), nn.Tanh(), nn.Linear(2, 1)).double()
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)[:, None]
    objective = Objective(model, lambda p, t: (p - t).square().mean(), (x, x**2))
    theta, basis = draw(7, seed=1), draw(2, 7, seed=2)
    expected = basis @ dense_hessian(objective, theta) @ basis.T
    torch.testing.assert_close(projected_hessian(objective, theta, basis, product), expected, **CLOSE)
    torch.testing.assert_close(projected_hessian_by_backward(objective, theta, basis), expected, **CLOSE)


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.7, -0.2), (-3.0, 2.0)])
def test_neuron_hessian_is_the_hand_derived_one(place):
    case = neuron()
    theta = torch.tensor(place, dtype=torch.float64)
    found = projected_hessian(case.objective, theta, torch.eye(2, dtype=torch.float64))
    torch.testing.assert_close(found, case.hessian(*place), **CLOSE)
    torch.testing.assert_close(found, found.T, **CLOSE)


def test_many_points_at_once():
    case = neuron()
    thetas = draw(6, 2)
    objective, basis = case.objective, torch.eye(2, dtype=torch.float64)
    found = vmap(lambda theta: projected_hessian(objective, theta, basis))(thetas)
    expected = torch.stack([case.hessian(*theta.tolist()) for theta in thetas])
    torch.testing.assert_close(found, expected, **CLOSE)


def test_the_product_falls_back_where_forward_mode_is_missing():
    class OneWay(torch.autograd.Function):
        generate_vmap_rule = True

        @staticmethod
        def forward(x):
            return x**3

        @staticmethod
        def setup_context(ctx, inputs, output):
            ctx.save_for_backward(*inputs)

        @staticmethod
        def backward(ctx, slope):
            return 3 * ctx.saved_tensors[0] ** 2 * slope

    def cubic(theta):
        return OneWay.apply(theta).sum()

    theta = draw(3)
    product = product_for(cubic, theta)
    assert product is reverse_over_reverse
    torch.testing.assert_close(product(cubic, theta, torch.ones_like(theta)), 6 * theta, **CLOSE)
    assert product_for(bowl()[1], draw(5)) is forward_over_reverse


def test_a_flat_objective_has_no_curvature_by_backward():
    slope = draw(3)
    basis = draw(2, 3, seed=1)
    found = projected_hessian_by_backward(lambda theta: theta @ slope, draw(3, seed=2), basis)
    assert torch.equal(found, torch.zeros(2, 2, dtype=torch.float64))
    assert torch.equal(grad(lambda theta: theta @ slope)(draw(3)), slope)


@pytest.mark.parametrize("kind", ["constant", "does not reach theta again"])
def test_what_depends_on_no_parameter_has_no_curvature_by_backward(kind):
    free = torch.ones(3, dtype=torch.float64, requires_grad=True)
    f = {
        "constant": lambda theta: torch.ones((), dtype=torch.float64),
        # Its gradient hangs on another leaf.
        "does not reach theta again": lambda theta: theta @ free + 0 * (free**2).sum(),
    }[kind]
    theta, basis = draw(3), draw(2, 3, seed=1)
    assert torch.equal(projected_hessian_by_backward(f, theta, basis), torch.zeros(2, 2, dtype=torch.float64))
    assert torch.equal(backward_over_backward(f, theta, basis[0]), torch.zeros(3, dtype=torch.float64))
