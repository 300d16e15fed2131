"""How far a step may go, against the closed form on quadratics."""

import math

import pytest
import torch

from explorer.curvature.critical_steps import critical_step

DRAWS = torch.Generator().manual_seed(0)


def quadratic(size=6):
    root = torch.randn(size, size, generator=DRAWS).double()
    hessian = root @ root.T + torch.eye(size)
    return hessian, lambda theta: 0.5 * theta @ hessian @ theta


@pytest.mark.parametrize("scale", [1e-4, 1.0, 1e3])
def test_on_a_quadratic_it_is_the_closed_form(scale):
    hessian, loss = quadratic()
    theta = torch.randn(6, generator=DRAWS).double()
    gradient = hessian @ theta
    # loss(theta - s g) = loss - s gg + s^2 gHg / 2, which is back at the start at s = 2 gg / gHg.
    expected = 2 * (gradient @ gradient) / (gradient @ hessian @ gradient)
    found = critical_step(loss, theta, -scale * gradient)
    # Twelve bisections of a doubling.
    assert found * scale == pytest.approx(expected.item(), rel=2.0**-12)


def test_nowhere_and_never():
    _, loss = quadratic()
    theta = torch.randn(6, generator=DRAWS).double()
    assert critical_step(loss, torch.zeros(6).double(), theta) == 0.0
    assert critical_step(lambda at: -at.sum(), theta, torch.ones(6).double()) == math.inf


def test_a_loss_that_is_no_number_is_no_way_down():
    theta = torch.tensor([1.0]).double()
    found = critical_step(lambda at: torch.where(at[0] > 0.25, at[0], torch.nan), theta, torch.tensor([-1.0]).double())
    assert found == pytest.approx(0.75, rel=2.0**-12)
