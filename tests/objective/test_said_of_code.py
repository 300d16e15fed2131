"""What the user's code does that makes no landscape is refused in words: raised, handed over, or done when trained."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.errors import ObjectiveError

X, Y = torch.randn(6, 3), torch.randn(6, 2)


def penalized(model, batch):
    x, y = batch
    penalty = sum(each.square().sum() for each in model.parameters() if each.requires_grad)
    return nn.functional.mse_loss(model(x), y) + 0.01 * penalty


def test_a_loss_that_is_another_where_parameters_require_a_gradient_is_refused():
    with pytest.raises(ObjectiveError, match="the same whether or not the parameters require a gradient"):
        Objective(nn.Linear(3, 2), batch_loss=penalized, data=[(X, Y)], count=lambda batch: 6)


def test_a_term_that_vanishes_without_a_gradient_is_named():
    def decay(model):
        return sum((each.square().sum() for each in model.parameters() if each.requires_grad), start=torch.zeros(()))

    with pytest.raises(ObjectiveError, match="expected decay to be the same"):
        Objective(nn.Linear(3, 2), terms={"fit": lambda model: (model(X) - Y).square().mean(), "decay": decay})


class Raising(nn.Module):
    def __init__(self, error):
        super().__init__()
        self.layer, self.error = nn.Linear(3, 2), error

    def forward(self, x):
        raise self.error


@pytest.mark.parametrize(
    "error", [ValueError("odd"), KeyError("h"), AttributeError("x"), AssertionError(), ZeroDivisionError()]
)
def test_whatever_a_model_raises_is_told(error):
    with pytest.raises(ObjectiveError, match=f"evaluating them failed: .*{type(error).__name__}"):
        Objective(Raising(error), nn.MSELoss(), (X, Y))


@pytest.mark.parametrize("made", [lambda y: (y, y), lambda y: {"y": y}, lambda y: None])
def test_a_model_that_returns_no_tensor_is_told(made):
    class Odd(nn.Linear):
        def forward(self, x):
            return made(super().forward(x))

    with pytest.raises(ObjectiveError, match="expected model, loss and data that fit"):
        Objective(Odd(3, 2), nn.MSELoss(), (X, Y))


def test_the_class_of_a_loss_is_no_loss():
    with pytest.raises(ObjectiveError, match=r"got the class MSELoss: make one, MSELoss\(\)"):
        Objective(nn.Linear(3, 2), nn.MSELoss, (X, Y))


def test_a_label_below_zero_is_told():
    with pytest.raises(ObjectiveError, match="expected labels of 0 and above, or -100; got -1"):
        Objective(nn.Linear(3, 2), nn.CrossEntropyLoss(weight=torch.ones(2)), (X, torch.tensor([0, 1, -1, 0, 1, 1])))


def of_batch(model, batch):
    return (model(batch["x"]) - batch["y"]).square().mean()


def test_a_metric_that_raises_is_named_with_what_it_takes():
    def odd(prediction, target):
        raise KeyError("z")

    with pytest.raises(ObjectiveError, match=r"the metric 'odd', as metric\(prediction, target\) failed: KeyError"):
        Objective(nn.Linear(3, 2), nn.MSELoss(), (X, Y), metrics={"odd": odd})
    with pytest.raises(ObjectiveError, match=r"batch 0 .* the metric 'odd', as metric\(model, batch\) raised KeyError"):
        Objective(nn.Linear(3, 2), batch_loss=of_batch, data=[{"x": X, "y": Y}], metrics={"odd": odd})


@pytest.mark.parametrize(
    "change", [lambda theta: theta.to_sparse(), lambda theta: theta.long(), lambda theta: theta[1:]]
)
def test_a_theta_of_another_kind_is_told(change):
    objective = Objective(nn.Linear(3, 2), nn.MSELoss(), (X, Y))
    with pytest.raises(ObjectiveError, match=r"expected theta of shape \(8,\) and torch.float32; got \(\d,\) and "):
        objective(change(objective.theta))


def test_arrays_are_not_counted():
    batch = {"x": X.numpy(), "y": Y.numpy()}

    def arrays(model, batch):
        return (model(torch.from_numpy(batch["x"])) - torch.from_numpy(batch["y"])).square().mean()

    with pytest.raises(ObjectiveError, match=r"expected count=.*are none: arrays are not counted"):
        Objective(nn.Linear(3, 2), batch_loss=arrays, data=[batch, batch])
