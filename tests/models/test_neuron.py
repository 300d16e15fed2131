"""The neuron's surface: closed forms, the laws it obeys, and the study built on it."""

import itertools
import math

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor
from torch.func import functional_call, grad, hessian, jvp

import experiments
import models
from experiments.derivatives import local, tanh_slope
from experiments.neuron import NEURON
from experiments.own import own
from experiments.targets import TARGETS
from models.losses import MAE, MSE, Huber, LogCosh

LOSSES = {"mse": MSE(), "mae": MAE(), "huber": Huber(0.25), "log_cosh": LogCosh()}
SETS = ["two_points", "outliers", "wild_outlier", "mirror", "noisy"]


def surface(loss, x: Tensor, y: Tensor):
    model = models.MODELS["tanh_neuron"]()

    def value(theta: Tensor) -> Tensor:
        return loss(functional_call(model, {"w": theta[0], "b": theta[1]}, (x,)), y)

    return value


def somewhere(count: int = 20, seed: int = 0) -> Tensor:
    return 2 * torch.randn(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def test_the_catalogue_offers_the_neuron():
    assert experiments.STUDIES["neuron"] is NEURON
    assert experiments.TARGETS is TARGETS
    assert NEURON.losses is models.LOSSES


def test_parameters_are_scalars_named_w_and_b():
    model = models.MODELS["tanh_neuron"](0.5, -1.0)
    assert [(name, p.shape, p.dtype) for name, p in model.named_parameters()] == [
        ("w", torch.Size([]), torch.float64),
        ("b", torch.Size([]), torch.float64),
    ]
    x = torch.linspace(-2, 2, 5, dtype=torch.float64)
    torch.testing.assert_close(model(x), torch.tanh(0.5 * x - 1), rtol=1e-15, atol=0)
    assert models.MODELS["tanh_neuron"](dtype=torch.float32)(x.float()).dtype == torch.float32


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
@pytest.mark.parametrize("name", SETS)
def test_closed_form_derivatives_are_those_of_autograd(name, loss):
    x, y = TARGETS[name].x, TARGETS[name].y
    value = surface(loss, x, y)
    thetas = somewhere()
    found = local(loss, thetas, x, y)
    for i, theta in enumerate(thetas):
        # Sums of up to 15 terms below |x|^2 max|ell'| = 4 * 8, each good to a few 1e-16.
        torch.testing.assert_close(found.value[i], value(theta), rtol=1e-14, atol=1e-15)
        torch.testing.assert_close(found.gradient[i], grad(value)(theta), rtol=1e-12, atol=1e-13)
        torch.testing.assert_close(found.matrix[i], hessian(value)(theta), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_forward_over_reverse_passes_through_the_neuron(loss):
    value = surface(loss, TARGETS["noisy"].x, TARGETS["noisy"].y)
    theta, vector = torch.tensor([0.7, -0.2], dtype=torch.float64), torch.tensor([1.0, 2.0], dtype=torch.float64)
    product = jvp(grad(value), (theta,), (vector,))[1]
    torch.testing.assert_close(product, hessian(value)(theta) @ vector, rtol=1e-13, atol=1e-15)


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_derivatives_agree_with_differences(loss):
    value = surface(loss, TARGETS["outliers"].x, TARGETS["outliers"].y)
    theta = torch.tensor([0.71, -0.23], dtype=torch.float64, requires_grad=True)
    assert torch.autograd.gradcheck(value, theta)
    assert torch.autograd.gradgradcheck(value, theta)


def test_the_slope_of_tanh_keeps_its_digits_where_tanh_is_saturated():
    z = torch.tensor([0.0, 0.5, 15.0, 25.0, 300.0], dtype=torch.float64)
    exact = torch.tensor([1 / math.cosh(v) ** 2 for v in z.tolist()], dtype=torch.float64)
    # The exponential of 600 carries 600 roundings of 1e-16 of its argument.
    torch.testing.assert_close(tanh_slope(z), exact, rtol=1e-13, atol=0)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.integers(-20, 20).map(lambda k: k / 10), min_size=2, max_size=8, unique=True),
    *(st.floats(-1.5, 1.5) for _ in range(4)),
    st.sampled_from(list(LOSSES)),
)
def test_the_gradient_points_away_from_an_exact_fit(x, w, b, w_star, b_star, name):
    """grad L . (theta - theta*) = mean ell'(r) s (z - z*) > 0: r and z - z* have the same sign."""
    inputs = torch.tensor(x, dtype=torch.float64)
    theta, star = torch.tensor([w, b], dtype=torch.float64), torch.tensor([w_star, b_star], dtype=torch.float64)
    away = theta - star
    if float(away.norm()) < 1e-3:
        return
    value = surface(LOSSES[name], inputs, torch.tanh(star[0] * inputs + star[1]))
    assert float(grad(value)(theta) @ away) > 0


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_odd_data_make_the_surface_symmetric_in_b_and_even_data_in_w(loss):
    for name, mirrored in (("sloped_line", (1, -1)), ("step_labels", (1, -1)), ("mirror", (-1, 1))):
        value = surface(loss, TARGETS[name].x, TARGETS[name].y)
        for theta in somewhere():
            turned = theta * torch.tensor(mirrored, dtype=torch.float64)
            # The same terms in another order.
            torch.testing.assert_close(value(turned), value(theta), rtol=1e-15, atol=1e-16)


