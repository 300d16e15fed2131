"""What an objective, a plane and a descent print: at most four lines of what matters."""

import torch
from torch import nn

import explorer
from explorer import Objective

X = torch.linspace(-1.0, 1.0, 12).double()[:, None]


def made() -> Objective:
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    return Objective(model, nn.MSELoss(), (X, X), metrics={"off": lambda p, t: (p - t).abs().mean()})


def lines(item: object, most: int = 4) -> list[str]:
    found = repr(item).splitlines()
    assert len(found) <= most
    return found


def test_an_objective() -> None:
    assert lines(made()) == [
        "Objective of Sequential: 10 parameters, torch.float64 on cpu",
        "  loss: MSELoss(); off",
        "  data: 12 samples, [12, 1] -> [12, 1]",
        "  theta is placed as views; BatchNorm: eval",
    ]
    terms = Objective(nn.Linear(1, 1).double(), terms={"fit": lambda m: m(X).square().mean()})
    assert "  data: held by the terms" in lines(terms)
    batches = Objective(nn.Linear(1, 1).double(), batch_loss=lambda m, b: m(b).square().mean(), data=[X, X[:5]])
    assert "  data: 2 batches, which count 17" in lines(batches)


def test_a_plane_and_a_line() -> None:
    objective = made()
    first, second, third = lines(explorer.directions.gaussian(objective, seed=3))
    assert first == "Plane in 10 parameters, torch.float64 on cpu"
    assert second == "  alpha, beta: gaussian, seed 3, normalize filter"
    assert third.startswith("  lengths ")
    assert "; cosines " in third
    line = explorer.directions.between(objective.theta, objective.theta + 1)
    assert lines(line) == [
        "Line in 10 parameters, torch.float64 on cpu",
        "  alpha: between",
        "  lengths 3.162",
        "  laid through a, b",
    ]


def test_a_descent() -> None:
    objective = made()
    first, second, third = lines(explorer.descend(objective, objective.theta, "adam", 0.01, 5))
    assert first == "Descent by Adam: 5 steps in 10 parameters, stopped"
    assert second.startswith("  loss ")
    assert "lowest" in second
    assert third.startswith("  length of the gradient ")
    assert lines(explorer.descend(objective, objective.theta, steps=2, batch_size=4))[3] == "  mini-batches of 4"
