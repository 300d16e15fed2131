"""Models that ask for more than views of theta: their numbers are those of plain PyTorch, away from the center too."""

import copy
import json
import pickle
import warnings

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import Grid, Objective, ObjectiveError
from explorer.graphs import Rewrites
from explorer.objective.placements import Placement
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from tests.support.modules.asking import MODELS, X, Y, made
from tests.support.planes import random_plane

pytestmark = pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad")


def plain(model, theta, loss):
    """Loss and gradient on a fresh copy of a model, as a training loop has them."""
    fresh = copy.deepcopy(model).eval()
    nn.utils.vector_to_parameters(theta.clone(), fresh.parameters())
    value = loss(fresh)
    value.backward()
    gradient = [torch.zeros_like(p) if p.grad is None else p.grad.to_dense() for p in fresh.parameters()]
    return value.detach(), torch.cat([each.flatten() for each in gradient])


def differences(function, theta, step=1e-6):
    """Central differences: their error is about step^2 + 1e-16 / step = 1e-10 for functions of order 1."""
    rows = torch.eye(len(theta), dtype=theta.dtype) * step
    return torch.stack([(function(theta + row) - function(theta - row)) / (2 * step) for row in rows]).detach()


@pytest.mark.parametrize("kind", MODELS)
def test_value_and_gradient_are_those_of_a_training_loop(kind):
    model, x = made(kind), MODELS[kind][1]
    objective = Objective(model, F.mse_loss, (x, Y))
    assert objective.placement is MODELS[kind][2]
    away = (
        objective.theta + 0.3 * torch.randn(len(objective.theta), generator=torch.Generator().manual_seed(2)).double()
    )
    for theta in (objective.theta, away):
        value, gradient = plain(model, theta, lambda fresh: F.mse_loss(fresh(x), Y))
        leaf = theta.clone().requires_grad_()
        found = objective(leaf)
        (slope,) = torch.autograd.grad(found, leaf)
        torch.testing.assert_close(found.detach(), value, rtol=1e-14, atol=0)
        torch.testing.assert_close(slope, gradient, rtol=1e-12, atol=1e-15)
        torch.testing.assert_close(slope, differences(objective, theta), rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize("kind", ["checkpoint", "reentrant", "sparse", "clamp in place"])
def test_a_sweep_says_which_way_it_took(kind):
    model, x = made(kind), MODELS[kind][1]
    objective = Objective(model, F.mse_loss, (x, Y))
    plane = random_plane(objective)
    grid = Grid({"alpha": (-0.6, 0.6, 3), "beta": (0.0, 0.5, 2)})
    quantities = ("loss", "gradient", "gradient_norm")
    found = explorer.sweep(objective, plane, grid, quantities=quantities, progress=False)
    assert found.attrs["strategy"] == f"loop, {MODELS[kind][2].value}"
    for i, alpha in enumerate(found.alpha.values):
        for j, beta in enumerate(found.beta.values):
            theta = plane.at([[alpha, beta]])[0]
            value, gradient = plain(model, theta, lambda fresh: F.mse_loss(fresh(x), Y))
            np.testing.assert_allclose(found.loss[i, j], value, rtol=1e-13)
            np.testing.assert_allclose(found.gradient[i, j], plane.basis @ gradient, rtol=1e-11, atol=1e-14)
            np.testing.assert_allclose(found.gradient_norm[i, j], gradient.norm(), rtol=1e-12)


class _Again(torch.autograd.Function):
    """x -> x * weight, whose backward takes the weight that the module has by then."""

    @staticmethod
    def forward(ctx, x, weight, module):
        ctx.save_for_backward(x)
        ctx.module = module
        return x * weight

    @staticmethod
    def backward(ctx, slope):
        (x,) = ctx.saved_tensors
        return slope * ctx.module.weight, (slope * x).sum(0), None


class Reread(nn.Module):
    """[D, 3] -> [D, 1]: a layer, then a product that is differentiated by hand."""

    def __init__(self):
        super().__init__()
        self.layer, self.weight = nn.Linear(3, 2), nn.Parameter(torch.tensor([1.5, -0.5]))

    def forward(self, x):
        return _Again.apply(torch.tanh(self.layer(x)), self.weight, self).sum(1, keepdim=True)


HIDING = {
    "far targets": lambda m, x, y: {"fit": F.mse_loss(m(x), y + 1000)},
    "an offset": lambda m, x, y: {"fit": F.mse_loss(m(x), y) + 1e3},
    "a large term beside": lambda m, x, y: {"fit": F.mse_loss(m(x), y), "decay": 1e6 * m.weight.square().sum()},
}


@pytest.mark.parametrize("dtype", [torch.float64, torch.float32, torch.bfloat16])
@pytest.mark.parametrize("kind", HIDING)
def test_a_large_loss_hides_no_wrong_gradient(kind, dtype):
    torch.manual_seed(0)
    model, x, y = Reread().to(dtype), X.to(dtype), Y[:, :1].to(dtype)
    objective = Objective(model, terms=lambda m: HIDING[kind](m, x, y))
    assert objective.placement is not Placement.VIEWS
    theta = objective.theta + 0.5
    _, gradient = plain(model, theta, lambda fresh: sum(HIDING[kind](fresh, x, y).values()))
    leaf = theta.clone().requires_grad_()
    (slope,) = torch.autograd.grad(objective(leaf), leaf)
    # The same operations in the same order; sums of the two terms' gradients may round once more.
    torch.testing.assert_close(slope, gradient, rtol=4 * torch.finfo(dtype).eps, atol=0)


def test_a_gradient_that_overflows_far_away_is_tried_nearer():
    torch.manual_seed(0)
    model = Reread().double()
    theta = nn.utils.parameters_to_vector(model.parameters()).detach()

    def loss(m, batch):
        moved = nn.utils.parameters_to_vector(m.parameters()) - theta
        return F.mse_loss(m(X), Y[:, :1]) + torch.exp(1e5 * moved.square().sum())

    objective = Objective(model, batch_loss=loss, data=[X])
    assert objective(objective.theta + 0.1).isinf()
    assert objective.placement is not Placement.VIEWS


def test_curvature_through_a_checkpoint_is_that_of_the_same_model_without():
    model = made("checkpoint")
    plain_model = nn.Sequential(*copy.deepcopy(model.hidden), copy.deepcopy(model.head))
    objective, other = (Objective(each, F.mse_loss, (X, Y)) for each in (model, plain_model))
    plane, grid = random_plane(objective), Grid({"alpha": (-0.6, 0.6, 2), "beta": (0.0, 0.5, 2)})
    one, two = (
        explorer.sweep(each, plane, grid, quantities=("loss", "curvature"), progress=False)
        for each in (objective, other)
    )
    np.testing.assert_allclose(one.curvature, two.curvature, rtol=1e-10, atol=1e-13)
    reentrant = Objective(made("reentrant"), F.mse_loss, (X, Y))
    with pytest.raises(ObjectiveError, match="use_reentrant=True"):
        explorer.sweep(reentrant, random_plane(reentrant), grid, quantities=("curvature",), progress=False)


@pytest.mark.parametrize("kind", MODELS)
def test_pickles_moves_and_leaves_the_users_model_alone(kind):
    model, x = made(kind), MODELS[kind][1]
    before = copy.deepcopy(model.state_dict())
    objective = Objective(model, F.mse_loss, (x, Y))
    torch.func.functional_call(model, {}, x)
    theta = objective.theta + 0.1
    again = pickle.loads(pickle.dumps(objective))
    assert again.placement is objective.placement
    assert torch.equal(again(theta), objective(theta))
    single = objective.to(dtype=torch.float32)
    # float32 carries 6e-8 of numbers of order 1.
    assert single(theta.float()).item() == pytest.approx(objective(theta).item(), rel=1e-5)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def residual(model):
    """A term that differentiates the model by its input, and keeps the graph."""
    x = X.clone().requires_grad_()
    (slope,) = torch.autograd.grad(model(x).sum(), x, create_graph=True)
    return slope.square().mean()


def penalty(model):
    """A term that calls backward itself, and so leaves something in every parameter."""
    loss = F.mse_loss(model(X), Y)
    loss.backward(create_graph=True)
    total = sum(p.grad.square().sum() for p in model.parameters())
    for parameter in model.parameters():
        parameter.grad = None
    return total


def test_terms_that_differentiate_themselves():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    objective = Objective(model, terms={"pde": residual, "fit": lambda m: F.mse_loss(m(X), Y)}, weights={"pde": 2.0})
    theta = objective.theta + 0.2
    value, gradient = plain(model, theta, lambda m: 2.0 * residual(m) + F.mse_loss(m(X), Y))
    leaf = theta.clone().requires_grad_()
    found = objective(leaf)
    torch.testing.assert_close(found.detach(), value, rtol=1e-13, atol=0)
    torch.testing.assert_close(torch.autograd.grad(found, leaf)[0], gradient, rtol=1e-11, atol=1e-14)


def test_a_term_that_calls_backward_itself():
    model = nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2)).double()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="Using backward\\(\\) with create_graph=True")
        objective = Objective(model, terms={"penalty": penalty})
        assert objective.placement is not Placement.VIEWS
        theta = objective.theta + 0.2
        leaf = theta.clone().requires_grad_()
        (slope,) = torch.autograd.grad(objective(leaf), leaf)
        torch.testing.assert_close(slope, differences(objective, theta), rtol=1e-6, atol=1e-9)


