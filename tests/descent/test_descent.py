"""A descent is a training loop: its path, step by step and bit for bit, and the laws that optimizers obey."""

import copy
from functools import partial

import pytest
import torch
from torch import nn, optim
from torch.optim.lr_scheduler import ExponentialLR, OneCycleLR, StepLR
from torch.utils.data import DataLoader, TensorDataset

from explorer import Objective
from explorer.descent import SCHEDULES, descend
from models import LOSSES, MODELS
from tests.support.cases import Bowl, bowl, neuron
from tests.support.kinds import KINDS
from tests.support.reference import value_and_gradient

WOLFE = {"line_search_fn": "strong_wolfe", "max_iter": 1, "max_eval": 26, "history_size": 10}
METHODS = {
    "gd": (optim.SGD, {}, 0.5),
    "momentum": (optim.SGD, {"momentum": 0.9}, 0.1),
    "nesterov": (optim.SGD, {"momentum": 0.9, "nesterov": True}, 0.1),
    "rmsprop": (optim.RMSprop, {}, 0.03),
    "adagrad": (optim.Adagrad, {}, 0.3),
    "adam": (optim.Adam, {}, 0.1),
    "adamw": (optim.AdamW, {}, 0.1),
    "lbfgs": (optim.LBFGS, {**WOLFE, "tolerance_grad": 0.0, "tolerance_change": 0.0}, 0.7),
}
"""Name -> class, options, a rate."""
STEPS = 30


def perceptron():
    """2-3-1, tanh, mean squared error, with its data, in float64."""
    generator = torch.Generator().manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    with torch.no_grad():
        for each in model.parameters():
            each.copy_(torch.randn(each.shape, generator=generator, dtype=torch.float64))
    x = torch.randn(11, 2, generator=generator, dtype=torch.float64)
    return model, nn.MSELoss(), (x, x.prod(1, keepdim=True))


def tanh_neuron():
    case = neuron()
    return MODELS["tanh_neuron"](-1.5, 1.5), LOSSES["mse"](), (case.x, case.y)


def single_precision():
    model, loss, data = perceptron()
    return model.float(), loss, tuple(each.float() for each in data)


CASES = {"neuron": tanh_neuron, "perceptron": perceptron, "float32": single_precision}


def flat(tensors):
    return torch.cat([each.detach().reshape(-1) for each in tensors])


def trained(model, loss, data, make, steps, schedule=None, batches=None):
    """The loop that everyone writes, on a copy of the model; thetas, losses, norms of gradients, rates."""
    model = copy.deepcopy(model)
    parameters = [each for each in model.parameters() if each.requires_grad]
    optimizer = make(parameters)
    scheduler = schedule(optimizer) if schedule else None
    thetas, losses, norms, rates = [], [], [], []

    def evaluate(inputs, targets):
        optimizer.zero_grad()
        value = loss(model(inputs), targets)
        value.backward()
        return value

    def note():
        losses.append(evaluate(*data).item())
        thetas.append(flat(parameters))
        norms.append(torch.linalg.vector_norm(flat([each.grad for each in parameters if each.grad is not None])).item())

    for _ in range(steps):
        note()
        rates.append(optimizer.param_groups[0]["lr"])
        drawn = next(batches) if batches else data
        optimizer.step(lambda drawn=drawn: evaluate(*drawn))
        if scheduler:
            scheduler.step()
    note()
    losses, norms, rates = (torch.tensor(each, dtype=torch.float64) for each in (losses, norms, rates))
    return torch.stack(thetas), losses, norms, rates


def assert_bits(path, reference):
    """Bit for bit: the same operations of the same classes on the same numbers."""
    assert path.outcome == "stopped"
    assert torch.equal(path.steps, torch.arange(len(reference[0])))
    for found, expected in zip((path.thetas, path.losses, path.gradient_norms, path.rates), reference, strict=True):
        assert torch.equal(found, expected)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
