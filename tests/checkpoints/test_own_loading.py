"""What a model would have after `load_state_dict` is what is read: hooks of its own, ties, names, buffers, complex."""

import copy
from itertools import product

import pytest
import torch
from torch import nn

import explorer
from explorer import Objective
from explorer.checkpoints import Trajectory, own_checkpoint, read_checkpoint, read_trajectory, write_checkpoint
from explorer.errors import CheckpointError

X = torch.linspace(-1, 1, 12, dtype=torch.float64).reshape(4, 3)


def objective_of(model, **options):
    return Objective(model, lambda prediction, target: (prediction - target).abs().square().mean(), (X, X), **options)


def loaded(model, state):
    """What PyTorch makes of it."""
    other = copy.deepcopy(model)
    other.load_state_dict(state)
    return nn.utils.parameters_to_vector(other.parameters()).detach()


def negated(module, state, prefix, *_):
    for name in list(state):
        if name.startswith(prefix):
            state[name] = -state[name]


class Hooked(nn.Linear):
    """Its files hold it negated."""

    def __init__(self):
        super().__init__(3, 3, dtype=torch.float64)
        self.register_state_dict_post_hook(negated)
        self.register_load_state_dict_pre_hook(negated)


class Overridden(nn.Linear):
    """Its first files held it transposed; what PyTorch keeps beside the names tells which they are."""

    _version = 2

    def __init__(self):
        super().__init__(3, 3, dtype=torch.float64)

    def _load_from_state_dict(self, state, prefix, metadata, *others):
        if metadata.get("version", 1) < 2:
            state[f"{prefix}weight"] = state[f"{prefix}weight"].T
        super()._load_from_state_dict(state, prefix, metadata, *others)


AROUND = ["model", "inner", "module", "file", "nested", "old"]
# A hook that goes by names is another one under another prefix.
CASES = [*product([Hooked, Overridden], AROUND), (Overridden, "prefix"), (Overridden, "wrapped")]


@pytest.mark.parametrize(("kind", "around"), CASES)
def test_own_ways_to_save_and_load_are_the_models(tmp_path, kind, around):
    torch.manual_seed(0)
    make = (lambda: nn.Sequential(kind(), nn.Tanh())) if around in ("inner", "prefix", "wrapped") else kind
    trained, model = make(), make()
    state = trained.state_dict()
    if around == "old":
        state = dict(state)
    expected = loaded(model, state)
    assert torch.equal(expected, nn.utils.parameters_to_vector(trained.parameters())) or around == "old"
    sources = {
        "module": lambda: trained,
        "nested": lambda: {"state_dict": state},
        "prefix": lambda: nn.ModuleDict({"net": trained}).state_dict(),
        "wrapped": lambda: nn.DataParallel(trained).state_dict(),
    }
    source = sources.get(around, lambda: state)()
    if around == "file":
        torch.save(state, tmp_path / "x.pt")
        source = tmp_path / "x.pt"
    assert torch.equal(read_checkpoint(objective_of(model), source), expected)


@pytest.mark.parametrize("kind", [Hooked, Overridden])
def test_what_is_written_here_is_read_as_it_was_in_the_model(tmp_path, kind):
    model, trained = kind(), kind()
    theta = nn.utils.parameters_to_vector(trained.parameters())
    write_checkpoint(trained, tmp_path / "x.safetensors")
    assert torch.equal(read_checkpoint(objective_of(model), tmp_path / "x.safetensors"), theta)
    with explorer.record(trained, to=tmp_path / "run") as recorder:
        recorder.step(1.0)
    assert torch.equal(explorer.open_trajectory(tmp_path / "run").thetas[0], theta)
    assert torch.equal(read_trajectory(objective_of(model), tmp_path / "run").thetas[0], theta)
    write_checkpoint(trained.state_dict(), tmp_path / "state.safetensors")
    expected = loaded(model, dict(trained.state_dict()))
    assert torch.equal(read_checkpoint(objective_of(model), tmp_path / "state.safetensors"), expected)


class Halved(nn.Linear):
    """Its own `state_dict` and `load_state_dict` hold half of it."""

    def __init__(self):
        super().__init__(3, 3, dtype=torch.float64)

    def state_dict(self, *given, **named):
        return {name: each / 2 for name, each in super().state_dict(*given, **named).items()}

    def load_state_dict(self, state, *given, **named):
        return super().load_state_dict({name: 2 * each for name, each in state.items()}, *given, **named)