class Adapter(nn.Module):
    """A half-precision base that stays as it is, with an adapter in full precision beside it."""

    def __init__(self):
        super().__init__()
        self.base = nn.Linear(3, 2).half().requires_grad_(False)
        self.adapter = nn.Linear(3, 2)

    def forward(self, x):
        return self.base(x.half()).float() + torch.tanh(self.adapter(x))


@pytest.mark.parametrize(("chosen", "size"), [("trainable", 8), (("adapter",), 8), (None, 16)])
def test_parameters_of_several_dtypes(chosen, size):
    torch.manual_seed(0)
    model = Adapter()
    objective = Objective(model, F.mse_loss, (X.float(), Y.float()), parameters=chosen)
    assert objective.dtype == torch.float32
    assert len(objective.theta) == size
    theta = objective.theta + 0.25
    fresh = copy.deepcopy(model).requires_grad_(True)
    params = dict(fresh.named_parameters())
    for name, value in objective.layout.unflatten(theta).items():
        params[name].data = value.to(params[name].dtype)
    expected = F.mse_loss(fresh(X.float()), Y.float())
    gradients = torch.autograd.grad(expected, [params[name] for name in objective.layout.shapes])
    leaf = theta.clone().requires_grad_()
    found = objective(leaf)
    assert found.item() == pytest.approx(expected.item(), rel=1e-6)
    # The gradient by half-precision weights is rounded to 2^-11 of itself.
    expected_slope = torch.cat([each.float().flatten() for each in gradients])
    torch.testing.assert_close(torch.autograd.grad(found, leaf)[0], expected_slope, rtol=2e-3, atol=1e-6)
    grid = Grid({"alpha": (-0.5, 0.5, 3), "beta": (-0.5, 0.5, 3)})
    plane = random_plane(objective)
    swept = explorer.sweep(objective, plane, grid, progress=False)
    assert swept.loss.values[0, 2] == pytest.approx(objective(plane.at([[-0.5, 0.5]])[0]).item(), rel=1e-5)


