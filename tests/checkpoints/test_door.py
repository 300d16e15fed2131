"""Checkpoints as people have them: found by names and shapes, refused where two sets fit, read with their buffers."""

import argparse
import copy
import json
import pathlib
import textwrap

import numpy as np
import pytest
import torch
from safetensors.torch import save_file
from torch import nn
from torch.nn import functional as F
from torch.optim.swa_utils import AveragedModel

import explorer
from explorer import Grid, Objective
from explorer.checkpoints import own_checkpoint, read_checkpoint, read_trajectory, write_checkpoint
from explorer.errors import CheckpointError
from tests.support.command_line import run

X = torch.linspace(-1, 1, 24).reshape(8, 3)
Y = torch.linspace(1, -1, 16).reshape(8, 2)


def network(seed=0):
    torch.manual_seed(seed)
    return nn.Sequential(nn.Linear(3, 4), nn.Tanh(), nn.Linear(4, 2))


def objective_of(model):
    return Objective(model, nn.MSELoss(), (X, Y))


def renamed(state, change):
    return {change(name): each for name, each in state.items()}


STATE, OTHER = network(1).state_dict(), network(2).state_dict()
THETA = objective_of(network(1)).theta
OPTIMIZER = {"state": {0: {"exp_avg": torch.zeros(4, 3), "step": torch.tensor(3.0)}}, "param_groups": [{"lr": 0.1}]}
FILES = {
    "model_best.pth.tar": {"epoch": 3, "arch": "mlp", "state_dict": STATE, "best_acc1": torch.tensor(91.2)},
    "model_300.t7": {"state_dict": STATE, "optimizer": OPTIMIZER},
    "net.pth": {"net": STATE, "acc": np.float64(91.2), "epoch": np.int64(3), "curve": np.ones(3)},
    "weights.pt": {"weights": STATE},
    "nested.pt": {"model": {"state_dict": STATE, "ema_decay": 0.99}},
    "lightning.ckpt": {"state_dict": renamed(STATE, "model.{}".format) | {"criterion.weight": torch.ones(2)},
                       "callbacks": {}, "optimizer_states": [OPTIMIZER], "loops": {}},
    "opacus.pt": renamed(STATE, "_module.{}".format),
    "fsdp.pt": renamed(STATE, lambda name: f"_fsdp_wrapped_module.{name.replace('.', '._checkpoint_wrapped_module.')}"),
    "swa.pt": {"n_averaged": torch.tensor(5), **renamed(STATE, "module.{}".format)},
    "compiled.bin": renamed(STATE, "_orig_mod.{}".format),
    "averaged_compiled.pt": {"n_averaged": torch.tensor(5), **renamed(STATE, "module._orig_mod.{}".format)},
    "same_twice.pt": {"state_dict": STATE, "state_dict_ema": dict(STATE)},
}  # fmt: skip


@pytest.mark.parametrize("name", FILES)
def test_files_of_training_programs_are_read(tmp_path, name):
    torch.save(FILES[name], tmp_path / name)
    assert torch.equal(read_checkpoint(objective_of(network()), tmp_path / name), THETA)


@pytest.mark.parametrize(
    "source",
    [
        STATE,
        {"net": STATE},
        network(1),
        nn.DataParallel(network(1)),
        AveragedModel(network(1)),
        THETA,
        THETA.double(),
    ],
    ids=["state dict", "nested", "module", "parallel", "averaged", "theta", "double"],
)
def test_what_is_in_memory_is_read(source):
    assert torch.equal(read_checkpoint(objective_of(network()), source), THETA)


SEVERAL = {
    "raw and averaged": ({"state_dict": STATE, "state_dict_ema": OTHER}, "state_dict", "state_dict_ema"),
    "Lightning's averaging": ({"state_dict": STATE, "current_model_state": OTHER}, "state_dict", "current_model_state"),
    "student and teacher": (
        renamed(STATE, "student.{}".format) | renamed(OTHER, "teacher.{}".format),
        "student.",
        "teacher.",
    ),
    "flat": (STATE | renamed(OTHER, "ema_{}".format), "/", "ema_"),
    "a callback's": (
        {"state_dict": STATE, "callbacks": {"SWA": {"average_model_state": OTHER}}},
        "state_dict",
        "average_model_state",
    ),
}


