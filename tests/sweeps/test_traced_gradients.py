"""Where a gradient stops or has a rule of its own, a traced evaluation follows the model's own code, or is refused."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.graphs import Rewrites, UntraceableError
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LADDER, measure_by
from tests.support.planes import random_plane
from tests.support.samples import drawn, labels
from tests.support.step_cases import with_step
from tests.support.traced_cases import always_traced, assert_swept_is_plain, assert_traced_is_plain, swept


def without_grad(h):
    with torch.no_grad():
        factor = torch.sigmoid(h) + h.mean(1, keepdim=True)
    return h * factor


STOPPED = {
    "detached": lambda h: torch.tanh(h) * torch.sigmoid(h).detach(),
    "detached, affine": lambda h: torch.tanh(h + 2 * h.detach()),
    "data": lambda h: torch.tanh(h) * torch.sigmoid(h).data,
    "without grad": without_grad,
    # Small enough at the two points of a verification to be seen at others alone.
    "detached where it is large": lambda h: torch.tanh(h) + torch.relu(h - 6).detach(),
}


@pytest.mark.parametrize("name", STOPPED)
def test_a_gradient_stops_where_the_model_stops_it(name):
    assert_traced_is_plain(with_step(STOPPED[name]))


class Clipped(torch.autograd.Function):
    """The identity, with a gradient of limited size."""

    @staticmethod
    def forward(ctx, x):
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient.clamp(-0.01, 0.01)


def hooked(h):
    if h.requires_grad:
        h.register_hook(lambda gradient: gradient.clamp(-0.01, 0.01))
    return h.tanh()


def numpy_chooses(h):
    return h.tanh() if h.detach().numpy().max() < 50 else h


REFUSED = {"function of its own": Clipped.apply, "hook": hooked, "chosen by NumPy": numpy_chooses}


@pytest.mark.parametrize("name", REFUSED)
def test_rules_that_a_trace_does_not_see_are_refused(name, monkeypatch):
    objective = with_step(REFUSED[name])
    plane = random_plane(objective)
    for base in LADDER:
        with pytest.raises(UntraceableError):
            measure_by(base.traced(Rewrites()), objective, plane, read_quantities(("loss", "gradient")), size=2)
    always_traced(monkeypatch)
    found = swept(objective, plane)
    assert "traced" not in found.attrs["strategy"]
    if name != "hook":
        # Within `vmap` no tensor asks for a gradient, so that this model does not register one.
        assert_swept_is_plain(found, objective, plane)


@torch.no_grad()
def share_right(prediction, target):
    return (prediction.argmax(1) == target).double().mean()


def test_metrics_may_stop_gradients():
    model = nn.Linear(5, 3).double()
    metrics = {"right": share_right, "size": lambda p, t: p.detach().square().mean()}
    data, test = ((drawn(n, 5), labels(n, 3)) for n in (20, 9))
    assert_traced_is_plain(Objective(model, nn.CrossEntropyLoss(), data, metrics=metrics, test_data=test))


def test_a_metric_by_numpy_is_not_frozen(monkeypatch):
    model = nn.Linear(5, 3).double()
    metrics = {"right": lambda p, t: float((p.detach().numpy().argmax(1) == t.numpy()).mean())}
    objective = Objective(model, nn.CrossEntropyLoss(), (drawn(20, 5), labels(20, 3)), metrics=metrics)
    always_traced(monkeypatch)
    plane = random_plane(objective)
    found = swept(objective, plane)
    assert "traced" not in found.attrs["strategy"]
    assert len(set(found.right.values.ravel())) > 1
