"""What a model computes from its weights and keeps, or takes from another model: right at every theta, or refused."""

import types
from functools import lru_cache

import pytest
import torch
from torch import nn
from torch.utils.checkpoint import checkpoint

from explorer import Objective, ObjectiveError
from explorer.objective.placements import Placement
from tests.support.modules.keeping import EmptyBuffer, LateBuffer, LateModule, Plain, X, Y

CACHE = {}


class Nested(Plain):
    def prepare(self):
        self.cache = {"weights": {}}

    def doubled(self):
        if "first" not in self.cache["weights"]:
            self.cache["weights"]["first"] = super().doubled().detach()
        return self.cache["weights"]["first"]


class NestedWithGraph(Nested):
    def doubled(self):
        if "first" not in self.cache["weights"]:
            self.cache["weights"]["first"] = Plain.doubled(self)
        return self.cache["weights"]["first"]


class Helper(Plain):
    def prepare(self):
        self.helper = types.SimpleNamespace(weight=None)

    def doubled(self):
        if self.helper.weight is None:
            self.helper.weight = super().doubled().detach()
        return self.helper.weight


class Cached(Plain):
    @lru_cache  # noqa: B019 - what is tried
    def doubled(self):
        return 2 * self.first.weight.detach()


class Global(Plain):
    def doubled(self):
        if "first" not in CACHE:
            CACHE["first"] = super().doubled()
        return CACHE["first"]


class OnItself(Plain):
    def prepare(self):
        self.double = lambda: 2 * self.first.weight

    def doubled(self):
        return self.double()


class Hooked(Plain):
    def prepare(self):
        self.head.register_forward_pre_hook(lambda module, given: (given[0] + self.first.weight.sum(),))


def plain_at(theta):
    """The loss of plain PyTorch at theta, without anything kept, and its gradient."""
    model = Plain()
    nn.utils.vector_to_parameters(theta, model.parameters())
    loss = nn.functional.mse_loss(model(X), Y)
    return loss.detach(), torch.cat([each.flatten() for each in torch.autograd.grad(loss, list(model.parameters()))])


@pytest.mark.parametrize("kind", [EmptyBuffer, LateBuffer])
def test_buffers_of_the_first_call_are_computed_anew(kind):
    objective = Objective(kind(), nn.MSELoss(), (X, Y))
    for theta in (objective.theta, objective.theta + 0.3, objective.theta - 0.2):
        leaf = theta.clone().requires_grad_()
        loss, gradient = plain_at(theta)
        # Nine squares of sums of four, in the same order.
        torch.testing.assert_close(objective(theta), loss, rtol=1e-14, atol=0)
        torch.testing.assert_close(torch.autograd.grad(objective(leaf), leaf)[0], gradient, rtol=1e-12, atol=1e-14)


def test_a_module_of_the_first_call_is_made_anew():
    objective = Objective(LateModule(), nn.MSELoss(), (X, Y))
    for theta in (objective.theta, objective.theta + 0.3):
        torch.testing.assert_close(objective(theta), plain_at(theta)[0], rtol=1e-14, atol=0)


ANEW = "computes from its parameters anew each time"
OUTSIDE = "parameters from outside"
REFUSED = [
    (Nested, f"{ANEW}; at one theta loss is .* when the model is new, and .* when it was evaluated elsewhere"),
    (NestedWithGraph, OUTSIDE),
    (Helper, ANEW),
    (Cached, ANEW),
    (Global, OUTSIDE),
    (OnItself, OUTSIDE),
    (Hooked, OUTSIDE),
]


@pytest.mark.parametrize(("kind", "message"), REFUSED, ids=[kind.__name__ for kind, _ in REFUSED])
def test_what_stays_where_theta_does_not_is_refused(kind, message):
    CACHE.clear()
    with pytest.raises(ObjectiveError, match=message):
        Objective(kind(), nn.MSELoss(), (X, Y))


@pytest.mark.parametrize("kind", [EmptyBuffer, LateBuffer, NestedWithGraph, Global])
def test_so_is_what_the_given_model_has_computed_before(kind):
    CACHE.clear()
    model = kind()
    model(X)
    with pytest.raises(ObjectiveError, match=f"{ANEW}|{OUTSIDE}"):
        Objective(model, nn.MSELoss(), (X, Y))