@pytest.mark.parametrize("case", SEVERAL)
def test_of_two_that_fit_one_has_to_be_named(tmp_path, case):
    contents, *keys = SEVERAL[case]
    torch.save(contents, tmp_path / "x.pt")
    objective = objective_of(network())
    with pytest.raises(CheckpointError) as caught:
        read_checkpoint(objective, tmp_path / "x.pt")
    assert all(key in str(caught.value) for key in (*keys, "key="))
    for key, expected in zip(keys, (THETA, objective_of(network(2)).theta), strict=True):
        assert torch.equal(read_checkpoint(objective, tmp_path / "x.pt", key=key), expected)
    with pytest.raises(CheckpointError, match=r"under 'other'.*those that fit"):
        read_checkpoint(objective, tmp_path / "x.pt", key="other")


def test_a_part_of_a_larger_model_has_to_be_meant(tmp_path):
    larger = nn.ModuleDict({"small": network(1), "large": nn.Linear(100, 100)})
    write_checkpoint(larger, tmp_path / "x.safetensors")
    with pytest.raises(CheckpointError, match=r"smaller part of a larger model.*key='small\.'"):
        read_checkpoint(objective_of(network()), tmp_path / "x.safetensors")
    assert torch.equal(read_checkpoint(objective_of(network()), tmp_path / "x.safetensors", key="small."), THETA)


