import os
import pickle
import random
import re

import pytest
import safetensors.torch
import torch
from torch import nn

from explorer import Objective
from explorer.checkpoints import file_sha256, read_checkpoint, read_trajectory, write_checkpoint
from explorer.checkpoints.weights import read_file
from explorer.errors import CheckpointError


class Tied(nn.Module):
    def __init__(self):
        super().__init__()
        self.first = nn.Linear(3, 3)
        self.batch = nn.BatchNorm1d(3)
        self.last = nn.Linear(3, 3)
        self.last.weight = self.first.weight

    def forward(self, x):
        return self.last(self.batch(self.first(x)))


def trained(seed=0):
    torch.manual_seed(seed)
    model = Tied()
    nn.init.normal_(model.first.bias)
    return model


def objective_of(model):
    x = torch.linspace(-1, 1, 12).reshape(4, 3)
    return Objective(model, nn.MSELoss(), (x, x))


def save(model, path):
    states = {
        "plain.pt": model.state_dict(),
        "lightning.ckpt": {"state_dict": model.state_dict(), "epoch": 3},
        "training.pth": {"model_state_dict": model.state_dict(), "optimizer": {"lr": 0.1}},
        "model.bin": {"model": model.state_dict()},
        "parallel.pt": {f"module.{name}": each for name, each in model.state_dict().items()},
        "compiled.pt": {f"_orig_mod.module.{name}": each for name, each in model.state_dict().items()},
    }
    if path.suffix == ".safetensors":
        safetensors.torch.save_model(model, str(path))
    else:
        torch.save(states[path.name], path)


NAMES = ["plain.pt", "lightning.ckpt", "training.pth", "model.bin", "parallel.pt", "compiled.pt", "model.safetensors"]


@pytest.mark.parametrize("name", NAMES)
def test_common_ways_to_save_are_read(tmp_path, name):
    other = trained(1)
    save(other, tmp_path / name)
    objective = objective_of(trained(0))
    theta = read_checkpoint(objective, tmp_path / name)
    assert torch.equal(theta, objective_of(other).theta)
    assert not torch.equal(theta, objective.theta)


@pytest.mark.parametrize("alias", ["first.weight", "last.weight"])
def test_a_tied_weight_is_found_under_either_name(tmp_path, alias):
    model = trained()
    weights = {name: each.clone() for name, each in model.state_dict().items() if not name.endswith("t.weight")}
    safetensors.torch.save_file({**weights, alias: model.first.weight.detach()}, tmp_path / "m.safetensors")
    assert torch.equal(read_checkpoint(objective_of(trained(1)), tmp_path / "m.safetensors"), objective_of(model).theta)


def test_written_checkpoints_come_back(tmp_path):
    model, path = trained(), tmp_path / "m.safetensors"
    assert write_checkpoint(model, path) == file_sha256(path)
    assert "last.weight" not in safetensors.torch.load_file(path)
    assert os.listdir(tmp_path) == ["m.safetensors"]
    twin = trained(1)
    safetensors.torch.load_model(twin, str(path))
    assert all(torch.equal(a, b) for a, b in zip(twin.state_dict().values(), model.state_dict().values(), strict=True))
    assert torch.equal(read_checkpoint(objective_of(trained(1)), path), objective_of(model).theta)


def test_a_file_is_replaced_and_not_written_over(tmp_path):
    path = tmp_path / "m.safetensors"
    write_checkpoint(trained(), path)
    with path.open("rb") as reader:
        before = path.read_bytes()
        write_checkpoint(trained(1), path)
        # Whoever has the old file open goes on reading it.
        assert reader.read() == before != path.read_bytes()


def test_any_theta_can_be_written(tmp_path):
    objective = objective_of(trained())
    theta = objective.theta + 1
    write_checkpoint(objective.layout.unflatten(theta), tmp_path / "m.safetensors")
    assert torch.equal(read_checkpoint(objective, tmp_path / "m.safetensors"), theta)


