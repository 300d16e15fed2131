"""The two-parameter physics-informed fit: its terms, its minimum, its plateaus."""

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.func import functional_call, grad, hessian, jvp, vmap

import experiments
from experiments.reaction import REACTION, RHO, TIMES, U0
from models import MODELS

FACTS = REACTION.facts
STAR = torch.tensor([FACTS["w_star"], FACTS["b_star"]], dtype=torch.float64)


def term(name: str):
    model = REACTION.model()

    class Bound(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.model = model

        def forward(self) -> Tensor:
            return REACTION.terms[name](self.model)

    bound = Bound()
    return lambda theta: functional_call(bound, {"model.w": theta[0], "model.b": theta[1]}, ())


ic, pde = term("ic"), term("pde")


def total(theta: Tensor) -> Tensor:
    return ic(theta) + pde(theta)


def closed_ic(theta: Tensor) -> Tensor:
    return ((1 + torch.tanh(theta[1])) / 2 - U0).square()


def closed_pde(theta: Tensor) -> Tensor:
    slope = 1 - torch.tanh(theta[0] * TIMES + theta[1]).square()
    return (slope * (theta[0] - RHO / 2)).square().mean() / 4


def somewhere(count: int = 30) -> Tensor:
    spread = torch.rand(count, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    return torch.tensor([-2.0, -5.0]) + spread * torch.tensor([10.0, 8.0])


def test_the_catalogue_offers_the_reaction():
    assert experiments.STUDIES["reaction"] is REACTION
    assert list(REACTION.terms) == ["ic", "pde"]
    assert [name for name, _ in REACTION.model().named_parameters()] == list(REACTION.labels)


@pytest.mark.parametrize(("measured", "closed"), [(ic, closed_ic), (pde, closed_pde)], ids=["ic", "pde"])
def test_terms_are_their_closed_forms_under_every_transform(measured, closed):
    thetas = somewhere()
    # Residuals of order 10 lose one digit in uhat' - rho uhat (1 - uhat); second derivatives are of order 10^2.
    for transform in (lambda f: f, grad, hessian):
        torch.testing.assert_close(
            vmap(transform(measured))(thetas), vmap(transform(closed))(thetas), rtol=1e-12, atol=1e-12
        )
    vector = torch.tensor([1.0, -2.0], dtype=torch.float64)
    for theta in thetas[:5]:
        product = jvp(grad(measured), (theta,), (vector,))[1]
        torch.testing.assert_close(product, hessian(closed)(theta) @ vector, rtol=1e-12, atol=1e-12)


def test_ordinary_backward_gives_the_gradient_too():
    model = REACTION.model()
    value = sum(measure(model) for measure in REACTION.terms.values())
    found = torch.stack(torch.autograd.grad(value, list(model.parameters())))
    torch.testing.assert_close(found, grad(total)(torch.zeros(2, dtype=torch.float64)), rtol=1e-14, atol=1e-16)


def test_the_minimum_is_the_logistic_curve():
    model = REACTION.model()
    model.load_state_dict({"w": STAR[0], "b": STAR[1]})
    exact = 1 / (1 + (1 - U0) / U0 * torch.exp(-RHO * TIMES))
    torch.testing.assert_close(model(TIMES), exact, rtol=1e-14, atol=0)
    assert float(total(STAR)) < 1e-30
    assert FACTS["b_star"] == pytest.approx(-1.4722194895832203, rel=1e-15)


def test_the_hessian_at_the_minimum_is_diagonal():
    found = hessian(total)(STAR)
    expected = torch.diag(torch.tensor([FACTS["curvature_w"], FACTS["curvature_b"]], dtype=torch.float64))
    torch.testing.assert_close(found, expected, rtol=1e-12, atol=1e-14)
    # Figures from 50-digit arithmetic, printed to nine decimals.
    assert found.diag().tolist() == pytest.approx([0.245257545, 0.018050000], abs=6e-10)
    assert FACTS["kappa"] == pytest.approx(13.5877, abs=5e-5)


def test_the_balancing_weight_makes_the_bowl_round():
    weight = FACTS["lambda_balance"]
    low, high = torch.linalg.eigvalsh(hessian(lambda theta: weight * ic(theta) + pde(theta))(STAR)).tolist()
    assert high / low == pytest.approx(1.0, abs=1e-12)
    low, high = torch.linalg.eigvalsh(hessian(total)(STAR)).tolist()
    assert high / low == pytest.approx(FACTS["kappa"], rel=1e-12)


@pytest.mark.parametrize(("b", "height"), [(-12.0, U0**2), (12.0, (1 - U0) ** 2)], ids=["u=0", "u=1"])
def test_the_trivial_solutions_are_plateaus(b, height):
    for w in (-2.0, 0.0, 2.0):
        theta = torch.tensor([w, b], dtype=torch.float64)
        # uhat is within e^(-2 * 10) = 2e-9 of 0 or 1.
        assert float(total(theta)) == pytest.approx(height, abs=1e-8)
        assert float(grad(total)(theta).norm()) < 1e-7
    assert FACTS["plateau_loss"] == pytest.approx(0.0025, rel=1e-15)


def test_the_window_shows_the_minimum_both_valleys_and_the_plateau():
    (w_low, w_high), (b_low, b_high) = REACTION.window["w"], REACTION.window["b"]
    assert w_low < FACTS["w_star"] < w_high
    assert b_low < FACTS["b_star"] < b_high
    corner = torch.tensor([w_low, b_low], dtype=torch.float64)
    assert float(total(corner)) == pytest.approx(FACTS["plateau_loss"], rel=0.01)


def test_descents_end_at_the_minimum_or_on_the_plateau_of_nothing():
    start = 8 * torch.rand(60, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64) - 4
    end = gradient_descent(start, lr=1.0, steps=4000)
    loss = vmap(total)(end)
    solved = (end - STAR).norm(dim=1) < 1e-2
    # On the plateau the curve stays near 0, and the loss is that of the missing initial value, give or take 15 %.
    stuck = (loss / FACTS["plateau_loss"] - 1).abs() < 0.15
    assert not bool((solved & stuck).any())
    assert int(solved.sum()) >= 20
    assert int(stuck.sum()) >= 10
    assert float(vmap(grad(total))(end[stuck]).norm(dim=1).max()) < 1e-3


def gradient_descent(theta: Tensor, lr: float, steps: int) -> Tensor:
    """Descend by the closed form's gradient, in numpy: many times faster than the terms, which the next test compares.

    dL/dw = mean(-s^2 T (w - rho/2)^2 t + s^2 (w - rho/2) / 2), dL/db = mean(-s^2 T (w - rho/2)^2) + ic's part.
    """
    w, b = theta.numpy().T[:, :, None]
    times = TIMES.numpy()
    for _ in range(steps):
        t = np.tanh(w * times + b)
        weight, gap = (1 - t * t) ** 2, w - RHO / 2
        bend, start = -weight * t * gap**2, t[:, :1]
        along_w = (bend * times + weight * gap / 2).mean(axis=1, keepdims=True)
        along_b = bend.mean(axis=1, keepdims=True) + ((1 + start) / 2 - U0) * (1 - start * start)
        w, b = w - lr * along_w, b - lr * along_b
    return torch.from_numpy(np.concatenate((w, b), axis=1))


def test_the_hand_written_descent_follows_the_terms():
    start = somewhere(8)
    expected = start
    for _ in range(10):
        expected = expected - 0.5 * vmap(grad(total))(expected)
    torch.testing.assert_close(gradient_descent(start, lr=0.5, steps=10), expected, rtol=1e-11, atol=1e-11)


def test_the_time_derivative_is_taken_from_the_model():
    """A model that is not the logistic family: the term must differentiate it, not know its formula."""

    class Line(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.w = torch.nn.Parameter(torch.tensor(0.3, dtype=torch.float64))

        def forward(self, t: Tensor) -> Tensor:
            return self.w * t

    u = 0.3 * TIMES
    expected = (0.3 - RHO * u * (1 - u)).square().mean()
    found = REACTION.terms["pde"](Line())
    torch.testing.assert_close(found.detach(), expected, rtol=1e-14, atol=0)
    assert REACTION.terms["ic"](Line()).item() == pytest.approx(U0**2, rel=1e-14)


@pytest.mark.parametrize("theta", [(0.5, 0.5), (2.5, -1.4), (-1.5, 1.5)])
@pytest.mark.parametrize("weight", [1.0, 13.5877])
def test_the_program_prints_what_the_terms_give(
    theta: tuple[float, float], weight: float, capsys: pytest.CaptureFixture[str]
) -> None:
    assert REACTION.terms_program is not None
    exec(REACTION.terms_program({"ic": weight}, theta), {})
    printed = [float(line.split("=")[1]) for line in capsys.readouterr().out.splitlines()]
    model = MODELS["reaction"](*theta)
    total = weight * REACTION.terms["ic"](model) + REACTION.terms["pde"](model)
    total.backward()
    # Forward and backward derivatives round differently: a few ulp of terms of order 1.
    assert printed == pytest.approx([total.item(), model.w.grad.item(), model.b.grad.item()], rel=1e-12, abs=1e-13)