def test_huber_is_half_mse_where_every_residual_is_small():
    two = TARGETS["two_points"]
    theta = torch.tensor([1.0, 0.25], dtype=torch.float64)
    assert float((torch.tanh(theta[0] * two.x + theta[1]) - two.y).abs().max()) <= 0.25
    torch.testing.assert_close(
        surface(Huber(0.25), two.x, two.y)(theta), surface(MSE(), two.x, two.y)(theta) / 2, rtol=1e-15, atol=0
    )


def test_huber_is_delta_mae_where_every_residual_is_large():
    two, delta = TARGETS["two_points"], 0.25
    theta = torch.tensor([-3.0, 0.0], dtype=torch.float64)
    assert float((torch.tanh(theta[0] * two.x + theta[1]) - two.y).abs().min()) >= delta
    expected = delta * surface(MAE(), two.x, two.y)(theta) - delta**2 / 2
    torch.testing.assert_close(surface(Huber(delta), two.x, two.y)(theta), expected, rtol=1e-14, atol=0)


def test_huber_with_a_delta_of_two_never_leaves_the_parabola():
    noisy = TARGETS["noisy"]
    for theta in somewhere():
        half = surface(MSE(), noisy.x, noisy.y)(theta) / 2
        torch.testing.assert_close(surface(Huber(2.0), noisy.x, noisy.y)(theta), half, rtol=1e-15, atol=0)


@pytest.mark.parametrize(("point", "printed"), [(0, 0.905097), (1, 0.509117)])
def test_the_slope_of_mae_jumps_across_its_kinks(point, printed):
    """Across the line of point i, along its unit normal, by 2 (1 - y_i^2) |(x_i, 1)| / N."""
    two = TARGETS["two_points"]
    p, q, c = NEURON.kinks(two)[point]
    normal = torch.tensor([p, q], dtype=torch.float64) / math.hypot(p, q)
    # Somewhere on the line, away from the other kink.
    on_line = torch.tensor([p, q], dtype=torch.float64) * c / (p * p + q * q)
    slope = grad(surface(MAE(), two.x, two.y))
    # The gradient changes by its Lipschitz constant (below 2) times the distance 2e-9 besides the jump.
    jump = float((slope(on_line + 1e-9 * normal) - slope(on_line - 1e-9 * normal)) @ normal)
    y = float(two.y[point])
    assert jump == pytest.approx(2 * (1 - y * y) * math.hypot(p, q) / 2, abs=1e-8)
    assert jump == pytest.approx(printed, abs=1e-6)