@pytest.mark.parametrize("dtype", [torch.complex64, torch.complex128])
def test_complex_weights_come_back_bit_for_bit(tmp_path, dtype):
    torch.manual_seed(0)
    weights = {
        "a": torch.randn(2, 3, dtype=torch.complex128).to(dtype),
        "b": torch.randn(3),
        "c": torch.randn(2).to(dtype).conj(),
    }
    write_checkpoint(weights, tmp_path / "m.safetensors")
    found = read_file(tmp_path / "m.safetensors")
    assert {name: each.dtype for name, each in found.items()} == {"a": dtype, "b": torch.float32, "c": dtype}
    for name, each in weights.items():
        one, other = (torch.view_as_real(x.resolve_conj()) if x.is_complex() else x for x in (found[name], each))
        assert torch.equal(one, other)


def test_a_write_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "m.safetensors"
    before = write_checkpoint(trained(), path)

    def disk_full(weights, partial, metadata):
        partial.write_bytes(b"half")
        raise OSError("No space left on device")

    monkeypatch.setattr("explorer.checkpoints.weights.save_file", disk_full)
    with pytest.raises(CheckpointError, match=r"m\.safetensors cannot be written: No space left"):
        write_checkpoint(trained(1), path)
    assert file_sha256(path) == before
    assert os.listdir(tmp_path) == ["m.safetensors"]
    with pytest.raises(CheckpointError, match=r"ending in \.safetensors"):
        write_checkpoint(trained(), tmp_path / "m.pt")


def test_dtype_is_the_objectives(tmp_path):
    model = trained()
    write_checkpoint({name: each.half() for name, each in model.state_dict().items()}, tmp_path / "half.safetensors")
    theta = read_checkpoint(objective_of(trained(1)), tmp_path / "half.safetensors")
    assert theta.dtype == torch.float32
    torch.testing.assert_close(theta, objective_of(model).theta, rtol=5e-4, atol=1e-7)


CHANGES = {
    "missing": (lambda s: {k: v for k, v in s.items() if k != "first.bias"}, "missing: first.bias"),
    "unexpected": (lambda s: {**s, "extra.weight": torch.zeros(2)}, "unexpected: extra.weight"),
    "shape": (lambda s: {**s, "last.bias": torch.zeros(4)}, r"of another shape: last.bias \(4,\) for \(3,\)"),
    "kind": (lambda s: {**s, "last.bias": torch.zeros(3, dtype=torch.int64)}, "not floating point: last.bias"),
    "nan": (lambda s: {**s, "last.bias": torch.full((3,), torch.nan)}, "finite weights"),
    "sparse": (lambda s: {**s, "first.bias": torch.ones(3).to_sparse()}, "plain tensors"),
    "not tensors": (lambda s: {**s, "first.bias": [0.0, 0.0, 0.0]}, "missing: first.bias"),
    "not names": (lambda s: {1: torch.zeros(3)}, "name -> tensor"),
    "a list": (lambda s: list(s.values()), "expected a state_dict"),
    "empty": (lambda s: {}, "expected a state_dict"),
}


@pytest.mark.parametrize(("change", "message"), CHANGES.values(), ids=CHANGES)
def test_another_model_is_refused_by_name(tmp_path, change, message):
    torch.save(change(trained().state_dict()), tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=message):
        read_checkpoint(objective_of(trained()), tmp_path / "other.pt")


def test_long_lists_are_cut(tmp_path):
    torch.save({f"x{i}": torch.zeros(1) for i in range(9)}, tmp_path / "other.pt")
    with pytest.raises(CheckpointError, match=r"unexpected: x0, x1, x2, x3, x4 and 4 more"):
        read_checkpoint(objective_of(trained()), tmp_path / "other.pt")


class Payload:
    def __init__(self, trace):
        self.trace = trace

    def __reduce__(self):
        return os.mkdir, (str(self.trace),)


@pytest.mark.parametrize("how", ["torch", "pickle"])
def test_code_in_a_file_is_refused_and_not_run(tmp_path, how):
    trace, path = tmp_path / "ran", tmp_path / "evil.pt"
    if how == "torch":
        torch.save({"first.weight": Payload(trace)}, path)
    else:
        path.write_bytes(pickle.dumps({"first.weight": Payload(trace)}))
    with pytest.raises(CheckpointError, match="cannot be read as weights"):
        read_checkpoint(objective_of(trained()), path)
    assert not trace.exists()
    # The payload is a live one.
    pickle.loads(pickle.dumps(Payload(trace)))
    assert trace.exists()