@pytest.mark.parametrize("kind", [Hooked, Overridden, Halved])
def test_any_theta_of_a_model_with_own_loading_comes_back_as_it_went(tmp_path, kind):
    objective = objective_of(kind())
    theta = objective.theta + torch.arange(12) / 7
    weights = objective.layout.unflatten(theta)
    write_checkpoint(weights, tmp_path / "x.safetensors")
    for source in (tmp_path / "x.safetensors", weights):
        assert torch.equal(read_checkpoint(objective, source), theta)
    trained = kind()
    own = read_checkpoint(objective, trained.state_dict())
    assert torch.equal(own, nn.utils.parameters_to_vector(trained.parameters()))


class Counted(nn.Linear):
    """Gathering what is in its files may take long, as over several processes."""

    calls = 0

    def state_dict(self, *given, **named):
        type(self).calls += 1
        return super().state_dict(*given, **named)


def test_a_model_is_asked_once_what_is_in_its_files(tmp_path):
    model = Counted(3, 3, dtype=torch.float64)
    objective, state = objective_of(model), nn.Linear(3, 3, dtype=torch.float64).state_dict()
    Counted.calls = 0
    assert torch.equal(read_checkpoint(objective, state), torch.cat([each.flatten() for each in state.values()]))
    assert Counted.calls == 1


def test_own_loading_that_fails_is_told_with_the_file(tmp_path):
    class Fails(nn.Linear):
        def _load_from_state_dict(self, *_):
            raise KeyError("scale")

    model = Fails(3, 3, dtype=torch.float64)
    torch.save(model.state_dict(), tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match=r"expected weights that Fails takes, in .*x\.pt.*KeyError\('scale'\)"):
        read_checkpoint(objective_of(model), tmp_path / "x.pt")


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first, self.last = (nn.Linear(3, 3, dtype=torch.float64) for _ in range(2))
        self.last.weight = self.first.weight

    def forward(self, x):
        return self.last(self.first(x))


def test_of_tied_weights_stored_apart_the_last_is_taken_and_told():
    model = Tied()
    state = {name: each.clone() for name, each in model.state_dict().items()}
    state["first.weight"] += 1
    with pytest.warns(RuntimeWarning, match=r"ties are stored with different values.*first\.weight"):
        theta = read_checkpoint(objective_of(model), state)
    assert torch.equal(theta, loaded(model, state))


class Named(nn.Module):
    """Its parts are called as wrappers are."""

    def __init__(self):
        super().__init__()
        self.module, self.default, self.other = (nn.Linear(3, 3, dtype=torch.float64) for _ in range(3))

    def forward(self, x):
        return self.other(self.default(self.module(x)))


@pytest.mark.parametrize("chosen", [None, ("module",), ("default",), ("other",)])
@pytest.mark.parametrize("wrap", [lambda model: model, nn.DataParallel], ids=["alone", "wrapped"])
def test_a_part_that_is_called_as_a_wrapper_is_itself(chosen, wrap):
    model, trained = Named(), Named()
    expected = torch.cat([each.detach().flatten() for name, each in trained.named_parameters()
                          if chosen is None or name.split(".")[0] in chosen])  # fmt: skip
    for source in (trained, trained.state_dict(), {"state_dict": trained.state_dict()}, wrap(trained).state_dict()):
        assert torch.equal(read_checkpoint(objective_of(model, parameters=chosen), source), expected)


def test_a_part_whose_name_ends_as_anothers_is_itself():
    model, trained = (nn.ModuleDict({"a": nn.Linear(3, 3), "ba": nn.Linear(3, 3)}).double() for _ in range(2))
    model.forward = lambda x: model["ba"](model["a"](x))
    objective = Objective(Both(model), nn.MSELoss(), (X, X), parameters=("net.a",))
    found = read_checkpoint(objective, Both(trained))
    assert torch.equal(found, nn.utils.parameters_to_vector(trained["a"].parameters()))


class Both(nn.Module):
    def __init__(self, net):
        super().__init__()
        self.net = net

    def forward(self, x):
        return self.net["ba"](self.net["a"](x))


def normalized():
    return nn.Sequential(nn.Linear(3, 3), nn.BatchNorm1d(3)).double().eval()


