"""Laws that optimizers obey on quadratics: closed forms beside the paths of `torch.optim`'s own classes."""

import hypothesis.strategies as st
import numpy as np
import pytest
import torch
from hypothesis import given, settings

from explorer import Objective
from explorer.descent import OPTIMIZERS, descend
from explorer.descent.diagnosis.rate_limits import limits
from explorer.descent.diagnosis.stable_rates import stable_rate
from explorer.descent.optimizers import Method, method_of
from tests.support.cases import Bowl

EPS = 2.0**-53
STEPS = 40

curvatures = st.lists(st.floats(0.1, 10.0), min_size=1, max_size=4)
places = st.floats(-4.0, 4.0).filter(lambda x: abs(x) > 1e-3)
seeds = st.integers(0, 2**31)


def a_bowl(spectrum: list[float], seed: int) -> tuple[Objective, torch.Tensor, torch.Tensor, torch.Tensor]:
    """(objective, Hessian [P, P], center [P], start [P]), with random axes, center and start."""
    generator = torch.Generator().manual_seed(seed)
    size = len(spectrum)
    axes = torch.linalg.qr(torch.randn(size, size, generator=generator, dtype=torch.float64)).Q
    hessian = axes @ torch.diag(torch.tensor(spectrum, dtype=torch.float64)) @ axes.T
    hessian = (hessian + hessian.T) / 2
    center, start = torch.randn(2, size, generator=generator, dtype=torch.float64)
    return Objective(Bowl(hessian, center), terms={"bowl": lambda model: model()}), hessian, center, start


def rounding(hessian: torch.Tensor, start: torch.Tensor, center: torch.Tensor, steps: int) -> float:
    """What a stable path may be off: each step rounds numbers of this size in some ten operations per parameter."""
    return 10 * len(center) * steps * EPS * float(start.norm() + center.norm()) * float(1 + hessian.norm())


@settings(deadline=None, max_examples=30)
@given(curvatures, seeds, st.floats(0.05, 0.95))
def test_gradient_descent_multiplies_the_error_by_one_minus_rate_times_hessian(spectrum, seed, share):
    objective, hessian, center, start = a_bowl(spectrum, seed)
    lr = share * 2 / max(spectrum)
    path = descend(objective, start, "gd", lr, STEPS)
    factor = torch.eye(len(spectrum), dtype=torch.float64) - lr * hessian
    expected = torch.stack([torch.linalg.matrix_power(factor, k) @ (start - center) for k in range(len(path))])
    # |1 - lr c| < 1 for every curvature c: errors of rounding do not grow.
    torch.testing.assert_close(path.thetas - center, expected, rtol=0, atol=rounding(hessian, start, center, STEPS))


@settings(deadline=None, max_examples=30)
@given(curvatures, seeds, st.floats(0.02, 0.5), st.booleans())
def test_gradient_descent_is_stable_if_and_only_if_the_rate_is_below_the_limit(spectrum, seed, away, above):
    objective, hessian, center, start = a_bowl(spectrum, seed)
    limit = limits(objective, center).stable_rate
    steepest = torch.linalg.eigh(hessian).eigenvectors[:, -1]
    start = center + steepest
    path = descend(objective, start, "gd", limit * (1 + away if above else 1 - away), STEPS)
    lengths = torch.linalg.vector_norm(path.thetas - center, dim=1)
    # Along the steepest axis a step multiplies the error by 1 - 2 (1 +- away).
    assert bool((lengths.diff() > 0).all()) if above else float(lengths[-1]) < 1


@pytest.mark.parametrize("nesterov", [False, True])
@settings(deadline=None, max_examples=40)
@given(st.floats(0.01, 100.0), st.floats(0.05, 0.99))
def test_with_momentum_the_recursion_leaves_the_unit_circle_at_the_limit(nesterov, curvature, momentum):
    method = Method("", torch.optim.SGD, {"momentum": momentum, "nesterov": nesterov})
    limit = stable_rate(method, curvature)

    def largest_root(lr):
        # (velocity, error) -> the next: v' = m v + c e; e' = e - lr v', or e - lr (c e + m v').
        m, c = momentum, curvature
        after = [-lr * m * m, 1 - lr * c * (1 + m)] if nesterov else [-lr * m, 1 - lr * c]
        return max(abs(np.linalg.eigvals(np.array([[m, c], after]))))

    # At the limit a root is -1; near it roots move in proportion to the rate, by more than 1e-4 for 1 %.
    assert largest_root(limit) == pytest.approx(1, abs=1e-6)
    assert largest_root(limit * 1.01) > 1 + 1e-5
    assert largest_root(limit * 0.99) < 1 - 1e-5