@pytest.mark.parametrize("name", ["model.safetensors", "plain.pt"])
@pytest.mark.parametrize("damage", ["one byte", "cut", "many bytes"])
def test_damaged_files_load_or_are_refused_and_nothing_else(tmp_path, name, damage):
    path, generator = tmp_path / name, random.Random(f"{name} {damage}")
    save(trained(), path)
    objective, whole = objective_of(trained(1)), path.read_bytes()
    for _ in range(150):
        data = bytearray(whole)
        for _ in range({"one byte": 1, "cut": 0, "many bytes": 20}[damage]):
            # The first bytes are the header, where damage does most.
            reach = len(data) if generator.random() < 0.5 else min(400, len(data))
            data[generator.randrange(reach)] = generator.randrange(256)
        path.write_bytes(data[: generator.randrange(len(data))] if damage == "cut" else data)
        try:
            theta = read_checkpoint(objective, path)
        except CheckpointError:
            continue
        assert theta.shape == objective.theta.shape
        assert theta.isfinite().all()


@pytest.mark.parametrize("name", ["absent.pt", "absent.safetensors", "notes.txt", "folder.pt"])
def test_what_is_no_file_of_weights_is_refused(tmp_path, name):
    (tmp_path / "notes.txt").write_text("hello")
    (tmp_path / "folder.pt").mkdir()
    with pytest.raises(CheckpointError, match=re.escape(name)):
        read_checkpoint(objective_of(trained()), tmp_path / name)


def test_trajectories_come_in_natural_order(tmp_path):
    models = {step: trained(step) for step in (10, 2, 1)}
    for step, model in models.items():
        write_checkpoint(model, tmp_path / f"epoch_{step}.safetensors")
    (tmp_path / "log.txt").write_text("not a checkpoint")
    path = read_trajectory(objective_of(trained()), tmp_path)
    assert path.steps.tolist() == [1, 2, 10]
    assert torch.equal(path.thetas, torch.stack([objective_of(models[step]).theta for step in (1, 2, 10)]))
    listed = read_trajectory(objective_of(trained()), [tmp_path / f"epoch_{step}.safetensors" for step in (10, 1)])
    assert torch.equal(listed.thetas[1], path.thetas[0])
    assert listed.steps.tolist() == [0, 1]


@pytest.mark.parametrize(
    ("names", "steps"),
    [
        (["epoch=0-val_loss=0.33", "epoch=1-val_loss=0.41", "epoch=2-val_loss=0.52"], [0, 1, 2]),
        (["epoch=0-step=41", "epoch=1-step=82"], [41, 82]),
        (["b-step=7-0.9", "a-step=12-0.1", "c-step=100-0.5"], [7, 12, 100]),
        (["checkpoint-500", "checkpoint-1000"], [500, 1000]),
        (["resnet20_e2", "resnet20_e10"], [2, 10]),
        (["resnet20_init", "resnet20_1", "resnet20_2", "resnet20_10"], [0, 1, 2, 10]),
        (["resnet20_init", "1", "2", "3"], [0, 1, 2, 3]),
        (["epoch10_resnet20", "epoch20_resnet20"], [10, 20]),
        (["initial", "checkpoint-500", "checkpoint-1000"], [0, 500, 1000]),
        (["init", "epoch=0", "epoch=1"], [0, 1, 2]),
        (["init_1", "init_2"], [1, 2]),
        (["5e2", "1e3", "2e3", "1e4"], [500, 1000, 2000, 10000]),
        (["step1e2", "step5e2", "step1e3"], [100, 500, 1000]),
        (["s1e1", "s1e2", "s1e10"], [1, 2, 10]),
        (["epoch5_lr1e-3", "epoch10_lr5e-4"], [5, 10]),
        (["500", "1k", "1.5k", "10k"], [500, 1000, 1500, 10000]),
        (["m_10_0.91", "m_20_0.93", "m_30_0.90"], [10, 20, 30]),
        (["acc0.93_e5", "acc0.91_e10"], [5, 10]),
        (["epoch3_acc91", "epoch4_acc80"], [3, 4]),
        (["epoch_0.5", "epoch_1", "epoch_1.5", "epoch_2"], [0, 1, 2, 3]),
        (["e0.5", "e1", "e1.5", "e2", "e3"], [0, 1, 2, 3, 4]),
        (["2024-01-05", "2024-01-12", "2024-02-01"], [0, 1, 2]),
        (["2024-01-05_12-30-00", "2024-01-05_14-10-00"], [0, 1]),
        (["0001", "0002", "0010"], [1, 2, 10]),
        (["epoch=-1", "epoch=0", "epoch=1"], [-1, 0, 1]),
        (["epoch=0", "epoch=0-v1", "epoch=0-v2", "epoch=0-v10"], [0, 1, 2, 10]),
        (["net", "net-v1", "net-v2"], [0, 1, 2]),
        (["pythia-70m-step0", "pythia-70m-step512"], [0, 512]),
        (["1" * 30, "2" * 30], [0, 1]),
        (["resnet20"], [0]),
    ],
)
def test_steps_are_what_names_tell(tmp_path, names, steps):
    for seed, name in enumerate(names):
        write_checkpoint(trained(seed), tmp_path / f"{name}.safetensors")
    for other in ("best", "model_best", "last", "last-v1", "optimizer", "model-00001-of-00002"):
        write_checkpoint(trained(9), tmp_path / f"{other}.safetensors")
    path = read_trajectory(objective_of(trained()), tmp_path)
    assert path.steps.tolist() == steps
    assert torch.equal(path.thetas, torch.stack([objective_of(trained(seed)).theta for seed in range(len(names))]))


