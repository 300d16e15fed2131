"""Influence: closed forms, differences of true refits, robustness as Huber defined it, and what is refused."""

import pytest
import torch
from torch import Tensor, nn

import models
from experiments.minima import minima
from experiments.targets import TARGETS
from explorer import Objective
from explorer.descent import influence
from explorer.study import TargetSet
from tests.support.cases import bowl, least_squares


def linear(x: Tensor, y: Tensor, loss: nn.Module) -> Objective:
    return Objective(nn.Linear(x.shape[1], 1, bias=False, dtype=x.dtype), loss, (x, y[:, None]))


def neuron(x: Tensor, y: Tensor, loss: nn.Module) -> Objective:
    return Objective(models.MODELS["tanh_neuron"](), loss, (x, y))


def refitted(x: Tensor, y: Tensor, loss: nn.Module) -> Tensor:
    """The lowest minimum, found from nothing."""
    found = minima(TargetSet("moved", "", "", x, y, {}), loss)
    return torch.tensor(found.points[0].theta, dtype=torch.float64)


def test_of_least_squares_is_the_pseudoinverse():
    case = least_squares()
    theta = torch.linalg.lstsq(case.x, case.y).solution
    inverse = torch.linalg.pinv(case.x)
    found = influence(case.objective, theta).targets
    # theta* = X^+ y, so dtheta*/dy = X^+. X^T X has condition 4 here; 20 products of order 1: below 100 eps.
    torch.testing.assert_close(found[:, :, 0], inverse, rtol=0, atol=2e-14)


def test_of_least_squares_by_the_inputs():
    case = least_squares()
    theta = torch.linalg.lstsq(case.x, case.y).solution
    found = influence(case.objective, theta).inputs
    gram, residual = torch.linalg.inv(case.x.T @ case.x), case.y - case.x @ theta
    # (X^T X) dtheta + (dX^T X + X^T dX) theta = dX^T y, with dX one at sample d and column k.
    expected = gram[:, None, :] * residual[None, :, None] - (gram @ case.x.T)[:, :, None] * theta
    # As above.
    torch.testing.assert_close(found, expected, rtol=0, atol=2e-14)


SMOOTH = [models.LOSSES["mse"](), models.LOSSES["huber"](1.0), models.LOSSES["log_cosh"]()]


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
@pytest.mark.parametrize("moved", ["x", "y"])
def test_is_the_slope_of_true_refits_of_the_neuron(loss, moved):
    data = TARGETS["noisy"]
    theta = refitted(data.x, data.y, loss)
    found = influence(neuron(data.x, data.y, loss), theta)
    derivative = found.targets if moved == "y" else found.inputs
    sample = {"x": 0, "y": 7}[moved]
    far, near = (differences(data, loss, moved, sample, h) for h in (2e-3, 1e-3))
    # Central differences err by c h^2, so near errs by a third of far - near, and less than all of it; refits are
    # certified to 1e-13 or so, over h.
    bound = (far - near).abs().max() + 1e-13 / 1e-3
    assert (derivative[:, sample] - near).abs().max() <= bound
    assert bound < 1e-4 * derivative[:, sample].abs().max()


def differences(data: TargetSet, loss: nn.Module, moved: str, sample: int, h: float) -> Tensor:
    ends = []
    for way in (h, -h):
        shift = torch.zeros_like(data.x)
        shift[sample] = way
        ends.append(refitted(data.x + shift * (moved == "x"), data.y + shift * (moved == "y"), loss))
    return (ends[0] - ends[1]) / (2 * h)


def test_an_outlier_beyond_delta_has_exactly_none_on_huber_and_the_same_everywhere_on_mse():
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(12, 2, generator=generator, dtype=torch.float64)
    clean = x @ torch.tensor([1.0, -2.0], dtype=torch.float64)
    huber, mse, fits = [], [], []
    for height in (5.0, 50.0, 500.0):
        y = clean.clone()
        y[3] += height
        objective = linear(x, y, models.LOSSES["huber"](0.25))
        fits.append(newton(objective, torch.tensor([1.0, -2.0], dtype=torch.float64)))
        huber.append(influence(objective, fits[-1]).targets[:, 3])
        mse.append(influence(linear(x, y, models.LOSSES["mse"]()), torch.linalg.lstsq(x, y).solution).targets[:, 3])
    # Beyond delta the slope of Huber's loss is delta, whatever the target: its derivative by the target is 0.0 itself.
    assert all(torch.equal(each, torch.zeros_like(each)) for each in huber)
    # So the fit stays where it is, to the rounding of Newton's step there.
    assert max(float((fit - fits[0]).abs().max()) for fit in fits) < 1e-13
    # With the squared error it is the row of the pseudoinverse at any height: the fit moves without bound.
    for each in mse:
        torch.testing.assert_close(each[:, 0], torch.linalg.pinv(x)[:, 3], rtol=1e-12, atol=0)