@pytest.mark.parametrize("name", METHODS)
def test_a_named_optimizer_walks_as_in_training(name, case):
    model, loss, data = case()
    make, options, lr = METHODS[name]
    objective = Objective(model, loss, data)
    path = descend(objective, objective.theta, name, lr, STEPS)
    assert_bits(path, trained(model, loss, data, partial(make, lr=lr, **options), STEPS))
    assert path.method.make is make
    assert path.method.options == options


@pytest.mark.parametrize("schedule", [StepLR, ExponentialLR, OneCycleLR], ids=["step", "exponential", "cycle"])
def test_any_class_with_options_and_a_scheduler_walks_as_in_training(schedule):
    model, loss, data = perceptron()
    objective = Objective(model, loss, data)
    given = {
        StepLR: {"step_size": 7, "gamma": 0.5},
        ExponentialLR: {"gamma": 0.9},
        OneCycleLR: {"max_lr": 0.2, "total_steps": STEPS + 1},
    }
    options = {"betas": (0.8, 0.99), "weight_decay": 0.01, "decoupled_weight_decay": True}
    make, scheduler = partial(optim.NAdam, lr=0.05, **options), partial(schedule, **given[schedule])
    path = descend(objective, objective.theta, optim.NAdam, 0.05, STEPS, options, scheduler)
    reference = trained(model, loss, data, make, STEPS, scheduler)
    assert_bits(path, reference)
    assert len(set(path.rates.tolist())) > 3


def test_options_go_over_those_of_the_name():
    model, loss, data = tanh_neuron()
    objective = Objective(model, loss, data)
    path = descend(objective, objective.theta, "momentum", 0.1, STEPS, {"momentum": 0.5, "dampening": 0.5})
    make = partial(optim.SGD, lr=0.1, momentum=0.5, dampening=0.5)
    assert_bits(path, trained(model, loss, data, make, STEPS))


def epochs(data, size, seed):
    """A DataLoader over one permutation after another."""
    generator = torch.Generator().manual_seed(seed)
    while True:
        order = torch.randperm(len(data[0]), generator=generator).tolist()
        yield from DataLoader(TensorDataset(*data), batch_size=size, sampler=order)


@pytest.mark.parametrize("name", ["gd", "adam", "lbfgs"])
@pytest.mark.parametrize("size", [1, 4, 11, 50])
def test_minibatches_are_those_of_a_loader(name, size):
    model, loss, data = perceptron()
    make, options, lr = METHODS[name]
    objective = Objective(model, loss, data)
    path = descend(objective, objective.theta, name, lr / 5, STEPS, batch_size=size, seed=5)
    make = partial(make, lr=lr / 5, **options)
    assert_bits(path, trained(model, loss, data, make, STEPS, batches=epochs(data, size, 5)))
    assert path.batch_size == size


def test_a_seed_decides_the_minibatches():
    objective = Objective(*perceptron())
    first, again, other = (descend(objective, objective.theta, "gd", 0.1, 9, batch_size=3, seed=s) for s in (1, 1, 2))
    assert torch.equal(first.thetas, again.thetas)
    assert not torch.equal(first.thetas[1:], other.thetas[1:])


@pytest.mark.parametrize("size", [1, 4, 10])
@pytest.mark.parametrize("batch_size", [None, 3])
def test_data_in_blocks_walk_the_same_way(size, batch_size):
    whole, blocks = Objective(*perceptron()), Objective(*perceptron())
    blocks._data = blocks._data.in_blocks(size)
    one, other = (descend(each, each.theta, "momentum", 0.05, STEPS, batch_size=batch_size) for each in (whole, blocks))
    # Sums in another order: eps of numbers of order 1 in each step, and this descent spreads errors by less than 1000.
    torch.testing.assert_close(other.thetas, one.thetas, rtol=0, atol=1e-12)
    torch.testing.assert_close(other.losses, one.losses, rtol=0, atol=1e-12)


def test_streamed_data_walk_the_same_way(monkeypatch):
    model, loss, data = perceptron()
    kept = Objective(model, loss, data)
    monkeypatch.setattr("explorer.objective.data.room", lambda _: 0)
    streamed = Objective(model, loss, DataLoader(TensorDataset(*data), batch_size=4))
    assert streamed.streamed
    for batch_size in (None, 4):
        one, other = (descend(each, each.theta, "adam", 0.1, 9, batch_size=batch_size) for each in (kept, streamed))
        # As above.
        torch.testing.assert_close(other.thetas, one.thetas, rtol=0, atol=1e-12)