@pytest.mark.parametrize("name", ["gd", "momentum", "nesterov"])
def test_paths_keep_to_the_limit(name):
    objective, hessian, center, _ = a_bowl([0.5, 3.0], 4)
    limit = stable_rate(OPTIMIZERS[name], 3.0)
    start = center + torch.linalg.eigh(hessian).eigenvectors[:, -1]
    below, above = (descend(objective, start, name, limit * factor, 800).losses for factor in (0.97, 1.03))
    assert below[-1] < 1e-6 * below[0]
    assert above[-1] > 1e6 * above[0]


def test_weight_decay_adds_to_the_curvature_and_damping_takes_from_the_step():
    assert stable_rate(Method("", torch.optim.SGD, {"weight_decay": 1.0}), 3.0) == 0.5
    assert stable_rate(Method("", torch.optim.SGD, {"momentum": 0.5, "dampening": 0.5}), 3.0) == 2.0


@pytest.mark.parametrize("name", ["rmsprop", "adagrad", "adam", "adamw", "lbfgs"])
def test_other_methods_have_no_limit(name):
    assert stable_rate(method_of(name), 3.0) is None


def test_nothing_that_bends_up_no_limit():
    assert stable_rate(OPTIMIZERS["gd"], 0.0) is None
    assert stable_rate(OPTIMIZERS["gd"], float("nan")) is None
    assert stable_rate(Method("", torch.optim.SGD, {"maximize": True}), 1.0) is None


FIRST_STEPS = {
    # Bias corrections cancel: m = g, v = g^2.
    "adam": lambda g, lr: lr * g / (g.abs() + 1e-8),
    # v = (1 - alpha) g^2 with alpha = 0.99 is a hundredth of g^2: ten times the rate.
    "rmsprop": lambda g, lr: lr * g / ((1 - 0.99) ** 0.5 * g.abs() + 1e-8),
    "adagrad": lambda g, lr: lr * g / (g.abs() + 1e-10),
}


@pytest.mark.parametrize("name", FIRST_STEPS)
@settings(deadline=None, max_examples=30)
@given(curvatures, seeds, st.floats(1e-3, 1.0))
def test_the_first_step_of_adaptive_methods(name, spectrum, seed, lr):
    objective, hessian, center, start = a_bowl(spectrum, seed)
    path = descend(objective, start, name, lr, 1)
    gradient = hessian @ (start - center)
    # A difference of thetas: eps of their size, beside eps of the step and of its factors.
    atol = 8 * EPS * float(start.abs().max() + 10 * lr)
    near = {"rtol": 64 * EPS, "atol": atol}
    torch.testing.assert_close(path.thetas[0] - path.thetas[1], FIRST_STEPS[name](gradient, lr), **near)
    # So they see of the gradient its sign alone: 1e-8 is little beside its entries.
    length = {"adam": 1.0, "rmsprop": 10.0, "adagrad": 1.0}[name] * lr
    clear = gradient.abs() > 1e-3
    off = path.thetas[0] - path.thetas[1] - length * gradient.sign()
    assert bool((off.abs()[clear] < 2e-4 * length + atol).all())


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0.05, 10.0), min_size=2, max_size=4), seeds)
def test_heavy_ball_at_its_best_follows_polyaks_recursion(spectrum, seed):
    objective, hessian, center, start = a_bowl(spectrum, seed)
    found = limits(objective, center)
    lr, momentum = found.momentum_rate, found.momentum
    path = descend(objective, start, "gd", lr, STEPS, {"momentum": momentum})
    error, before = start - center, start - center
    for theta in path.thetas:
        # Roots of size sqrt(momentum) <= 1: rounding errors do not grow by more than the number of steps.
        atol = STEPS * rounding(hessian, start, center, STEPS)
        torch.testing.assert_close(theta - center, error, rtol=0, atol=atol)
        error, before = error - lr * hessian @ error + momentum * (error - before), error


def test_heavy_ball_takes_about_the_root_of_the_steps():
    objective, _, center, start = a_bowl([0.1, 10.0], 3)
    found = limits(objective, center)
    plain = descend(objective, start, "gd", found.best_rate, 2000).steps_to(1e-10)
    heavy = descend(objective, start, "gd", found.momentum_rate, 2000, {"momentum": found.momentum}).steps_to(1e-10)
    # Per step (k - 1) / (k + 1) with k = 100, and (10 - 1) / (10 + 1), whose powers come with a factor of the steps.
    assert plain > 400
    assert heavy < 100


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0.05, 50.0), min_size=2, max_size=2), seeds)
def test_lbfgs_solves_a_bowl_of_two_parameters_in_a_few_steps(spectrum, seed):
    objective, _, center, start = a_bowl(spectrum, seed)
    path = descend(objective, start, "lbfgs", 1.0, 15)
    # Two steps with exact line searches would do (Nocedal 1980); strong Wolfe ones are not exact.
    assert float((path.thetas[-1] - center).norm()) < 1e-6 * float((start - center).norm())