@pytest.mark.parametrize(
    ("names", "steps", "said"),
    [
        (["epoch=1", "epoch=1-v1", "epoch=2"], [0, 1, 2], r"epoch=1\.\w+ and epoch=1-v1\.\w+ are of one step: all"),
        (["epoch=9", "epoch=9-v1", "epoch=10"], [0, 1, 2], r"are of one step.*of several trainings, list"),
        (["e1", "e1-v1", "e2", "e2-v1"], [0, 1, 2, 3], r"e1\.\w+ and e1-v1\.\w+ are of one step, and 1 more"),
        (["1", "2", "3", "resnet20"], [1, 2, 3], r"left out, .*no step beside others that do: resnet20\.\w+; list"),
        (["resnet20_1", "resnet20_2", "resnet20"], [1, 2], r"left out.*: resnet20\."),
        (["epoch=1", "epoch=2", "swa_30"], [1, 2], r"left out.*: swa_30\."),
    ],
)
def test_what_names_leave_open_is_told(tmp_path, names, steps, said):
    for seed, name in enumerate(names):
        write_checkpoint(trained(seed), tmp_path / f"{name}.safetensors")
    with pytest.warns(RuntimeWarning, match=said):
        path = read_trajectory(objective_of(trained()), tmp_path)
    assert path.steps.tolist() == steps
    expected = torch.stack([objective_of(trained(seed)).theta for seed in range(len(steps))])
    assert torch.equal(path.thetas, expected)
    listed = read_trajectory(objective_of(trained()), [tmp_path / f"{name}.safetensors" for name in names])
    assert len(listed) == len(names)


def test_a_folder_of_copies_alone_asks_for_a_list_which_takes_them(tmp_path):
    write_checkpoint(trained(), tmp_path / "best.safetensors")
    with pytest.raises(CheckpointError, match=r"copies and parts of some alone \(best.safetensors\): list those"):
        read_trajectory(objective_of(trained()), tmp_path)
    assert len(read_trajectory(objective_of(trained()), [tmp_path / "best.safetensors"]).thetas) == 1


def test_names_without_numbers_count_from_0(tmp_path):
    for name in ("b", "a"):
        write_checkpoint(trained(), tmp_path / f"{name}.safetensors")
    assert read_trajectory(objective_of(trained()), tmp_path).steps.tolist() == [0, 1]


def test_a_folder_without_checkpoints_is_refused(tmp_path):
    for where in (tmp_path, tmp_path / "absent", []):
        with pytest.raises(CheckpointError, match="expected"):
            read_trajectory(objective_of(trained()), where)