def test_a_module_around_the_model_reads_files_of_the_model_alone(tmp_path):
    class Around(nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            return self.model(x)

    torch.save(STATE, tmp_path / "x.pt")
    assert torch.equal(read_checkpoint(objective_of(Around(network())), tmp_path / "x.pt"), THETA)


WRAPPED = {
    "parallel": nn.DataParallel,
    "compiled": lambda model: torch.compile(model, backend="eager"),
    "both": lambda model: nn.DataParallel(torch.compile(model, backend="eager")),
    "averaged": AveragedModel,
}


@pytest.mark.parametrize("kind", WRAPPED)
def test_wrapped_models_read_and_write_their_own_files(tmp_path, kind):
    trained, objective = WRAPPED[kind](network(1)), objective_of(WRAPPED[kind](network()))
    torch.save(trained.state_dict(), tmp_path / "own.pt")
    torch.save(STATE, tmp_path / "plain.pt")
    write_checkpoint(trained, tmp_path / "written.safetensors")
    with explorer.record(trained, to=tmp_path / "run") as recorder:
        recorder.step(1.0)
    for name in ("own.pt", "plain.pt", "written.safetensors"):
        assert torch.equal(read_checkpoint(objective, tmp_path / name), THETA)
    assert torch.equal(read_trajectory(objective, tmp_path / "run").thetas[0], THETA)


@pytest.mark.filterwarnings("ignore:.*weight_norm.*is deprecated")
def test_old_names_of_weight_norm_are_read_by_the_models_own_hooks(tmp_path):
    old = nn.Sequential(nn.utils.weight_norm(nn.Linear(3, 2)))
    torch.save({"net": renamed(old.state_dict(), "model.{}".format)}, tmp_path / "old.pt")
    new = nn.Sequential(nn.utils.parametrizations.weight_norm(nn.Linear(3, 2)))
    objective = objective_of(new)
    theta = read_checkpoint(objective, tmp_path / "old.pt")
    torch.testing.assert_close(objective(theta), F.mse_loss(old(X), Y).detach(), rtol=1e-6, atol=0)


class Trainer:
    """An object of the user's, such as a whole run."""

    def __init__(self, model):
        self.model = model


REFUSED = {
    "a namespace": ({"state_dict": STATE, "args": argparse.Namespace(lr=0.1)}, r"it holds argparse\.Namespace"),
    "an object": ({"state_dict": STATE, "hyper_parameters": {"criterion": nn.MSELoss()}}, r"loss\.MSELoss"),
    "a path": ({"root": pathlib.PosixPath("/x"), "net": {"weights": STATE}}, r"pathlib\.PosixPath"),
    "an optimizer first": ({"optimizer": OPTIMIZER, "scaler": {"a": torch.ones(2)}, "state_dict": STATE,
                           "loss": nn.MSELoss()}, r"loss\.MSELoss"),
    "a module": (network(1), r"torch\.nn\.modules\.container\.Sequential"),
    "a module within": ({"epoch": 3, "optimizer": OPTIMIZER, "model": network(1)}, r"container\.Sequential"),
    "a wrapped module": (nn.DataParallel(network(1)), r"DataParallel"),
    "a model with statistics": (nn.Sequential(*network(1), nn.BatchNorm1d(2)), r"Sequential"),
}  # fmt: skip


@pytest.mark.parametrize("case", REFUSED)
def test_what_is_not_read_is_named_with_the_lines_that_read_it(tmp_path, monkeypatch, case):
    contents, message = REFUSED[case]
    monkeypatch.chdir(tmp_path)
    torch.save(contents, "x.pt")
    batchnorm = case == "a model with statistics"
    objective = objective_of(nn.Sequential(*network(), *([nn.BatchNorm1d(2)] if batchnorm else [])))
    with pytest.raises(CheckpointError, match=message) as refused:
        read_checkpoint(objective, "x.pt")
    told, *lines = str(refused.value).splitlines()
    assert told.endswith("which reading could run. If you trust the file:")
    # They are what they say: run as they stand.
    exec(textwrap.dedent("\n".join(lines)), {"torch": torch, "explorer": explorer})
    expected = nn.utils.parameters_to_vector(contents.parameters()).detach() if batchnorm else THETA
    assert torch.equal(read_checkpoint(objective, "weights.safetensors"), expected)


def test_a_file_whose_inside_cannot_be_told_says_so(tmp_path):
    torch.save(Trainer(network()), tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match=r"or wherever in it the model or its weights are$"):
        read_checkpoint(objective_of(network()), tmp_path / "x.pt")


def leave_trace(path):
    pathlib.Path(path).touch()


def test_looking_where_weights_are_runs_nothing(tmp_path):
    class Evil:
        def __reduce__(self):
            return leave_trace, (str(tmp_path / "ran"),)

    torch.save({"args": Evil(), "state_dict": STATE}, tmp_path / "x.pt")
    with pytest.raises(CheckpointError, match=r"write_checkpoint\(found\['state_dict'\], "):
        read_checkpoint(objective_of(network()), tmp_path / "x.pt")
    assert not (tmp_path / "ran").exists()


def shards(folder):
    folder.mkdir(parents=True, exist_ok=True)
    names = {"model-00001-of-00002.safetensors": list(STATE)[:2], "model-00002-of-00002.safetensors": list(STATE)[2:]}
    for file, keys in names.items():
        save_file({key: STATE[key] for key in keys}, folder / file)
    index = {"metadata": {"total_size": 1}, "weight_map": {key: file for file, keys in names.items() for key in keys}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    return folder


def test_shards_are_one_model(tmp_path):
    folder, objective = shards(tmp_path / "sharded"), objective_of(network())
    for source in (folder, folder / "model.safetensors.index.json"):
        assert torch.equal(read_checkpoint(objective, source), THETA)
    with pytest.raises(CheckpointError, match="is shard 1 of 2: give its folder"):
        read_checkpoint(objective, folder / "model-00001-of-00002.safetensors")
    with pytest.raises(CheckpointError, match="is one model: list it"):
        read_trajectory(objective, folder)
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(CheckpointError, match=r"missing: model-00002-of-00002\.safetensors"):
        read_checkpoint(objective, folder)


def test_folders_of_a_trainer_are_a_trajectory(tmp_path):
    for step, state in ((500, STATE), (1000, OTHER)):
        folder = tmp_path / f"checkpoint-{step}"
        folder.mkdir()
        save_file(dict(state), folder / "model.safetensors")
        torch.save(OPTIMIZER, folder / "optimizer.pt")
        torch.save(argparse.Namespace(lr=0.1), folder / "training_args.bin")
        (folder / "trainer_state.json").write_text("{}")
    path = read_trajectory(objective_of(network()), tmp_path)
    assert path.steps.tolist() == [500, 1000]
    assert torch.equal(path.thetas[0], THETA)
    assert torch.equal(read_checkpoint(objective_of(network()), tmp_path / "checkpoint-500"), THETA)


def test_adapters_are_read_by_their_own_names(tmp_path):
    class Adapted(nn.Module):
        def __init__(self, seed):
            super().__init__()
            torch.manual_seed(seed)
            self.base = nn.Linear(3, 2).requires_grad_(False)
            self.lora_A = nn.ModuleDict({"default": nn.Linear(3, 1, bias=False)})
            self.lora_B = nn.ModuleDict({"default": nn.Linear(1, 2, bias=False)})

        def forward(self, x):
            return self.base(x) + self.lora_B["default"](self.lora_A["default"](x))

    trained = Adapted(1)
    saved = {"lora_A.weight": trained.lora_A["default"].weight, "lora_B.weight": trained.lora_B["default"].weight}
    folder = tmp_path / "adapter"
    folder.mkdir()
    save_file({f"base_model.model.{name}": each.detach() for name, each in saved.items()},
              folder / "adapter_model.safetensors")  # fmt: skip
    objective = Objective(Adapted(0), nn.MSELoss(), (X, Y), parameters="trainable")
    expected = torch.cat([each.detach().flatten() for each in saved.values()])
    assert torch.equal(read_checkpoint(objective, folder), expected)


# Between checkpoints, with BatchNorm


def normalized(seed):
    """A network whose running statistics are its own."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    for _ in range(40):
        optimizer.zero_grad()
        F.mse_loss(model(3.0 * seed + 1.0 + X.double()), Y.double()).backward()
        optimizer.step()
    return model.eval()


def own_loss(model):
    return F.mse_loss(copy.deepcopy(model).eval()(X.double()), Y.double()).item()


SOURCES = {
    "modules": lambda model, path: model,
    "state dicts": lambda model, path: model.state_dict(),
    "files": lambda model, path: (torch.save({"state_dict": model.state_dict()}, path), path)[1],
}


@pytest.mark.parametrize("kind", SOURCES)
def test_ends_travel_with_the_plane_and_have_their_own_losses(tmp_path, kind):
    a, b, c = (normalized(seed) for seed in range(3))
    objective = Objective(a, nn.MSELoss(), (X.double(), Y.double()))
    ends = [SOURCES[kind](model, tmp_path / f"{i}.pt") for i, model in enumerate((a, b, c))]
    line = explorer.directions.between(*ends[:2], objective)
    plane = explorer.directions.through(*ends, objective=objective)
    for laid, models in ((line, (a, b)), (plane, (a, b, c))):
        grid = Grid(dict.fromkeys(laid.labels, (-0.2, 1.2, 3)))
        store = tmp_path / f"{kind}-{len(models)}.zarr"
        for options in ({}, {"store": store}, {"store": store}):
            found = explorer.sweep(objective, laid, grid, progress=False, report="full", **options)
        told = json.loads(found.attrs["checkpoints"])
        assert [each["name"] for each in told] == list("abc")[: len(models)]
        for each, model in zip(told, models, strict=True):
            assert each["loss"] == pytest.approx(own_loss(model), rel=1e-12)
            assert each["statistics"] == "own"
            # The plane shows the same weights with the statistics of a.
            shown = copy.deepcopy(a)
            nn.utils.vector_to_parameters(nn.utils.parameters_to_vector(model.parameters()), shown.parameters())
            assert each["plane_loss"] == pytest.approx(own_loss(shown), rel=1e-9)
        (finding,) = [each for each in json.loads(found.attrs["report"]) if each["name"] == "batchnorm"]
        assert finding["status"] == "warn"
        assert finding["values"]["ends"]["b"]["own"] == pytest.approx(own_loss(b), rel=1e-12)
        assert finding["values"]["ends"]["b"]["shown"] == pytest.approx(told[1]["plane_loss"], rel=1e-9)
        assert "at b the picture shows" in finding["text"]


def trained_path(folder, model, steps=6):
    """A recording of a training with statistics that move; returns the losses of a copy in eval mode at each step."""
    losses = []
    optimizer = torch.optim.SGD(model.parameters(), lr=0.2)
    with explorer.record(model, to=folder, every=1, optimizer=optimizer):
        losses.append(own_loss(model))
        for _ in range(steps):
            optimizer.zero_grad()
            # Other data at each step, so that the path bends.
            F.mse_loss(model.train()(2.0 + torch.randn(8, 3).double()), torch.randn(8, 2).double()).backward()
            optimizer.step()
            losses.append(own_loss(model))
    return losses


@pytest.mark.parametrize("way", ["opened", "read", "wrapped", "two runs"])
def test_a_principal_plane_says_what_it_makes_of_the_first_and_last(tmp_path, way):
    model = normalized(0)
    objective = Objective(nn.DataParallel(normalized(3)) if way == "wrapped" else normalized(3), nn.MSELoss(),
                          (X.double(), Y.double()))  # fmt: skip
    own = trained_path(tmp_path / "run", model)
    path = read_trajectory(objective, tmp_path / "run") if way == "read" else explorer.open_trajectory(tmp_path / "run")
    plane = explorer.directions.principal({"a": path, "b": path} if way == "two runs" else path)
    first, last = ("a, first", "b, last") if way == "two runs" else ("first", "last")
    found = explorer.sweep(objective, plane, Grid.around(plane, path, points=3), checkpoints=path, progress=False)
    (finding,) = [each for each in explorer.report(found) if each.name == "batchnorm"]
    ends = finding.values["ends"]
    assert list(ends) == (["a, first", "a, last", "b, first", "b, last"] if way == "two runs" else ["first", "last"])
    assert ends[first]["own"] == pytest.approx(own[0], rel=1e-12)
    assert ends[last]["own"] == pytest.approx(own[-1], rel=1e-12)
    # The picture's: the statistics of the objective's model, at the plane's nearest point.
    shown = normalized(3)
    for name, place in ((first, 0), (last, -1)):
        nn.utils.vector_to_parameters(plane.at(plane.coordinates(path.thetas[place])), shown.parameters())
        assert ends[name]["shown"] == pytest.approx(own_loss(shown), rel=1e-9)
    assert ends[last]["offset"] == 0.0
    assert ends[first]["offset"] == pytest.approx(float(plane.offset(path.thetas[0])))
    assert "off the plane, the picture shows" in finding.text
    # The path is told once, with its own losses.
    told = json.loads(found.attrs["checkpoints"])
    assert [each["name"] for each in told] == [f"step {step}" for step in range(7)]
    assert [each["loss"] for each in told] == pytest.approx(own, rel=1e-12)
    assert {each["statistics"] for each in told} == {"own"}


def test_no_objective_is_needed_beside_a_module():
    a, b = network(1), network(2)
    line = explorer.directions.between(a, b.state_dict())
    assert torch.equal(line.origin, THETA)
    assert torch.equal(line.at([1.0]), line.origin + line.basis[0])
    assert torch.equal(explorer.directions.between(THETA, objective_of(b).theta).basis, line.basis)
    with pytest.raises(ValueError, match="expected objective="):
        explorer.directions.between(a.state_dict(), b.state_dict())
    with pytest.raises(CheckpointError, match="expected the weights of Sequential"):
        explorer.directions.between(a, {"other": torch.ones(3)})


def test_a_trajectory_has_its_own_losses_too(tmp_path):
    models = [normalized(seed) for seed in range(2)]
    for step, model in enumerate(models):
        write_checkpoint(model, tmp_path / f"step_{step}.safetensors")
    objective = Objective(models[0], nn.MSELoss(), (X.double(), Y.double()))
    path = read_trajectory(objective, tmp_path)
    plane = explorer.directions.gaussian(objective, seed=0)
    found = explorer.sweep(objective, plane, Grid.square(points=3), checkpoints=path, progress=False)
    told = json.loads(found.attrs["checkpoints"])
    for each, model in zip(told, models, strict=True):
        assert each["loss"] == pytest.approx(own_loss(model), rel=1e-12)


def test_other_statistics_reach_no_other_objective():
    a, b = normalized(0), normalized(1)
    objective = Objective(a, nn.MSELoss(), (X.double(), Y.double()))
    before = objective(objective.theta)
    assert own_checkpoint(objective, b).loss(objective) == pytest.approx(own_loss(b), rel=1e-12)
    assert torch.equal(objective(objective.theta), before)


TRAIN = """
import torch
from torch import nn
import explorer

def objective():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(3, 4), nn.BatchNorm1d(4), nn.Tanh(), nn.Linear(4, 2)).double()
    x, y = torch.linspace(-1, 1, 24).reshape(8, 3).double(), torch.linspace(1, -1, 16).reshape(8, 2).double()
    return explorer.Objective(model, nn.MSELoss(), (x, y))
"""


def test_the_command_line_draws_them_with_recomputed_statistics(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "train_door.py").write_text(TRAIN)
    a, b = normalized(0), normalized(1)
    torch.save({"state_dict": a.state_dict()}, "a.pth.tar")
    torch.save({"state_dict": a.state_dict(), "state_dict_ema": b.state_dict()}, "b.pth.tar")
    words = ["sweep", "train_door:objective", "--directions", "between", "--checkpoints", "a.pth.tar", "b.pth.tar"]
    words += ["--points", 5, "--out", "x.zarr"]
    refused = run(*words)
    assert refused.exit_code == 1
    assert "key='state_dict_ema'" in refused.output
    chosen = run(*words[:-1], "ema.zarr", "--key", "state_dict")
    assert chosen.exit_code == 1
    assert "expected different thetas" in chosen.output
    torch.save({"state_dict": b.state_dict()}, "b.pth.tar")
    done = run(*words, "--batchnorm", "recompute")
    assert done.exit_code == 0, done.output
    told = json.loads(explorer.open_landscape("x.zarr").attrs["checkpoints"])
    assert [each["name"] for each in told] == ["a.pth", "b.pth"]
    for each, model in zip(told, (a, b), strict=True):
        expected = F.mse_loss(copy.deepcopy(model).train()(X.double()), Y.double()).item()
        assert each["loss"] == pytest.approx(expected, rel=1e-9)
        assert each["statistics"] is None
        assert each["plane_loss"] == pytest.approx(expected, rel=1e-9)
    again = run(*words)
    assert again.exit_code == 1
    assert "batchnorm" in again.output
