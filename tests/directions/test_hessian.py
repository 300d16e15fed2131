import numpy as np
import pytest
import torch
from torch import nn

from explorer import Objective, directions
from explorer.curvature import full_gradient, hessian_product
from explorer.errors import ObjectiveError
from tests.support.cases import bowl, least_squares
from tests.support.hessian_cases import bowl_with, in_blocks, network
from tests.support.reference import dense_hessian, value_and_gradient

SIZES = {"dense": 20, "iterated": 200}


@pytest.mark.parametrize("size", SIZES.values(), ids=SIZES)
@pytest.mark.parametrize(
    ("which", "expected"),
    [("largest", [9.0, 6.0]), ("smallest", [-7.0, -2.0]), ("magnitude", [9.0, -7.0])],
)
def test_eigenvectors_of_a_given_hessian(size, which, expected):
    spectrum = torch.cat([torch.tensor([-7.0, -2.0, 6.0, 9.0]), torch.linspace(-1, 3, size - 4)])
    objective, basis = bowl_with(spectrum)
    plane = directions.hessian(objective, which=which)
    # Rounding of products of order 10, and of the iteration's own tolerance 10 eps.
    assert plane.made["eigenvalues"] == pytest.approx(expected, abs=1e-12)
    assert max(plane.made["residuals"]) < 1e-10
    columns = [int((spectrum == value).nonzero()) for value in expected]
    overlaps = (plane.basis @ basis[:, columns]).abs()
    torch.testing.assert_close(overlaps, torch.eye(2, dtype=torch.float64), rtol=0, atol=1e-10)
    assert plane.describe()["norms"] == pytest.approx([1, 1], rel=1e-14)
    assert torch.equal(plane.origin, objective.theta)
    assert {"kind": "hessian", "which": which, "seed": 0}.items() <= plane.made.items()


def test_signs_are_fixed_and_a_seed_repeats():
    objective, _ = bowl_with(torch.linspace(-4, 9, 150))
    plane, again = (directions.hessian(objective, count=3, seed=5) for _ in range(2))
    assert torch.equal(plane.basis, again.basis)
    assert (plane.basis.gather(1, plane.basis.abs().argmax(dim=1, keepdim=True)) > 0).all()
    other = directions.hessian(objective, count=3, seed=6)
    torch.testing.assert_close(other.basis, plane.basis, rtol=0, atol=1e-8)


def test_single_precision():
    spectrum = torch.cat([torch.linspace(0, 1, 148), torch.tensor([5.0, 9.0])])
    objective, basis = bowl_with(spectrum, torch.float32)
    plane = directions.hessian(objective)
    # The bowl itself is rounded to eps = 1.2e-7 of its entries.
    assert plane.made["eigenvalues"] == pytest.approx([9, 5], abs=1e-5)
    torch.testing.assert_close((plane.basis.double() @ basis[:, [149, 148]]).abs(), torch.eye(2).double(), **CLOSE32)


CLOSE32 = {"rtol": 0, "atol": 1e-5}


def test_only_the_chosen_parameters():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    x = torch.randn(9, 2, dtype=torch.float64)
    part = Objective(model, nn.MSELoss(), (x, x[:, :1]), parameters=["2"])
    plane = directions.hessian(part)
    values = torch.linalg.eigvalsh(dense_hessian(part, part.theta))
    assert plane.basis.shape == (2, 4)
    assert plane.made["eigenvalues"] == pytest.approx(values.flip(0)[:2].tolist(), abs=1e-13)


def test_a_flat_objective_has_eigenvalue_0():
    objective = Objective(nn.Linear(2, 1), terms={"sum": lambda m: m.weight.sum()})
    assert directions.hessian(objective).made["eigenvalues"] == [0.0, 0.0]


def test_what_cannot_be_found_is_refused(monkeypatch):
    objective, _ = bowl_with(torch.linspace(1, 1.0001, 300))
    monkeypatch.setattr("explorer.directions.eigenvectors._RESTARTS", 1)
    with pytest.raises(ObjectiveError, match=r"did not converge.*too close together: ask for another count"):
        directions.hessian(objective)
    broken = Objective(nn.Linear(2, 1), terms={"root": lambda m: m.weight.sum() + (m.bias * 0).sqrt().sum()})
    with pytest.raises(ObjectiveError, match="expected finite products"):
        directions.hessian(broken)
    for given in ({"count": 0}, {"count": 6}, {"which": "LM"}):
        with pytest.raises(ValueError, match="expected 1 <= count <= 5"):
            directions.hessian(bowl()[1], **given)


def test_vectors_that_are_no_eigenvectors_are_refused(monkeypatch):
    objective, _ = bowl_with(torch.linspace(-4, 9, 150))
    wrong = np.eye(150)[:, :2]
    monkeypatch.setattr("explorer.directions.eigenvectors.eigsh", lambda *_, **__: (np.array([9.0, 8.0]), wrong))
    with pytest.raises(ObjectiveError, match=r"\|\|H v - lambda v\|\| <= .* use float64"):
        directions.hessian(objective)