def test_buffers_of_another_shape_are_refused_and_missing_ones_told():
    model, state = normalized(), normalized().state_dict()
    with pytest.raises(CheckpointError, match=r"of another shape: 1\.running_mean \(4,\) for \(3,\)"):
        own_checkpoint(objective_of(model), state | {"1.running_mean": torch.zeros(4, dtype=torch.float64)})
    state.pop("1.running_var")
    with pytest.warns(RuntimeWarning, match=r"buffers of the model are missing beside others.*1\.running_var"):
        found = own_checkpoint(objective_of(model), state)
    assert set(found.buffers) == {"1.running_mean", "1.num_batches_tracked"}


def test_parameters_alone_and_files_of_old_versions_are_taken_silently():
    model, state = normalized(), normalized().state_dict()
    parameters = {name: each for name, each in state.items() if "running" not in name and "tracked" not in name}
    assert not own_checkpoint(objective_of(model), parameters).buffers
    state.pop("1.num_batches_tracked")
    assert len(own_checkpoint(objective_of(model), state).buffers) == 2


def test_sets_that_differ_in_buffers_alone_are_two():
    model, state = normalized(), normalized().state_dict()
    other = state | {"1.running_mean": torch.ones(3, dtype=torch.float64)}
    with pytest.raises(CheckpointError, match="2 fit"):
        own_checkpoint(objective_of(model), {"state_dict": state, "ema": other})
    bare = {name: each for name, each in state.items() if "running" not in name}
    assert len(own_checkpoint(objective_of(model), {"bare": bare, "state_dict": state}).buffers) == 3


class Complex(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3, dtype=torch.complex128))

    def forward(self, x):
        return x * self.scale


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.scale = nn.Parameter(torch.randn(3, 2, dtype=torch.float64))

    def forward(self, x):
        return x * self.scale.sum(1)


def test_complex_weights_and_their_parts_are_not_taken_for_each_other():
    with pytest.raises(CheckpointError, match=r"of another shape: scale \(3, 2\) for \(3,\); not complex: scale"):
        read_checkpoint(objective_of(Complex()), Parts().state_dict())
    with pytest.raises(CheckpointError, match=r"of another shape: scale \(3,\) for \(3, 2\); complex: scale"):
        read_checkpoint(objective_of(Parts()), Complex().state_dict())
    objective = objective_of(Complex())
    with pytest.raises(CheckpointError, match=r"expected theta \(6,\), real.*complex128"):
        read_checkpoint(objective, objective.theta + 1j)
    assert torch.equal(read_checkpoint(objective, Complex_ := Complex()), torch.view_as_real(Complex_.scale).flatten())


def test_a_file_that_is_not_there_is_said_to_be_missing(tmp_path):
    with pytest.raises(CheckpointError, match=r"^expected a file of weights; there is no .*gone\.pt$"):
        read_checkpoint(objective_of(Tied()), tmp_path / "gone.pt")


def test_what_was_read_tells_what_it_is_in_a_line():
    found = own_checkpoint(objective_of(normalized()), normalized())
    assert repr(found) == "Checkpoint(theta [18] torch.float64, 3 buffers)"
    path = Trajectory.of(torch.zeros(3, 7), [0, 10, 20], [1.5, 0.25, float("nan")])
    assert repr(path) == "Trajectory(3 thetas [7] torch.float32, steps 0 ... 20, losses 1.5 ... 0.25)"


@pytest.mark.parametrize("prefix", ["ema_", "ema.", "teacher."])
def test_averages_beside_the_weights_of_a_model_with_statistics_have_to_be_chosen(prefix):
    def net():
        return nn.Sequential(nn.Linear(2, 3), nn.BatchNorm1d(3), nn.Linear(3, 1)).eval()

    raw, averaged = net(), net()
    objective = Objective(net(), nn.MSELoss(), (torch.randn(5, 2), torch.randn(5, 1)))
    saved = {**raw.state_dict(), **{prefix + name: each for name, each in averaged.state_dict().items()}}
    with pytest.raises(CheckpointError, match="expected one set of weights in the state dict; 2 fit"):
        read_checkpoint(objective, saved)
    theta = read_checkpoint(objective, saved, key="/")
    assert torch.equal(theta, torch.nn.utils.parameters_to_vector(raw.parameters()).detach())