def test_only_the_chosen_parameters_move():
    model, loss, data = perceptron()
    objective = Objective(model, loss, data, parameters=["2"])
    path = descend(objective, objective.theta, "adam", 0.1, STEPS)
    model[0].requires_grad_(False)
    assert_bits(path, trained(model, loss, data, partial(optim.Adam, lr=0.1), STEPS))


class Unused(nn.Module):
    """A parameter that the prediction does not depend on."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor([2.0], dtype=torch.float64))
        self.idle = nn.Parameter(torch.tensor([3.0, 4.0], dtype=torch.float64))

    def forward(self, x):
        return self.slope * x


def test_a_parameter_without_a_gradient_is_passed_over_as_in_training():
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    model, loss, data = Unused(), nn.MSELoss(), (x, 3 * x)
    objective = Objective(model, loss, data)
    path = descend(objective, objective.theta, "adamw", 0.1, STEPS)
    assert_bits(path, trained(model, loss, data, partial(optim.AdamW, lr=0.1), STEPS))
    # Else its weight decay would have moved them.
    assert bool((path.thetas[:, 1:] == torch.tensor([3.0, 4.0])).all())


class Counting(nn.Module):
    """Its prediction depends on how often a buffer has been raised: once, in every evaluation by itself."""

    def __init__(self):
        super().__init__()
        self.slope = nn.Parameter(torch.tensor(2.0, dtype=torch.float64))
        self.register_buffer("calls", torch.zeros((), dtype=torch.float64))

    def forward(self, x):
        self.calls += 1
        return self.slope * x * self.calls


def test_no_evaluation_sees_what_another_wrote_into_a_buffer():
    x = torch.linspace(-1, 1, 5, dtype=torch.float64)
    objective = Objective(Counting(), nn.MSELoss(), (x, 3 * x))
    path = descend(objective, objective.theta, "gd", 0.5, 12)
    # One parameter with curvature 2 mean(x^2) = 1, rate 0.5: the error halves.
    expected = 3 - 0.5 ** torch.arange(13, dtype=torch.float64)
    # Rounding of a dozen operations on numbers of order 1.
    torch.testing.assert_close(path.thetas[:, 0], expected, rtol=0, atol=1e-14)


@pytest.mark.parametrize("kind", KINDS.values(), ids=KINDS)
def test_every_kind_of_model_goes_down_the_objectives_own_gradient(kind):
    objective = kind.objective(kind.made())
    eps = torch.finfo(objective.dtype).eps
    path = descend(objective, objective.theta, "gd", 0.01, 3)
    for i, theta in enumerate(path.thetas):
        value, gradient = value_and_gradient(objective, theta)
        # The same operations on parameters that are leaves here and pieces of theta there: rounding of a few sums.
        near = {"rel": 50 * eps, "abs": 50 * eps}
        assert float(path.losses[i]) == pytest.approx(float(value), **near)
        assert float(path.gradient_norms[i]) == pytest.approx(float(gradient.norm()), **near)
        if i < 3:
            torch.testing.assert_close(path.thetas[i + 1], theta - 0.01 * gradient, rtol=2 * eps, atol=2 * eps)


def test_recomputed_statistics_are_those_of_all_data():
    torch.manual_seed(0)
    x, y = torch.randn(6, 3, dtype=torch.float64), torch.randn(6, 1, dtype=torch.float64)
    objective = Objective(KINDS["batchnorm"].made(), nn.MSELoss(), (x, y), batchnorm="recompute")
    path = descend(objective, objective.theta, "gd", 0.1, 3)
    for before, after in zip(path.thetas[:-1], path.thetas[1:], strict=True):
        # As above.
        torch.testing.assert_close(after, before - 0.1 * value_and_gradient(objective, before)[1], rtol=0, atol=1e-15)


def test_terms_descend_and_leave_the_users_tensors_alone():
    points = torch.linspace(0, 1, 7, dtype=torch.float64).requires_grad_()
    model = MODELS["reaction"](1.0, 0.5)

    def slope(model):
        u = model(points)
        (rate,) = torch.autograd.grad(u.sum(), points, create_graph=True)
        return (rate - 5 * u * (1 - u)).square().mean()

    def initial(model):
        return (model(torch.zeros(1, dtype=torch.float64)) - 0.05).square().mean()

    objective = Objective(model, terms={"pde": slope, "ic": initial}, weights={"ic": 3.0})
    path = descend(objective, objective.theta, "adam", 0.05, STEPS)
    optimizer = optim.Adam(model.parameters(), lr=0.05)
    for theta in path.thetas:
        assert torch.equal(theta, flat(model.parameters()))
        optimizer.zero_grad()
        (slope(model) + 3 * initial(model)).backward(inputs=list(model.parameters()))
        optimizer.step()
    assert points.grad is None


def test_start_objective_model_and_random_numbers_stay_as_they_are():
    model, loss, data = perceptron()
    before = copy.deepcopy(model.state_dict())
    objective = Objective(model, loss, data)
    start = objective.theta + 1
    kept, own, state = start.clone(), objective.theta, torch.get_rng_state()
    with torch.no_grad():
        path = descend(objective, start, "adam", 0.1, 5, batch_size=4)
    assert torch.equal(start, kept)
    assert torch.equal(objective.theta, own)
    assert torch.equal(torch.get_rng_state(), state)
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())
    assert all(each.grad is None for each in model.parameters())
    assert torch.equal(path.thetas[0], start)
    assert not path.thetas.requires_grad


# --- how a path ends -------------------------------------------------------------------------------------------------


def one_well(curvature: float = 2.0) -> Objective:
    """L = curvature (theta - 1)^2 / 2."""
    one = torch.ones(1, dtype=torch.float64)
    return Objective(Bowl(curvature * one[:, None], one), terms={"bowl": lambda m: m()})


def at(*theta: float) -> torch.Tensor:
    return torch.tensor(theta, dtype=torch.float64)


def test_it_converges_where_the_gradient_falls_to_the_tolerance():
    # The gradient, 2 * 0.5^k from theta = 2 at rate 0.25, is exact in binary.
    path = descend(one_well(), at(2.0), "gd", 0.25, 100, tolerance=2.0**-9)
    assert path.outcome == "converged"
    assert len(path) == 11
    assert path.gradient_norms.tolist() == [2.0 ** (1 - k) for k in range(11)]
    assert path.thetas[:, 0].tolist() == [1 + 2.0**-k for k in range(11)]
    assert path.rates.tolist() == [0.25] * 10
    assert path.steps_to(0.25) == 1
    assert path.steps_to(-1.0) is None


def test_it_ends_at_a_point_without_a_slope():
    path = descend(one_well(), at(1.0), "adam", 0.1, 100)
    assert (path.outcome, len(path), len(path.rates)) == ("converged", 1, 0)


def test_the_last_step_may_be_the_one_that_converges():
    path = descend(one_well(), at(2.0), "gd", 0.25, 10, tolerance=2.0**-9)
    assert (path.outcome, len(path)) == ("converged", 11)
    assert descend(one_well(), at(2.0), "gd", 0.25, 9, tolerance=2.0**-9).outcome == "stopped"


@pytest.mark.parametrize("batch_size", [None, 2])
def test_it_diverges_where_a_number_is_no_longer_finite(batch_size):
    x = torch.ones(4, 1, dtype=torch.float64)
    objective = Objective(nn.Linear(1, 1, bias=False, dtype=torch.float64), nn.MSELoss(), (x, 0 * x))
    # Curvature 2 at rate 5.5: every step multiplies theta by -10; four of its squares leave float64 at 4e308.
    path = descend(objective, at(1.0), "gd", 5.5, 1000, batch_size=batch_size)
    assert path.outcome == "diverged"
    assert len(path) == 155
    assert path.losses[:-1].isfinite().all()
    assert path.losses[-1] == float("inf")
    assert len(path.rates) == 154


def test_no_step_is_a_path_of_one_place():
    path = descend(one_well(), at(2.0), "gd", 0.25, 0)
    assert (len(path), path.losses.tolist(), path.outcome) == (1, [1.0], "stopped")


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"start": at(1.0, 2.0)}, r"expected a start \[P\] with P = 1 in torch.float64; got \(2,\)"),
        ({"start": torch.ones(1)}, r"got \(1,\) in torch.float32"),
        ({"start": at(float("nan"))}, "expected a finite start"),
        ({"lr": float("inf")}, "expected a finite learning rate; got inf"),
        ({"lr": -0.1}, "expected a rate and options that SGD takes; got lr = -0.1.*Invalid learning rate"),
        ({"steps": -1}, "expected steps of at least 0; got -1"),
        ({"optimizer": "sgd"}, "expected one of gd, momentum, .*, or an optimizer class such as torch.optim.NAdam"),
        ({"optimizer": nn.Linear}, "expected the name of an optimizer or a class of torch.optim; got <class"),
        ({"options": {"beta": 1}}, r"SGD takes; got lr = 0.1, {'beta': 1}: .*unexpected keyword argument 'beta'"),
        ({"batch_size": 2}, "expected an objective with a loss on data .* use batch_size=None"),
        ({"batch_size": 0}, "expected a batch_size of at least 1, or None for all data; got 0"),
    ],
)
def test_what_does_not_fit_is_refused(changes, words):
    given = {"start": at(2.0), "optimizer": "gd", "lr": 0.1, "steps": 3, **changes}
    with pytest.raises(ValueError, match=words):
        descend(one_well(), **given)


class Deaf(optim.SGD):
    """Does not call its closure."""

    def step(self, closure=None):
        return super().step()


def test_an_optimizer_that_does_not_evaluate_is_refused():
    with pytest.raises(ValueError, match="calls its closure, as torch's do; Deaf did not"):
        descend(one_well(), at(2.0), Deaf, 0.1, 3)


# --- schedules -------------------------------------------------------------------------------------------------------

RATES = {
    "none": lambda t, steps: 1.0,
    "step": lambda t, steps: 0.3 ** (3 * t // steps),
    "cosine": lambda t, steps: (1 + torch.cos(torch.tensor(torch.pi * t / steps, dtype=torch.float64)).item()) / 2,
    "exponential": lambda t, steps: 0.01 ** (t / steps),
    "warmup": lambda t, steps: min(1.0, 0.1 + 0.9 * t / (steps // 10)),
}


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [30, 60])
def test_schedules_move_the_rate_as_they_say(name, steps):
    objective = Objective(*tanh_neuron())
    path = descend(objective, objective.theta, "gd", 0.4, steps, scheduler=SCHEDULES[name](steps))
    expected = [0.4 * RATES[name](t, steps) for t in range(steps)]
    # Torch multiplies its way from rate to rate: a rounding or two a step.
    assert path.rates.tolist() == pytest.approx(expected, rel=4 * steps * 2.0**-53, abs=1e-15)


@pytest.mark.parametrize("name", SCHEDULES)
@pytest.mark.parametrize("steps", [1, 2, 3, 7])
def test_schedules_exist_for_the_shortest_paths(name, steps):
    path = descend(one_well(), at(2.0), "gd", 0.4, steps, scheduler=SCHEDULES[name](steps))
    assert len(path.rates) == steps
    # Up to torch's rounding on its way.
    assert bool(((path.rates > 0) & (path.rates < 0.4 * (1 + 1e-15))).all())


def test_a_bowl_of_five_parameters_is_one_parameter_of_five_entries():
    model, objective = bowl()
    path = descend(objective, objective.theta, "adam", 0.1, STEPS)
    optimizer = optim.Adam([model.theta], lr=0.1)
    for theta in path.thetas:
        assert torch.equal(theta, model.theta.detach())
        optimizer.zero_grad()
        model().backward()
        optimizer.step()