def test_a_table_that_is_made_once_is_taken():
    class Turning(Plain):
        def prepare(self):
            self.register_buffer("table", None)

        def forward(self, x):
            if self.table is None:
                self.table = torch.linspace(0, 1, 3).double()
            return super().forward(x * self.table)

    model = Turning()
    model(X)
    objective = Objective(model, nn.MSELoss(), (X, Y))
    expected = nn.functional.mse_loss(Plain()(X * torch.linspace(0, 1, 3).double()), Y)
    torch.testing.assert_close(objective(objective.theta), expected.detach(), rtol=1e-14, atol=0)


def fit(model, batch):
    return (model(batch["x"]) - batch["y"]).square().mean()


def test_a_loss_of_the_callers_own_model_is_refused_by_name():
    net = Plain()

    def penalized(model, batch):
        return fit(model, batch) + 0.01 * sum(each.square().sum() for each in net.parameters())

    with pytest.raises(ObjectiveError, match=f"expected loss to be computed of the model .* {OUTSIDE}"):
        Objective(net, batch_loss=penalized, data=[{"x": X, "y": Y}])
    terms = {"fit": lambda model: (model(X) - Y).square().mean(), "size": lambda model: net.head.weight.square().sum()}
    with pytest.raises(ObjectiveError, match="expected size to be"):
        Objective(net, terms=terms)


def test_another_model_in_the_loss_is_taken():
    net, teacher = Plain(), nn.Linear(3, 1).double()

    def distilled(model, batch):
        return (model(batch["x"]) - teacher(batch["x"])).square().mean()

    objective = Objective(net, batch_loss=distilled, data=[{"x": X}])
    torch.testing.assert_close(objective(objective.theta), distilled(net, {"x": X}).detach(), rtol=1e-14, atol=0)


def test_a_model_that_merges_its_adapters_in_eval_is_refused():
    class Merging(Plain):
        def train(self, mode=True):
            if self.training and not mode:
                self.first.weight.data += 0.1
            return super().train(mode)

    model = Merging()
    before = model.first.weight.clone()
    with pytest.raises(ObjectiveError, match=r"it changes 'first.weight'.*merge_weights=False"):
        Objective(model, nn.MSELoss(), (X, Y))
    assert torch.equal(model.first.weight, before)
    assert model.training


def sharp(model, batch):
    """A loss with the squared norm of its own gradient, as some regularizers have it."""
    loss = fit(model, batch)
    slopes = torch.autograd.grad(loss, list(model.parameters()), create_graph=True)
    return loss + 0.1 * sum(each.square().sum() for each in slopes)


def test_a_loss_may_differentiate_by_the_parameters():
    model = Plain()
    objective = Objective(model, batch_loss=sharp, data=[{"x": X, "y": Y}])
    assert objective.placement is Placement.LEAVES
    for theta in (objective.theta, objective.theta + 0.2):
        leaf = theta.clone().requires_grad_()
        moved = Plain()
        nn.utils.vector_to_parameters(theta, moved.parameters())
        expected = sharp(moved, {"x": X, "y": Y})
        gradient = torch.cat([each.flatten() for each in torch.autograd.grad(expected, list(moved.parameters()))])
        torch.testing.assert_close(objective(theta), expected.detach(), rtol=1e-13, atol=0)
        torch.testing.assert_close(torch.autograd.grad(objective(leaf), leaf)[0], gradient, rtol=1e-11, atol=1e-13)


class LongOnes(Plain):
    """Computes what is long again in the backward pass, as long sequences ask for."""

    def forward(self, x):
        return checkpoint(super().forward, x, use_reentrant=False) if len(x) > 6 else super().forward(x)


@pytest.mark.parametrize("longest", [0, 1, 2])
def test_a_branch_for_larger_batches_is_seen_wherever_it_is(longest):
    sizes = [2, 2, 2]
    sizes[longest] = 9
    data = [{"x": X[:size], "y": Y[:size]} for size in sizes]
    objective = Objective(LongOnes(), batch_loss=fit, data=data, count=lambda batch: len(batch["x"]))
    assert objective.placement is Placement.LEAVES
    theta = objective.theta + 0.3
    leaf = theta.clone().requires_grad_()
    whole = {name: torch.cat([batch[name] for batch in data]) for name in ("x", "y")}
    moved = Plain()
    nn.utils.vector_to_parameters(theta, moved.parameters())
    expected = torch.autograd.grad(fit(moved, whole), list(moved.parameters()), allow_unused=True)
    flat = torch.cat([torch.zeros(p.numel()).double() if g is None else g.flatten()
                      for g, p in zip(expected, moved.parameters(), strict=True)])  # fmt: skip
    torch.testing.assert_close(torch.autograd.grad(objective(leaf), leaf)[0], flat, rtol=1e-12, atol=1e-14)
