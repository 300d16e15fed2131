import copy
import pickle
import threading

import pytest
import torch
from torch import nn
from torch.func import grad, jvp, vmap

import explorer
import models
from explorer import Objective, ObjectiveError
from tests.support.cases import bowl, least_squares, neuron

# The first forward-mode derivative in a process loads code of PyTorch that warns about PyTorch.

X = torch.linspace(-1, 1, 6, dtype=torch.float64)[:, None]


def mse(prediction, target):
    return (prediction - target).square().mean()


def network(**kinds):
    return nn.Sequential(nn.Linear(1, 3), nn.Tanh(), nn.Linear(3, 1)).to(torch.float64)


def test_objective_is_the_loss_of_the_model():
    case = neuron()
    theta = torch.tensor([0.7, -0.2], dtype=torch.float64)
    # One formula on two ways through the same operations: equal to rounding of a mean of 7, 8 eps.
    assert case.objective(theta).item() == pytest.approx(case.loss(0.7, -0.2).item(), rel=8 * 2.3e-16)


def test_gradient_is_the_hand_derived_one():
    case = neuron()
    theta = torch.tensor([0.7, -0.2], dtype=torch.float64)
    # Terms of order 1, means of 7: rounding stays below 100 eps = 2e-14.
    torch.testing.assert_close(grad(case.objective)(theta), case.gradient(0.7, -0.2), rtol=0, atol=2e-14)