@pytest.mark.parametrize("size", [1, 3, 4])
def test_unequal_blocks_make_the_mean_over_all_samples(size):
    objective = network(4)
    exact = dense_hessian(objective, objective.theta)
    gradient = value_and_gradient(objective, objective.theta)[1]
    blocks = in_blocks(network(4), size)
    product = hessian_product(blocks, blocks.theta)
    found = torch.stack([product(row) for row in torch.eye(13, dtype=torch.float64)])
    torch.testing.assert_close(found, exact, rtol=0, atol=1e-14)
    torch.testing.assert_close(full_gradient(blocks, blocks.theta), gradient, rtol=0, atol=1e-15)


def test_a_model_that_torch_func_cannot_transform():
    class OldCube(torch.autograd.Function):
        # A function with ctx in its forward pass is one of those.
        @staticmethod
        def forward(ctx, x):
            ctx.save_for_backward(x)
            return x**3

        @staticmethod
        def backward(ctx, slope):
            return 3 * ctx.saved_tensors[0] ** 2 * slope

    linear = nn.Linear(3, 1).double()
    objective = Objective(linear, terms={"cubes": lambda m: OldCube.apply(m.weight).sum() + 2 * m.bias.sum()})
    theta = objective.theta
    product = hessian_product(objective, theta)
    expected = torch.cat([6 * theta[:3], torch.zeros(1, dtype=torch.float64)])
    torch.testing.assert_close(product(torch.ones_like(theta)), expected, rtol=1e-15, atol=0)
    flat = Objective(linear, terms={"sum": lambda m: OldCube.apply(m.weight.detach()).sum() + m.bias.sum()})
    assert not hessian_product(flat, theta)(torch.ones_like(theta)).any()


def test_an_lstm_has_products():
    class Last(nn.Module):
        def __init__(self):
            super().__init__()
            self.lstm = nn.LSTM(2, 2, batch_first=True)

        def forward(self, x):
            return self.lstm(x)[0][:, -1]

    torch.manual_seed(0)
    x = torch.randn(5, 4, 2, dtype=torch.float64)
    objective = Objective(Last().double(), nn.MSELoss(), (x, x[:, 0]))
    exact = dense_hessian(objective, objective.theta)
    product = hessian_product(objective, objective.theta)
    vector = torch.randn(len(exact), dtype=torch.float64)
    torch.testing.assert_close(product(vector), exact @ vector, rtol=0, atol=1e-14)


def test_least_squares_away_from_the_objectives_own_theta():
    case = least_squares()
    product = hessian_product(case.objective, torch.full((4,), 3.0, dtype=torch.float64))
    vector = torch.arange(4, dtype=torch.float64)
    torch.testing.assert_close(product(vector), case.hessian @ vector, rtol=0, atol=1e-13)


class Product(nn.Module):
    """(p q - 1)^2 (Baldi and Hornik with one unit)."""

    def __init__(self, p, q):
        super().__init__()
        self.p, self.q = (nn.Parameter(torch.tensor(x, dtype=torch.float64)) for x in (p, q))

    def forward(self):
        return (self.p * self.q - 1) ** 2


@pytest.mark.parametrize(("p", "q"), [(1.0, 1.0), (2.0, 0.5), (-4.0, -0.25)])
def test_the_valley_of_a_product_is_flat_along_and_steep_across(p, q):
    plane = directions.hessian(Objective(Product(p, q), terms={"loss": lambda m: m()}))
    # Exact numbers of order 32, a few operations.
    assert plane.made["eigenvalues"] == pytest.approx([2 * (p * p + q * q), 0], abs=1e-13)


def test_the_origin_of_a_product_is_a_saddle():
    objective = Objective(Product(0.0, 0.0), terms={"loss": lambda m: m()})
    plane = directions.hessian(objective)
    assert plane.made["eigenvalues"] == pytest.approx([2, -2], abs=1e-15)
    assert objective(objective.theta).item() == 1


def test_critical_losses_of_a_deep_linear_net():
    """Baldi and Hornik (1989): with B A = U U^T Syx Sxx^-1, for any set U of eigenvectors of Syx Sxx^-1 Sxy, the
    gradient is 0 and the loss tr Syy minus the eigenvalues in the set; only the largest ones make a minimum."""
    torch.manual_seed(2)
    x, y = torch.randn(30, 3, dtype=torch.float64), torch.randn(30, 3, dtype=torch.float64)
    syx, sxx = y.T @ x / 30, x.T @ x / 30
    values, vectors = torch.linalg.eigh(syx @ sxx.inverse() @ syx.T)
    for chosen in ([2, 1], [2, 0], [1, 0]):
        u = vectors[:, chosen]
        model = nn.Sequential(nn.Linear(3, 2, bias=False), nn.Linear(2, 3, bias=False)).double()
        model[0].weight.data, model[1].weight.data = u.T @ syx @ sxx.inverse(), u.clone()
        objective = Objective(model, lambda p, t: (p - t).square().sum(1).mean(), (x, y))
        assert float(full_gradient(objective, objective.theta).norm()) < 1e-14
        expected = float(y.square().sum(1).mean() - values[chosen].sum())
        assert objective(objective.theta).item() == pytest.approx(expected, abs=1e-14)
        lowest = directions.hessian(objective, count=1, which="smallest").made["eigenvalues"][0]
        if chosen == [2, 1]:
            assert lowest > -1e-14
        else:
            assert lowest < -1e-3
