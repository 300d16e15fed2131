"""Walks on models that ask for more than views of theta are those of a training loop of plain PyTorch."""

import copy

import pytest
import torch
from torch import nn

import explorer
from explorer import Objective
from tests.support.modules.asking import IDS, MODELS, X, Y, made
from tests.support.modules.keeping import DATA, EmptyBuffer, LateBuffer, Plain

pytestmark = [
    pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad"),
    pytest.mark.filterwarnings("ignore:Sparse invariant checks"),
]


def training_loop(model, make, x, y, steps=4):
    """The losses before each step of a loop of plain PyTorch."""
    fresh = copy.deepcopy(model).eval()
    losses, optimizer = [], make(fresh.parameters())
    for _ in range(steps):
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(fresh(x), y)
        loss.backward()
        losses.append(loss.item())
        optimizer.step()
    return losses


@pytest.mark.parametrize("kind", MODELS)
@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adagrad])
def test_walks_are_those_of_a_training_loop(kind, optimizer):
    model, x = made(kind), MODELS[kind][1]
    objective = Objective(model, nn.MSELoss(), (x, Y))
    found = explorer.descend(objective, objective.theta, optimizer, lr=0.05, steps=4)
    expected = training_loop(model, lambda params: optimizer(params, lr=0.05), x, Y)
    # The same operations on the same numbers.
    assert found.losses[:4].tolist() == pytest.approx(expected, rel=1e-13)
    assert len(set(expected)) == 4


def test_a_users_own_leaf_keeps_its_gradient_behind_a_reentrant_checkpoint():
    scale = torch.tensor(2.0, dtype=torch.float64, requires_grad=True)
    scale.grad = torch.tensor(7.0, dtype=torch.float64)

    def scaled(prediction, target):
        return scale * (prediction - target).square().mean()

    objective = Objective(made("reentrant"), scaled, (X, Y))
    explorer.descend(objective, objective.theta, "gd", lr=0.05, steps=3)
    assert scale.grad.item() == 7.0


@pytest.mark.parametrize(
    ("optimizer", "message"), [("adam", "some of which are sparse; Adam"), (torch.optim.SparseAdam, "SparseAdam")]
)
def test_an_optimizer_that_takes_no_sparse_gradients_is_told(optimizer, message):
    objective = Objective(made("sparse"), nn.MSELoss(), (IDS, Y))
    with pytest.raises(ValueError, match=f"{message}.*Embedding"):
        explorer.descend(objective, objective.theta, optimizer, steps=3)


@pytest.mark.parametrize("kind", [EmptyBuffer, LateBuffer])
def test_what_a_model_keeps_is_computed_anew_at_each_step(kind):
    objective = Objective(kind(), nn.MSELoss(), DATA)
    found = explorer.descend(objective, objective.theta, "adam", lr=0.05, steps=4)
    expected = training_loop(Plain(), lambda params: torch.optim.Adam(params, lr=0.05), *DATA)
    assert found.losses[:4].tolist() == pytest.approx(expected, rel=1e-13)
