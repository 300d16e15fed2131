"""The four losses: torch's own values, closed forms, accuracy against mpmath, and every transform."""

import itertools

import mpmath
import pytest
import torch
from torch import Tensor, nn
from torch.func import grad, hessian, jacfwd, jacrev, jvp, vmap

import models
from models.losses import MAE, MSE, Huber, LogCosh, unreduced

EVERY = [MSE(), MAE(), Huber(1.0), Huber(0.25), LogCosh()]


def sample(count: int = 50, seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(3 * torch.randn(count, generator=generator, dtype=torch.float64) for _ in range(2))


def test_the_menu_names_the_four_losses():
    assert {name: type(make()) for name, make in models.LOSSES.items()} == {
        "mse": MSE,
        "mae": MAE,
        "huber": Huber,
        "log_cosh": LogCosh,
    }
    assert Huber().delta == 0.25


@pytest.mark.parametrize(
    ("ours", "theirs"),
    [
        (MSE(), nn.MSELoss(reduction="none")),
        (MAE(), nn.L1Loss(reduction="none")),
        (Huber(0.25), nn.HuberLoss(reduction="none", delta=0.25)),
        (Huber(1.7), nn.HuberLoss(reduction="none", delta=1.7)),
    ],
    ids=repr,
)
def test_values_are_torchs_element_for_element(ours, theirs):
    prediction, target = sample()
    each = theirs(prediction, target)
    # Both evaluate the same two or three operations; the order may differ in the last digit.
    torch.testing.assert_close(ours.pointwise(prediction - target), each, rtol=4e-16, atol=0)
    torch.testing.assert_close(unreduced(ours, prediction, target), each, rtol=4e-16, atol=0)
    torch.testing.assert_close(ours(prediction, target), each.mean(), rtol=1e-15, atol=0)


def magnitudes(dtype: torch.dtype) -> Tensor:
    fine = torch.logspace(-6, 4, 600, dtype=torch.float64)
    near_the_switch = 1 + torch.linspace(-1e-3, 1e-3, 101, dtype=torch.float64)
    return torch.cat((fine, near_the_switch, torch.tensor([1.0]))).to(dtype)


@pytest.mark.parametrize("sign", [1, -1])
@pytest.mark.parametrize(("dtype", "tolerance"), [(torch.float64, 1e-15), (torch.float32, 1e-6)])
def test_log_cosh_is_accurate_to_rounding(dtype, tolerance, sign):
    residual = sign * magnitudes(dtype)
    with mpmath.workdps(40):
        # The exact number that the float stands for, so that only the formula's own error is measured.
        exact = [mpmath.log(mpmath.cosh(mpmath.mpf(float(r)))) for r in residual]
        error = max(
            abs(mpmath.mpf(float(value)) / truth - 1)
            for value, truth in zip(LogCosh().pointwise(residual), exact, strict=True)
        )
    assert error <= tolerance


def test_log_cosh_is_finite_everywhere_and_never_negative():
    residual = torch.cat((torch.linspace(-1e4, 1e4, 2001), torch.logspace(-300, -1, 500))).double()
    loss = LogCosh()
    value = loss.pointwise(residual)
    slope = vmap(grad(loss.pointwise))(residual)
    bend = vmap(grad(grad(loss.pointwise)))(residual)
    assert bool((value >= 0).all())
    # log cosh has slope tanh and curvature sech^2.
    torch.testing.assert_close(slope, torch.tanh(residual), rtol=1e-14, atol=0)
    torch.testing.assert_close(bend, 1 - torch.tanh(residual).square(), rtol=0, atol=1e-14)
    assert value.isfinite().all()


def test_log_cosh_has_curvature_one_at_zero():
    zero = torch.tensor(0.0, dtype=torch.float64)
    assert float(grad(grad(LogCosh().pointwise))(zero)) == 1.0


def test_mae_counts_its_slope_at_zero_as_zero():
    zero = torch.tensor(0.0, dtype=torch.float64)
    assert float(grad(MAE().pointwise)(zero)) == 0.0


@pytest.mark.parametrize("delta", [0.1, 0.25, 1.0, 3.0])
def test_huber_is_half_mse_inside_and_delta_mae_outside(delta):
    residual, zero = torch.linspace(0.02, 0.98, 49, dtype=torch.float64) * delta, torch.zeros(49, dtype=torch.float64)
    torch.testing.assert_close(Huber(delta)(residual, zero), MSE()(residual, zero) / 2, rtol=1e-15, atol=0)
    beyond = residual + delta
    expected = delta * MAE()(beyond, zero) - delta**2 / 2
    # The subtraction loses at most the digits between delta * |r| and the result, which is at least half of it.
    torch.testing.assert_close(Huber(delta)(beyond, zero), expected, rtol=1e-14, atol=0)


@pytest.mark.parametrize("delta", [0.0, -1.0, float("nan"), float("inf")])
def test_huber_refuses_a_delta_that_is_no_width(delta):
    with pytest.raises(ValueError, match="delta must be a positive finite number"):
        Huber(delta)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_losses_refuse_shapes_that_would_broadcast(loss):
    with pytest.raises(ValueError, match="same shape"):
        loss(torch.zeros(3), torch.zeros(3, 1))


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_losses_are_even_grow_with_the_error_and_vanish_at_none(loss):
    residual = torch.linspace(0, 5, 101, dtype=torch.float64)
    value = loss.pointwise(residual)
    assert float(value[0]) == 0
    assert bool((value.diff() > 0).all())
    assert torch.equal(value, loss.pointwise(-residual))


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_every_order_of_differentiation_gives_one_hessian(loss):
    prediction, target = sample(6)

    def value(at: Tensor) -> Tensor:
        return loss(at, target)

    twice = {"forward": jacfwd, "reverse": jacrev}
    found = [outer(inner(value))(prediction) for outer, inner in itertools.product(twice.values(), repeat=2)]
    for other in found[1:]:
        # Sums of at most four products of numbers of order one.
        torch.testing.assert_close(other, found[0], rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("loss", EVERY, ids=repr)
def test_forward_over_reverse_is_the_hessian_times_a_vector(loss):
    prediction, target = sample(6)
    vector = torch.linspace(-1, 1, 6, dtype=torch.float64)

    def value(at: Tensor) -> Tensor:
        return loss(at, target)

    product = jvp(grad(value), (prediction,), (vector,))[1]
    torch.testing.assert_close(product, hessian(value)(prediction) @ vector, rtol=1e-14, atol=1e-16)


@pytest.mark.parametrize("loss", [MSE(), Huber(1.0), LogCosh()], ids=repr)
def test_derivatives_agree_with_differences(loss):
    prediction, target = sample(8)
    assert torch.autograd.gradcheck(lambda at: loss(at, target), prediction.requires_grad_())
    assert torch.autograd.gradgradcheck(lambda at: loss(at, target), prediction)