def newton(objective: Objective, theta: Tensor) -> Tensor:
    for _ in range(8):
        step = torch.linalg.solve(torch.func.hessian(objective)(theta), torch.func.grad(objective)(theta))
        theta = theta - step
    # Piecewise quadratic: a step in the final piece arrives.
    assert float(step.norm()) < 1e-14
    return theta


def test_a_small_move_is_predicted():
    data, loss = TARGETS["outliers"], models.LOSSES["log_cosh"]()
    theta = refitted(data.x, data.y, loss)
    dx, dy = torch.zeros_like(data.x), torch.zeros_like(data.y)
    dx[1], dy[1] = 1e-3, -2e-3
    predicted = influence(neuron(data.x, data.y, loss), theta).move(dy, dx)
    true = refitted(data.x + dx, data.y + dy, loss) - theta
    # To first order: what is left is the square of the move, with second derivatives of order 1 to 10.
    assert (predicted - true).abs().max() < 10 * 2e-3**2
    assert true.abs().max() > 1e-4


def test_does_not_depend_on_how_the_data_are_cut(monkeypatch):
    case = least_squares()
    theta = torch.linalg.lstsq(case.x, case.y).solution
    whole = influence(case.objective, theta)
    blocks = case.objective
    blocks._data = blocks._data.in_blocks(7)
    cut = influence(blocks, theta)
    for name in ("targets", "inputs"):
        # Sums of 20 products in another order.
        torch.testing.assert_close(getattr(cut, name), getattr(whole, name), rtol=0, atol=2e-14)


def test_inputs_that_are_numbers_of_words_have_no_derivative():
    torch.manual_seed(0)
    model = nn.Embedding(3, 1, dtype=torch.float64)
    words = torch.tensor([0, 1, 2, 2])
    target = torch.tensor([[1.0], [2.0], [3.0], [5.0]], dtype=torch.float64)
    objective = Objective(model, models.LOSSES["mse"](), (words, target))
    found = influence(objective, torch.tensor([1.0, 2.0, 4.0], dtype=torch.float64))
    # Each entry is the mean of its targets.
    expected = torch.tensor([[1, 0, 0, 0], [0, 1, 0, 0], [0, 0, 0.5, 0.5]], dtype=torch.float64)
    torch.testing.assert_close(found.targets[..., 0], expected, rtol=0, atol=1e-15)
    assert found.inputs is None
    with pytest.raises(ValueError, match="no change of the inputs"):
        found.move(torch.zeros(4, 1, dtype=torch.float64), torch.ones(4, dtype=torch.float64))


def saddle() -> tuple[Objective, Tensor]:
    # Symmetric under w -> -w, with a minimum on either side of w = 0.
    x = torch.tensor([-1.0, 1.0], dtype=torch.float64)
    return Objective(Product(), models.LOSSES["mse"](), (x, x)), torch.zeros(2, dtype=torch.float64)


class Product(nn.Module):
    """p q x: at p = q = 0 the gradient vanishes, and pq rises one way and falls the other."""

    def __init__(self) -> None:
        super().__init__()
        self.p = nn.Parameter(torch.tensor(0.0, dtype=torch.float64))
        self.q = nn.Parameter(torch.tensor(0.0, dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.p * self.q * x


def test_a_saddle_is_refused():
    with pytest.raises(ValueError, match=r"positive definite Hessian.* eigenvalues from -2 to 2: a saddle"):
        influence(*saddle())


def test_a_line_of_minima_is_refused():
    data = TARGETS["one_point"]
    theta = torch.tensor([0.5, 2**0.5], dtype=torch.float64)
    theta[1] = torch.log(torch.tensor(2.0, dtype=torch.float64)) - theta[0]
    with pytest.raises(ValueError, match="a flat direction"):
        influence(neuron(data.x, data.y, models.LOSSES["mse"]()), theta)


def test_a_corner_of_the_mean_absolute_error_is_refused():
    data = TARGETS["gentle_line"]
    corner = refitted(data.x, data.y, models.LOSSES["mae"]())
    with pytest.raises(ValueError, match="positive definite Hessian"):
        influence(neuron(data.x, data.y, models.LOSSES["mae"]()), corner)


def test_a_slope_is_refused():
    case = least_squares()
    with pytest.raises(ValueError, match=r"theta at a minimum, Newton's step .* descend to the minimum first"):
        influence(case.objective, torch.ones(4, dtype=torch.float64))


def test_a_theta_that_is_not_finite_is_refused():
    with pytest.raises(ValueError, match="finite gradient and Hessian"):
        influence(least_squares().objective, torch.full((4,), torch.nan, dtype=torch.float64))


def test_terms_are_refused():
    model, objective = bowl()
    with pytest.raises(ValueError, match="loss on data"):
        influence(objective, model.center)


def test_classes_are_refused():
    x = torch.randn(6, 2, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    labels = torch.tensor([0, 1, 1, 0, 1, 0])
    objective = Objective(nn.Linear(2, 2, dtype=torch.float64), nn.CrossEntropyLoss(), (x, labels))
    with pytest.raises(ValueError, match=r"floating-point numbers; got torch.int64.*one-hot"):
        influence(objective, objective.theta)