def test_kinks_are_where_a_residual_vanishes():
    for target in TARGETS.values():
        lines = NEURON.kinks(target)
        assert len(lines) == int((target.y.abs() < 1).sum())
        for p, q, c in lines:
            w = 0.7
            z = w * target.x + (c - p * w) / q
            # Rounding of atanh, grown by its slope 1 / (1 - y^2) < 51, and undone by tanh.
            assert float((torch.tanh(z) - target.y).abs().min()) < 1e-14


def test_repeated_points_have_one_kink():
    twice = torch.tensor([0.5, 0.5, 1.0], dtype=torch.float64)
    assert len(NEURON.kinks(own(twice, twice / 2))) == 2


@pytest.mark.parametrize("loss", LOSSES.values(), ids=LOSSES)
def test_stages_lead_from_parameters_to_loss(loss):
    target = TARGETS["outliers"]
    model = NEURON.model()
    model.load_state_dict({"w": torch.tensor(0.7), "b": torch.tensor(-0.3)})
    stages = NEURON.stages(model, target.x, target.y, loss)
    assert list(stages) == ["z", "yhat", "r", "ell", "L"]
    assert all(stages[name].shape == target.x.shape for name in ("z", "yhat", "r", "ell"))
    torch.testing.assert_close(stages["yhat"], model(target.x), rtol=1e-15, atol=0)
    torch.testing.assert_close(stages["r"], stages["yhat"] - target.y, rtol=0, atol=0)
    torch.testing.assert_close(stages["ell"], loss.pointwise(stages["r"]), rtol=1e-15, atol=0)
    torch.testing.assert_close(stages["L"], loss(model(target.x), target.y), rtol=1e-15, atol=0)
    gradient = torch.autograd.grad(stages["L"], list(model.parameters()))
    expected = torch.autograd.grad(loss(model(target.x), target.y), list(model.parameters()))
    torch.testing.assert_close(gradient, expected, rtol=1e-14, atol=1e-16)


def test_stages_take_a_loss_that_is_only_a_mean():
    def cubic(prediction: Tensor, target: Tensor) -> Tensor:
        return (prediction - target).abs().pow(3).mean()

    target = TARGETS["mirror"]
    stages = NEURON.stages(NEURON.model(), target.x, target.y, cubic)
    torch.testing.assert_close(stages["ell"], stages["r"].abs().pow(3), rtol=1e-15, atol=0)


@pytest.mark.parametrize("name", ["two_points", "offset_line", "short_baseline", "two_readings", "one_point"])
def test_the_window_of_own_points_holds_their_minima(name):
    target = own(TARGETS[name].x, TARGETS[name].y)
    assert target.name == "own"
    assert all(float(edge).is_integer() for edge in itertools.chain(*target.window.values()))
    (w_low, w_high), (b_low, b_high) = target.window["w"], target.window["b"]
    for loss in (MSE(), MAE()):
        for minimum in NEURON.minima(target, loss).points:
            w, b = minimum.theta
            if max(abs(w), abs(b)) <= 12:
                assert w_low < w < w_high
                assert b_low < b < b_high


def test_the_window_of_own_points_fits_their_inputs():
    y = torch.tensor([-0.2, 0.3], dtype=torch.float64)
    assert own(torch.tensor([-1.0, 2.0]), y).window == {"w": (-4.0, 4.0), "b": (-4.0, 4.0)}
    narrow = own(torch.tensor([-0.2, 0.2]), y).window
    assert narrow["w"][1] > 4
    assert narrow["b"] == (-4.0, 4.0)
    assert own(torch.tensor([-90.0, 100.0]), y).window["w"] == (-1.0, 1.0)


@pytest.mark.parametrize(
    ("x", "y", "words"),
    [
        ([], [], "1 to 40 values"),
        ([1.0] * 41, [1.0] * 41, "1 to 40 values"),
        ([1.0, 2.0], [1.0], "1 to 40 values"),
        ([1.0, math.nan], [1.0, 2.0], "between -100 and 100, got nan"),
        ([1.0, 2.0], [1.0, 101.0], "between -100 and 100, got 101"),
    ],
)
def test_own_points_that_cannot_be_shown_are_refused(x, y, words):
    with pytest.raises(ValueError, match=words):
        own(torch.tensor(x), torch.tensor(y))