class Spectral(nn.Module):
    """[D, 3] -> [D, 2] through a product with complex weights."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.randn(3, 4, dtype=torch.complex128))
        self.head = nn.Linear(4, 2).double()

    def forward(self, x):
        return self.head((x.to(torch.complex128) @ self.weight).abs())


def test_complex_parameters_are_two_reals_each():
    torch.manual_seed(0)
    model = Spectral()
    objective = Objective(model, F.mse_loss, (X, Y))
    assert len(objective.theta) == 2 * 12 + 10
    theta = objective.theta + 0.2
    fresh = copy.deepcopy(model)
    fresh.weight.data += 0.2 + 0.2j
    fresh.head.weight.data += 0.2
    fresh.head.bias.data += 0.2
    torch.testing.assert_close(objective(theta), F.mse_loss(fresh(X), Y).detach(), rtol=1e-13, atol=0)
    leaf = theta.clone().requires_grad_()
    (slope,) = torch.autograd.grad(objective(leaf), leaf)
    torch.testing.assert_close(slope, differences(objective, theta), rtol=1e-6, atol=1e-9)
    plane = explorer.directions.gaussian(objective, seed=0)
    swept = explorer.sweep(objective, plane, Grid.square(radius=0.5, points=3), progress=False)
    np.testing.assert_allclose(swept.loss[0, 2], objective(plane.at([[-0.5, 0.5]])[0]), rtol=1e-12)


class Keeping(nn.Module):
    """Keeps its last result, as attention layers keep their map."""

    def __init__(self):
        super().__init__()
        self.layer, self.last, self.all = nn.Linear(3, 2).double(), None, {}

    def forward(self, x):
        self.last = torch.tanh(self.layer(x))
        self.all["layer"] = [self.last]
        return self.last


@pytest.mark.parametrize("kind", [Keeping, lambda: nn.utils.weight_norm(nn.Linear(3, 2).double())])
@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
def test_a_model_that_keeps_what_it_computed_is_copied(kind):
    model = kind()
    model(X)
    objective = Objective(model, F.mse_loss, (X, Y))
    theta = objective.theta + 0.3
    fresh = kind()
    nn.utils.vector_to_parameters(theta, fresh.parameters())
    torch.testing.assert_close(objective(theta), F.mse_loss(fresh(X), Y).detach(), rtol=1e-13, atol=0)
    explorer.sweep(objective, random_plane(objective), Grid.square(radius=0.5, points=3), progress=False)
    for again in (pickle.loads(pickle.dumps(objective)), objective.to(dtype=torch.float64)):
        assert torch.equal(again(theta), objective(theta))
    assert objective.own_value()["loss"] == pytest.approx(F.mse_loss(model(X), Y).item())


class Caching(nn.Module):
    """[D, 3] -> [D, 2], with a factor computed from its weights once, as models for inference have."""

    def __init__(self, kept):
        super().__init__()
        self.layer, self.factor, self.cache = nn.Linear(3, 2).double(), None, {}
        self.kept = kept

    def forward(self, x):
        return self.layer(x) * self.kept(self)


def in_an_attribute(model):
    if model.factor is None:
        model.factor = model.layer.weight.exp().sum()
    return model.factor


def as_a_number(model):
    if model.factor is None:
        model.factor = float(model.layer.weight.detach().norm())
    return model.factor


def in_a_dictionary(model):
    if "factor" not in model.cache:
        model.cache["factor"] = [model.layer.weight.exp().sum()]
    return model.cache["factor"][0]


@pytest.mark.parametrize("kept", [in_an_attribute, as_a_number, in_a_dictionary])
def test_what_a_model_caches_is_computed_anew_at_each_theta(kept):
    torch.manual_seed(0)
    model = Caching(kept)
    objective = Objective(model, F.mse_loss, (X, Y))
    plane = random_plane(objective)
    swept = explorer.sweep(objective, plane, Grid.square(radius=0.5, points=3), progress=False)
    for i, j in ((0, 2), (2, 1), (1, 1)):
        theta = plane.at([[swept.alpha[i].item(), swept.beta[j].item()]])[0]
        value, gradient = plain(Caching(kept), theta, lambda fresh: F.mse_loss(fresh(X), Y))
        np.testing.assert_allclose(swept.loss[i, j], value, rtol=1e-13)
        leaf = theta.clone().requires_grad_()
        (slope,) = torch.autograd.grad(objective(leaf), leaf)
        torch.testing.assert_close(slope, gradient, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize(("kept", "name"), [(in_an_attribute, "factor"), (in_a_dictionary, "cache")])
def test_what_a_model_has_cached_before_is_refused_by_name(kept, name):
    model = nn.Sequential(Caching(kept))
    model(X)
    with pytest.raises(ObjectiveError, match=f"it keeps '0.{name}'"):
        Objective(model, F.mse_loss, (X, Y))


def test_a_view_of_a_weight_that_was_made_once_is_refused():
    model = nn.Linear(3, 2).double()
    model.tied = model.weight.T
    with pytest.raises(ObjectiveError, match="it keeps 'tied'"):
        Objective(model, batch_loss=lambda m, batch: F.mse_loss(batch[0] @ m.tied, batch[1]), data=[(X, Y)])


@pytest.mark.parametrize("batched", [True, False])
def test_what_a_transform_or_a_trace_left_in_a_module_does_not_stop_the_report(batched):
    objective = Objective(Keeping(), F.mse_loss, (X, Y))
    plane = random_plane(objective)
    wanted = read_quantities(("loss", "gradient"))
    strategy = LADDER[0] if batched else LOOP.traced(Rewrites())
    coords = torch.zeros(3, 2).double()
    measure_by(strategy, objective, plane, wanted, size=3)(coords)
    assert objective.own_value()["loss"] == pytest.approx(objective(objective.theta).item(), rel=1e-12)
    measure_by(strategy, objective, plane, wanted, size=3)(coords)
    assert torch.equal(pickle.loads(pickle.dumps(objective))(objective.theta), objective(objective.theta))
    found = explorer.sweep(objective, plane, Grid.square(points=5), progress=False, report="full")
    told = {each["name"]: each for each in json.loads(found.attrs["report"])}
    assert told["center"]["status"] == "ok"
    assert "could not be looked at" not in found.attrs["report"]


@pytest.mark.filterwarnings("ignore:`torch.jit")
@pytest.mark.parametrize(
    ("model", "message"),
    [
        (lambda: nn.Sequential(torch.jit.script(nn.Linear(3, 2).double())), "'0' is TorchScript"),
        (lambda: torch.jit.trace(nn.Linear(3, 2).double(), X), "the model is TorchScript"),
        (lambda: nn.Sequential(nn.Embedding(5, 2, max_norm=1.0), nn.Flatten()), "'0' is an embedding with max_norm"),
    ],
)
def test_what_cannot_be_is_refused_by_its_own_name(model, message):
    with pytest.raises(ObjectiveError, match=message):
        Objective(model(), F.mse_loss, (X, Y))
