"""Models in which a part computes in a shorter dtype: their loss is as exact as that, and taken for what it is."""

import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, ObjectiveError


class Mixed(nn.Module):
    """[D, 12] -> [D, 20] in float32, with a normalization in float64 in between, as many models have it."""

    def __init__(self):
        super().__init__()
        self.first, self.norm, self.head = nn.Linear(12, 50), nn.LayerNorm(50).double(), nn.Linear(50, 20)

    def forward(self, x):
        return self.head(self.norm(torch.tanh(self.first(x)).double()).float())


class Autocast(nn.Module):
    """[D, 12] -> [D, 20] whose products are of bfloat16."""

    def __init__(self):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(12, 50), nn.Tanh(), nn.Linear(50, 20))

    def forward(self, x):
        with torch.autocast("cpu", torch.bfloat16):
            return self.layers(x).float()


def data(seed):
    draws = torch.Generator().manual_seed(seed)
    return torch.randn(128, 12, generator=draws), torch.randint(20, (128,), generator=draws)


@pytest.mark.parametrize(("kind", "eps"), [(Mixed, 2.0**-23), (Autocast, 2.0**-7)])
def test_the_rounding_is_that_of_the_shortest_dtype_on_the_way(kind, eps):
    for seed in range(20):
        torch.manual_seed(seed)
        objective = Objective(kind(), nn.CrossEntropyLoss(), data(seed))
        assert objective.rounding == eps
    assert Objective(nn.Linear(12, 20).double(), nn.CrossEntropyLoss(), (data(0)[0].double(), data(0)[1])).rounding == (
        2.0**-52
    )


def test_their_landscape_is_the_plain_loop():
    torch.manual_seed(3)
    model = Mixed()
    objective = Objective(model, nn.CrossEntropyLoss(), data(3))
    plane = explorer.directions.gaussian(objective, seed=0)
    found = explorer.sweep(objective, plane, Grid.square(radius=1.0, points=3), report=False)
    for i in range(3):
        for j in range(3):
            theta = plane.at([found.alpha[i].item(), found.beta[j].item()])
            again = Mixed()
            nn.utils.vector_to_parameters(theta.float(), again.parameters())
            again.norm.double()
            expected = nn.functional.cross_entropy(again(data(3)[0]), data(3)[1])
            # float32 on the way: some hundred roundings of 6e-8.
            assert found.loss.transpose("alpha", "beta")[i, j].item() == pytest.approx(expected.item(), rel=2e-5)


def test_a_sum_is_still_refused():
    torch.manual_seed(0)
    with pytest.raises(ObjectiveError, match="mean over samples"):
        Objective(Mixed(), nn.CrossEntropyLoss(reduction="sum"), data(0))


def test_noise_beyond_the_rounding_is_still_refused():
    class Noisy(Mixed):
        def forward(self, x):
            return super().forward(x) + 0.01 * torch.randn(())

    torch.manual_seed(0)
    with pytest.raises(ObjectiveError, match="the same 'loss' twice"):
        Objective(Noisy(), nn.MSELoss(), (data(0)[0], torch.randn(128, 20)))


def test_a_metric_in_float32_does_not_loosen_what_is_asked_of_the_loss():
    def noisy_loss(prediction, target):
        return nn.functional.mse_loss(prediction, target) * (1 + 1e-9 * torch.randn((), dtype=torch.float64))

    def closeness(prediction, target):
        return (prediction - target).float().abs().mean()

    torch.manual_seed(0)
    x, y = torch.randn(32, 3).double(), torch.randn(32, 1).double()
    Objective(nn.Linear(3, 1).double(), nn.MSELoss(), (x, y), metrics={"closeness": closeness})
    with pytest.raises(ObjectiveError, match="the same 'loss' twice"):
        Objective(nn.Linear(3, 1).double(), noisy_loss, (x, y), metrics={"closeness": closeness})
