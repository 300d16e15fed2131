"""Products with a Hessian from one kept graph of the gradient, and where there is none."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.curvature import full_gradient, gradient_and_product, hessian_product, kept_graph
from tests.support.hessian_cases import in_blocks
from tests.support.reference import dense_hessian


def objective_of(activation):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 5), activation, nn.Linear(5, 2)).double()
    x, y = torch.randn(12, 3, dtype=torch.float64), torch.randn(12, 2, dtype=torch.float64)
    return Objective(model, nn.MSELoss(), (x, y))


def vectors_of(objective):
    return torch.randn(3, objective.layout.size, generator=torch.Generator().manual_seed(1), dtype=objective.dtype)


@pytest.mark.parametrize("activation", [nn.Tanh(), nn.ReLU(), nn.Identity()])
def test_they_are_those_of_the_dense_hessian(activation):
    objective = objective_of(activation)
    theta = objective.theta
    gradient, product = gradient_and_product(objective, theta)
    assert torch.equal(gradient, full_gradient(objective, theta))
    hessian = dense_hessian(objective, theta)
    for vector in vectors_of(objective):
        # Sums of some dozens of numbers of order 1, in another order.
        torch.testing.assert_close(product(vector), hessian @ vector, rtol=1e-12, atol=1e-12)
    assert not gradient.requires_grad
    assert not product(vectors_of(objective)[0]).requires_grad


def test_the_model_is_not_evaluated_again(monkeypatch):
    objective = objective_of(nn.Tanh())
    _, product = gradient_and_product(objective, objective.theta)
    monkeypatch.setattr(Objective, "parts", None)
    assert product(vectors_of(objective)[0]).isfinite().all()


def test_a_slope_that_does_not_depend_on_theta_has_no_curvature():
    objective = Objective(nn.Linear(3, 1).double(), terms={"slope": lambda m: m.weight.sum() + 0 * m.bias.sum()})
    gradient, product = gradient_and_product(objective, objective.theta)
    assert gradient.tolist() == [1, 1, 1, 0]
    assert product(torch.ones_like(gradient)).tolist() == [0, 0, 0, 0]


def test_several_blocks_keep_no_graph():
    blocks = in_blocks(objective_of(nn.Tanh()), 5)
    assert len(list(blocks.parts())) == 3
    assert kept_graph._with_graph(blocks, blocks.theta) is None
    gradient, product = gradient_and_product(blocks, blocks.theta)
    assert torch.equal(gradient, full_gradient(blocks, blocks.theta))
    vector = vectors_of(blocks)[0]
    assert torch.equal(product(vector), hessian_product(blocks, blocks.theta)(vector))


def test_a_large_model_can_be_spared_the_graph():
    objective = objective_of(nn.Tanh())
    vector = vectors_of(objective)[0]
    gradient, product = gradient_and_product(objective, objective.theta, keep=False)
    assert torch.equal(gradient, full_gradient(objective, objective.theta))
    assert torch.equal(product(vector), hessian_product(objective, objective.theta)(vector))


class Forward(torch.autograd.Function):
    """The square, whose second derivative there is in forward mode only."""

    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return x.square()

    @staticmethod
    def setup_context(ctx, inputs, output):
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)

    @staticmethod
    def backward(ctx, slope):
        return Double.apply(ctx.saved_tensors[0]) * slope

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * ctx.saved_tensors[0] * tangent


class Double(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def forward(x):
        return 2 * x

    @staticmethod
    def setup_context(ctx, inputs, output):
        pass

    @staticmethod
    def backward(ctx, slope):
        raise NotImplementedError("forward mode only")

    @staticmethod
    def jvp(ctx, tangent):
        return 2 * tangent


def test_what_cannot_go_back_twice_goes_another_way():
    objective = Objective(nn.Linear(2, 1).double(), terms={"square": lambda m: Forward.apply(m.weight).sum()})
    gradient, product = gradient_and_product(objective, objective.theta)
    assert gradient.tolist() == pytest.approx((2 * objective.theta * torch.tensor([1.0, 1.0, 0.0])).tolist())
    for _ in range(2):
        assert product(torch.tensor([1.0, -2.0, 3.0], dtype=torch.float64)).tolist() == [2, -4, 0]