@pytest.mark.parametrize("seed", range(5))
def test_least_squares_value_and_gradient(seed):
    case = least_squares(seed=seed)
    theta = torch.randn(4, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    # Sums of 20 products of order 1 to 10: rounding below 20 * 10 * eps = 5e-14.
    torch.testing.assert_close(case.objective(theta), case.loss(theta), rtol=0, atol=5e-14)
    torch.testing.assert_close(grad(case.objective)(theta), case.gradient(theta), rtol=0, atol=5e-14)


def test_vmap_makes_one_point_many():
    case = neuron()
    thetas = torch.randn(9, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(3))
    many = vmap(case.objective)(thetas)
    one_by_one = torch.stack([case.objective(theta) for theta in thetas])
    torch.testing.assert_close(many, one_by_one, rtol=8 * 2.3e-16, atol=0)


def test_batches_are_read_once_and_joined():
    model = network()
    y = torch.sin(X)
    batches = iter([(X[:1], y[:1]), (X[1:4], y[1:4]), (X[4:], y[4:])])
    joined = Objective(model, mse, batches)
    assert joined(joined.theta) == Objective(model, mse, (X, y))(joined.theta)


def test_the_model_is_never_changed():
    model = nn.Sequential(nn.Linear(1, 4), nn.BatchNorm1d(4), nn.Dropout(0.5), nn.Linear(4, 1)).double().train()
    before = copy.deepcopy(model.state_dict())
    objective = Objective(model, mse, (X, X))
    vmap(objective)(objective.theta + torch.arange(3, dtype=torch.float64)[:, None])
    grad(objective)(objective.theta)
    assert model.training
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(p.requires_grad and p.grad is None for p in model.parameters())


def test_later_training_of_the_model_does_not_move_the_objective():
    model = network()
    objective = Objective(model, mse, (X, X))
    before = objective(objective.theta)
    with torch.no_grad():
        model[0].weight.add_(1.0)
    assert objective(objective.theta) == before


def test_theta_is_a_copy():
    _, objective = bowl()
    objective.theta.fill_(7.0)
    assert not objective.theta.any()


def test_buffers_counted_by_the_model_leave_no_trace():
    class Counting(nn.Module):
        def __init__(self):
            super().__init__()
            self.w = nn.Parameter(torch.ones((), dtype=torch.float64))
            self.register_buffer("calls", torch.zeros((), dtype=torch.float64))

        def forward(self, x):
            self.calls += 1
            return self.w * x * self.calls

    objective = Objective(Counting(), mse, (X, torch.zeros_like(X)))
    first = objective(objective.theta)
    assert objective(objective.theta) == first == X.square().mean()


def test_terms_are_unweighted_and_their_weighted_sum_is_the_objective():
    model = models.MODELS["tanh_neuron"](0.3, 0.1)
    t = torch.linspace(0, 1, 5, dtype=torch.float64)
    objective = Objective(
        model,
        terms={"start": lambda m: m(t[:1]).square().mean(), "slope": lambda m: jvp(m, (t,), (t * 0 + 1,))[1].mean()},
        weights={"slope": 10.0},
    )
    theta = objective.theta
    terms = objective.terms(theta)
    slope = 0.3 * (1 - torch.tanh(0.3 * t + 0.1) ** 2).mean()
    torch.testing.assert_close(terms["slope"], slope, rtol=1e-15, atol=1e-16)
    assert list(terms) == ["start", "slope"]
    assert objective(theta) == terms["start"] + 10 * terms["slope"]
    assert vmap(objective)(theta.expand(3, -1)).shape == (3,)


def test_terms_see_the_parameters_by_name():
    objective = Objective(models.MODELS["tanh_neuron"](), terms={"square": lambda model: model.w**2 + model.b})
    assert objective(torch.tensor([3.0, 1.0], dtype=torch.float64)) == 10.0


def test_dtype_moves_model_and_data_and_leaves_the_original():
    case = neuron()
    objective = case.objective
    single = objective.to(dtype=torch.float32)
    assert (single.dtype, objective.dtype) == (torch.float32, torch.float64)
    theta = torch.tensor([0.7, -0.2])
    value = single(theta)
    assert value.dtype == torch.float32
    # float32 tanh and a mean of 7 squares of order 1: some ten roundings of 6e-8.
    assert value.item() == pytest.approx(objective(theta.double()).item(), rel=1e-6)


def test_survives_pickling():
    objective = neuron().objective
    again = pickle.loads(pickle.dumps(objective))
    theta = torch.tensor([0.7, -0.2], dtype=torch.float64)
    assert again(theta) == objective(theta)


def test_threads_may_share_an_objective():
    objective = neuron().objective
    thetas = torch.randn(4, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(1))
    expected = [objective(theta) for theta in thetas]
    wrong = []

    def evaluate(index):
        wrong.extend(index for _ in range(100) if objective(thetas[index]) != expected[index])

    threads = [threading.Thread(target=evaluate, args=(index,)) for index in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert not wrong


def test_constructing_leaves_the_random_numbers_of_the_caller_alone():
    class Noisy(nn.Linear):
        def forward(self, x):
            return super().forward(x) + torch.rand(())

    state = torch.get_rng_state()
    model = Noisy(1, 1).double()
    torch.set_rng_state(state)
    with pytest.raises(ObjectiveError, match="same 'loss' twice"):
        Objective(model, mse, (X, X))
    assert torch.equal(torch.get_rng_state(), state)


def test_describe_names_model_loss_and_data():
    described = neuron().objective.describe()
    assert (described["model"], described["parameters"]) == ("TanhNeuron", 2)
    assert "MSE" in described["loss"]
    assert described["data"]["inputs"] == [7]
    assert len(described["data"]["sha256"]) == 64
    other = explorer.Objective(models.MODELS["tanh_neuron"](), mse, (X[:, 0], X[:, 0] + 1)).describe()
    assert other["data"]["sha256"] != described["data"]["sha256"]


SINGLE = X.float()
REFUSED = {
    "not scalar": (lambda p, t: (p - t).square(), (X, X), r"shape \(6, 1\): take the mean"),
    "broadcast": (mse, (X, X[:, 0]), r"broadcast to \(6, 6\)"),
    "unequal": (mse, (X, X[:4]), "6 inputs and 4 targets"),
    "inputs of another dtype": (mse, (SINGLE, X), r"inputs.to\(torch.float64\)"),
    "targets of another dtype": (mse, (X, SINGLE), r"targets.to\(torch.float64\)"),
    "not finite": (mse, (X, X.masked_fill(X > 0.9, float("nan"))), "1 of 6 entries"),
    "no data": (mse, [], "at least one batch"),
    "not tensors": (mse, [(X, 3.0)], "tuple of ..6, 1. float64, float."),
    "no fit": (mse, (X.expand(6, 2), X), "evaluating them failed"),
    "a number": (lambda p, t: 1.0, (X, X), "scalar tensor; got float"),
    "other dtype": (lambda p, t: mse(p, t).float(), (X, X), "got torch.float32"),
}


@pytest.mark.parametrize(("loss", "data", "message"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_make_a_scalar_is_refused_with_the_cure(loss, data, message):
    with pytest.raises(ObjectiveError, match=message):
        Objective(network(), loss, data)


def test_class_numbers_are_no_broadcast():
    model = nn.Linear(1, 6).double()
    numbers = torch.arange(6)
    objective = Objective(model, nn.CrossEntropyLoss(), (X, numbers))
    expected = nn.functional.cross_entropy(model(X), numbers)
    torch.testing.assert_close(objective(objective.theta), expected.detach(), rtol=1e-15, atol=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "missing"),
        ({"loss": mse, "data": (X, X), "terms": {"a": lambda m: m.w}}, "got both"),
        ({"terms": {"a": lambda m: m.w}, "weights": {"b": 1.0}}, r"\['b'\]"),
    ],
)
def test_either_loss_and_data_or_terms(arguments, message):
    with pytest.raises(ObjectiveError, match=message):
        Objective(models.MODELS["tanh_neuron"](), **arguments)


def test_theta_of_another_shape_or_dtype_is_refused():
    _, objective = bowl()
    with pytest.raises(ObjectiveError, match=r"expected theta of shape \(5,\)"):
        objective(torch.zeros(2, 5, dtype=torch.float64))
    with pytest.raises(ObjectiveError, match=r"torch\.float32"):
        objective(torch.zeros(5))


def test_a_summed_loss_is_refused_with_the_cure():
    x, y = torch.randn(6, dtype=torch.float64), torch.randn(6, dtype=torch.float64)
    with pytest.raises(ObjectiveError, match=r"mean over samples.*reduction=\"mean\""):
        Objective(nn.Linear(1, 1).double(), nn.MSELoss(reduction="sum"), (x[:, None], y[:, None]))


@pytest.mark.parametrize("weight", [float("nan"), float("inf")])
def test_weights_that_are_not_finite_are_refused(weight):
    with pytest.raises(ObjectiveError, match="finite weights"):
        Objective(nn.Linear(1, 1), terms={"a": lambda model: model.weight.sum()}, weights={"a": weight})


def test_a_single_sample_of_any_stride_is_described():
    x, y = torch.tensor([[0.5, 0.3]], dtype=torch.float64).T
    model = nn.Linear(1, 1).double()
    described = Objective(model, nn.MSELoss(), (x[:, None], y[:, None])).describe()["data"]
    same = Objective(model, nn.MSELoss(), (x.clone()[:, None], y.clone()[:, None])).describe()["data"]
    assert described["sha256"] == same["sha256"]
