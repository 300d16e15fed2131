"""Recording: what a training goes through is on disk, whole, whenever it ends, and comes back bit for bit."""

import json
import subprocess
import sys
import threading
import warnings
import weakref
from contextlib import suppress
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file
from torch import nn

import explorer
from explorer import Objective, directions, open_trajectory, record
from explorer.checkpoints import Recorder, read_trajectory, recording_format, write_checkpoint
from explorer.cli import main
from explorer.errors import CheckpointError
from explorer.objective.parameters import layout_of
from tests.support.disk import files_up_to
from tests.support.killed import recorder as killed
from tests.support.killed.train import Bowl

ROOT = Path(__file__).parents[2]


class Net(nn.Module):
    """A shared weight, a frozen one, and BatchNorm's statistics."""

    def __init__(self, seed=0):
        super().__init__()
        torch.manual_seed(seed)
        self.first = nn.Linear(3, 3)
        self.norm = nn.BatchNorm1d(3)
        self.last = nn.Linear(3, 3)
        self.last.weight = self.first.weight
        self.fixed = nn.Parameter(torch.ones(2), requires_grad=False)

    def forward(self, x):
        return self.last(self.norm(self.first(x)))


class Watched(torch.autograd.Function):
    """The identity, with an object that its node in the graph keeps."""

    made = None

    @staticmethod
    def forward(ctx, x):
        ctx.kept = Watched.made = threading.Event()
        return x.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient


X = torch.linspace(-1, 1, 12).reshape(4, 3)


def flat(model):
    return layout_of(model).flatten(dict(model.named_parameters()))


def trained(model, recorder, steps, rate=0.1):
    """Train; return theta at 0, 1, ..., and the loss at each but the last."""
    optimizer = torch.optim.SGD([each for each in model.parameters() if each.requires_grad], lr=rate, momentum=0.5)
    thetas, losses = [flat(model)], []
    for _ in range(steps):
        loss = (model(X) - X).square().mean()
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        recorder.step(loss)
        thetas.append(flat(model))
        losses.append(loss.item())
    return torch.stack(thetas), losses


@pytest.fixture
def done(tmp_path):
    """A recording of 23 steps, every fifth kept: (folder, model, all thetas, all losses)."""
    model = Net()
    with record(model, tmp_path / "t", every=5) as recorder:
        thetas, losses = trained(model, recorder, 23)
    return tmp_path / "t", model, thetas, losses


def test_a_recording_comes_back_bit_for_bit_with_its_first_and_last_step(done):
    folder, _, thetas, losses = done
    path = open_trajectory(folder)
    assert path.steps.tolist() == [0, 5, 10, 15, 20, 23]
    assert torch.equal(path.thetas, thetas[path.steps])
    # The loss at a theta is the one that the step away from it reports; nothing left the last.
    assert path.losses[:-1].tolist() == [losses[step] for step in (0, 5, 10, 15, 20)]
    assert path.losses[-1].isnan()
    lines = (folder / "losses.csv").read_text().split()
    assert lines == ["step,loss", *(f"{i},{loss!r}" for i, loss in enumerate(losses, 1))]


def test_each_file_is_a_checkpoint_with_its_buffers(done):
    folder, model, thetas, _ = done
    weights = load_file(folder / "step_000000023.safetensors")
    assert set(weights) == set(model.state_dict()) - {"last.weight"}
    twin = Net(1)
    twin.load_state_dict(weights, strict=False)
    assert torch.equal(flat(twin), thetas[-1])
    # 23 batches went through BatchNorm, and 5 at the second file.
    assert int(twin.norm.num_batches_tracked) == 23
    assert torch.equal(twin.norm.running_mean, model.norm.running_mean)
    assert int(load_file(folder / "step_000000005.safetensors")["norm.num_batches_tracked"]) == 5


def test_directions_read_the_same_folder_for_an_objective_of_its_own(done):
    folder, _, thetas, losses = done
    some = Objective(Net(1).double(), nn.MSELoss(), (X.double(), X.double()), parameters=("norm", "last.bias"))
    path = read_trajectory(some, folder)
    rows = [dict(layout_of(Net()).unflatten(theta)) for theta in thetas[path.steps]]
    assert torch.equal(path.thetas, torch.stack([some.layout.flatten(row) for row in rows]).double())
    assert path.losses[:-1].tolist() == [losses[step] for step in (0, 5, 10, 15, 20)]
    # What is no recording goes by the names of its files, as ever.
    (folder / "recording.json").unlink()
    plain = read_trajectory(some, folder)
    assert torch.equal(plain.thetas, path.thetas)
    assert (plain.steps.tolist(), plain.losses) == (path.steps.tolist(), None)


def test_no_graph_is_kept_alive(tmp_path):
    model = Net()
    with record(model, tmp_path) as recorder:
        loss = Watched.apply(model(X).sum())
        node = weakref.ref(Watched.made)
        Watched.made = None
        recorder.step(loss)
        # It lives as long as the graph does.
        assert node() is not None
        del loss
        assert node() is None
    assert all(each.grad is None for each in model.parameters())


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float64])
def test_every_dtype_stays_what_it_is(tmp_path, dtype):
    model = Net().to(dtype)
    with record(model, tmp_path) as recorder:
        recorder.step(1)
    path = open_trajectory(tmp_path)
    assert path.thetas.dtype == dtype
    assert torch.equal(path.thetas, flat(model).expand(2, -1))


def test_a_model_of_two_dtypes_has_thetas_of_the_longer_one(tmp_path):
    model = nn.Sequential(nn.Linear(2, 2).half(), nn.Linear(2, 1))
    with record(model, tmp_path):
        pass
    theta = torch.cat([each.detach().float().reshape(-1) for each in model.parameters()])
    assert torch.equal(open_trajectory(tmp_path).thetas, theta[None])


class Complex(nn.Module):
    """Complex parameters beside real ones."""

    def __init__(self, dtype):
        super().__init__()
        # An odd number of real entries comes first.
        self.shift = nn.Parameter(torch.randn(3, dtype=dtype))
        self.scale = nn.Parameter(torch.randn(2, 3, dtype=dtype.to_complex()))

    def forward(self, x):
        return x @ self.scale.mT + self.shift[:2]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_complex_parameters_are_two_entries_each(tmp_path, dtype):
    torch.manual_seed(0)
    model, x = Complex(dtype), torch.randn(5, 3, dtype=dtype)

    def loss_of(prediction, target):
        return (prediction - target).abs().square().mean()

    objective = Objective(model, loss_of, (x.to(dtype.to_complex()), x[:, :2]))
    thetas = []
    with record(model, to=tmp_path / "t", every=1) as recorder:
        optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
        for _ in range(4):
            parts = torch.view_as_real(model.scale.detach()).flatten()
            thetas.append(torch.cat([model.shift.detach(), parts]))
            optimizer.zero_grad()
            loss = loss_of(model(x.to(dtype.to_complex())), x[:, :2])
            loss.backward()
            optimizer.step()
            recorder.step(loss)
    path = open_trajectory(tmp_path / "t")
    assert path.thetas.dtype == dtype
    assert torch.equal(path.thetas[:4], torch.stack(thetas))
    assert torch.equal(path.thetas, read_trajectory(objective, tmp_path / "t").thetas)
    torch.testing.assert_close(torch.stack([objective(theta) for theta in path.thetas[:4]]), path.losses[:4].to(dtype))
    plane = directions.principal(path)
    differences = (path.thetas - path.thetas[-1]).double()
    leading = torch.linalg.svd(differences).Vh[:2].to(dtype)
    torch.testing.assert_close((plane.basis @ leading.T).abs(), torch.eye(2, dtype=dtype), rtol=1e-3, atol=1e-3)


@pytest.mark.parametrize("wrapped", [nn.DataParallel, lambda model: nn.DataParallel(nn.DataParallel(model))])
def test_wrapped_models_are_recorded_by_their_own_names(tmp_path, wrapped):
    model = Net()
    with record(wrapped(model), tmp_path):
        pass
    objective = Objective(Net(1), nn.MSELoss(), (X, X))
    # Where there is a GPU, the wrapper moves the model there.
    assert torch.equal(read_trajectory(objective, tmp_path).thetas[0], flat(model).cpu())


def test_a_running_recording_can_be_read(tmp_path):
    model = Net()
    with record(model, tmp_path, every=2) as recorder:
        thetas, losses = trained(model, recorder, 5)
        path = open_trajectory(tmp_path)
        assert path.steps.tolist() == [0, 2, 4]
        assert torch.equal(path.thetas, thetas[::2])
        assert path.losses.tolist() == losses[::2]


def test_after_an_error_the_last_whole_step_stands(tmp_path):
    model = Net()
    recorder = record(model, tmp_path, every=4)

    def interrupted():
        with recorder:
            trained(model, recorder, 6)
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert open_trajectory(tmp_path).steps.tolist() == [0, 4]
    with pytest.raises(ValueError, match="within the with block"):
        recorder.step(1.0)


@pytest.mark.parametrize("kills", [4, pytest.param(20, marks=pytest.mark.slow)])
def test_kills_lose_nothing_that_was_done(tmp_path, kills):
    program = [sys.executable, str(killed.__file__), str(tmp_path), str(kills)]
    said = subprocess.run(program, capture_output=True, text=True, check=True, cwd=ROOT).stdout.splitlines()
    assert len(said) == kills
    steps = 0
    for folder, last in (line.split() for line in said):
        if not (Path(folder) / "step_000000000.safetensors").exists():
            assert int(last) == 0
            continue
        path = open_trajectory(folder)
        assert path.steps.tolist() == list(range(len(path)))
        assert len(path) > int(last)
        assert bool((path.thetas == path.steps[:, None]).all())
        # The loss at theta k was written with step k + 1; the last may have been written or not.
        assert path.losses[:-1].tolist() == [step / 2 for step in range(len(path) - 1)]
        steps += int(last)
    # Three of four trainings had begun when they were killed.
    assert steps >= 3 * kills // 4


def test_a_killed_recording_goes_on_from_a_step_that_it_has(done):
    folder, model, thetas, losses = done
    (folder / ".step_000000025.safetensors.7.partial").write_bytes(b"torn")
    with (folder / "losses.csv").open("a") as file:
        file.write("24,0.1")
    model.load_state_dict(load_file(folder / "step_000000010.safetensors"), strict=False)
    with record(model, folder, every=5, resume=True) as recorder:
        assert recorder.steps == 10
        assert open_trajectory(folder).steps.tolist() == [0, 5, 10]
        more, after = trained(model, recorder, 6, rate=0.05)
    path = open_trajectory(folder)
    assert path.steps.tolist() == [0, 5, 10, 15, 16]
    assert torch.equal(path.thetas, torch.cat([thetas[[0, 5, 10]], more[[5, 6]]]))
    assert path.losses[:-1].tolist() == [losses[0], losses[5], after[0], after[5]]


def test_a_recording_goes_on_from_a_step_that_the_caller_names(done):
    folder, model, _, _ = done
    with torch.no_grad():
        model.first.bias.add_(1)
    with pytest.raises(CheckpointError, match=r"its parameters are others: load step_000000023\.safetensors"):
        record(model, folder, every=5, resume=True).__enter__()
    with record(model, folder, every=5, resume=12) as recorder:
        assert recorder.steps == 12
    path = open_trajectory(folder)
    assert path.steps.tolist() == [0, 5, 10, 12]
    assert torch.equal(path.thetas[-1], flat(model))
    for wrong in (13, -1):
        with pytest.raises(CheckpointError, match=f"a step from 0 to 12 .*; got {wrong}"):
            record(model, folder, every=5, resume=wrong).__enter__()


def test_a_recording_killed_before_its_first_step_is_begun_again(tmp_path):
    model = Net()
    with record(model, tmp_path):
        pass
    for name in ("step_000000000.safetensors", "losses.csv"):
        (tmp_path / name).unlink()
    with pytest.raises(CheckpointError, match="there are none yet"):
        open_trajectory(tmp_path)
    with record(model, tmp_path, every=3):
        pass
    assert open_trajectory(tmp_path).steps.tolist() == [0]


def test_a_folder_that_holds_something_is_refused(done, tmp_path):
    folder, model, _, _ = done
    with pytest.raises(CheckpointError, match="holds a recording of 23 steps: go on with it by resume=True"):
        record(model, folder, every=5).__enter__()
    with pytest.raises(CheckpointError, match=r"the model and every=5 .* got others"):
        record(model, folder, every=4, resume=True).__enter__()
    with pytest.raises(CheckpointError, match="got others"):
        record(nn.Linear(2, 2), folder, every=5, resume=True).__enter__()
    assert len(open_trajectory(folder)) == 6
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("keep")
    with pytest.raises(CheckpointError, match=r"new or empty folder .* holds 'mine\.txt'"):
        record(model, tmp_path / "notes").__enter__()
    (tmp_path / "file").write_text("")
    with pytest.raises(CheckpointError, match="can be written to"):
        record(model, tmp_path / "file").__enter__()
    with pytest.raises(ValueError, match="Tanh has none"):
        record(nn.Tanh(), tmp_path / "new")
    with pytest.raises(ValueError, match="every of at least 1; got 0"):
        record(model, tmp_path / "new", every=0)


def test_what_is_no_loss_is_refused_and_counts_no_step(tmp_path):
    with record(Net(), tmp_path) as recorder:
        with pytest.raises(ValueError, match=r"one number; got a tensor \(2,\)"):
            recorder.step(torch.zeros(2))
        assert recorder.steps == 0


def test_a_model_that_changes_is_refused(tmp_path):
    model = Net()
    with record(model, tmp_path, every=1) as recorder:
        bias, model.last.bias = model.last.bias, nn.Parameter(torch.zeros(4))
        with pytest.raises(CheckpointError, match="names, shapes or dtypes are others now"):
            recorder.step(1.0)
        model.last.bias = bias
        recorder.step(1.0)
    assert open_trajectory(tmp_path).steps.tolist() == [0, 2]


def flip(path, place):
    data = bytearray(path.read_bytes())
    data[place] ^= 1
    path.write_bytes(data)


DAMAGE = {
    "a bit of a weight": (lambda f: flip(f / "step_000000010.safetensors", -1), r"step_000000010.*SHA-256.*damaged"),
    "a cut file": (
        lambda f: (f / "step_000000010.safetensors").write_bytes(b"\x08"),
        r"step_000000010.*read as weights",
    ),
    "another model": (
        lambda f: write_checkpoint(nn.Linear(2, 2), f / "step_000000010.safetensors"),
        r"step_000000010.*'fixed' is missing",
    ),
    "a line of losses": (lambda f: (f / "losses.csv").write_text("step,loss\n1,0.5\nx,y\n"), r"losses\.csv .*line 3"),
    "the manifest": (lambda f: (f / "recording.json").write_text("{"), r"recording\.json is damaged"),
    "a word of the manifest": (
        lambda f: (f / "recording.json").write_text((f / "recording.json").read_text().replace("Net", "Not")),
        r"recording\.json is damaged \(SHA-256\)",
    ),
    "a newer manifest": (
        lambda f: (f / "recording.json").write_text(
            json.dumps({**json.loads((f / "recording.json").read_text()), "format": 2})
        ),
        "format 1; got 2",
    ),
    "no manifest": (lambda f: (f / "recording.json").unlink(), r"there is no .*recording\.json"),
}


@pytest.mark.parametrize(("damage", "message"), DAMAGE.values(), ids=DAMAGE)
def test_damage_is_refused_by_name(done, damage, message):
    folder = done[0]
    damage(folder)
    with pytest.raises(CheckpointError, match=message):
        open_trajectory(folder)


def test_a_training_that_diverges_ends_where_it_does(tmp_path):
    model = Net()
    with record(model, tmp_path, every=1) as recorder:
        thetas, _ = trained(model, recorder, 3)
        with torch.no_grad():
            model.first.bias.fill_(torch.nan)
        recorder.step(float("nan"))
        recorder.step(float("nan"))
    with pytest.warns(RuntimeWarning, match="not finite at step 4: the trajectory ends at step 3"):
        path = open_trajectory(tmp_path)
    assert torch.equal(path.thetas, thetas)
    assert path.losses[-1].isnan()
    for step in range(4):
        (tmp_path / recording_format.step_name(step)).unlink()
    with pytest.raises(CheckpointError, match="NaN or infinite from the beginning"):
        open_trajectory(tmp_path)


def test_large_thetas_are_mapped_and_leave_no_file(tmp_path, monkeypatch):
    model = nn.Linear(1000, 1000)
    with record(model, tmp_path, every=1) as recorder:
        for _ in range(3):
            with torch.no_grad():
                model.weight.mul_(0.5)
            recorder.step(1.0)
    small = open_trajectory(tmp_path)
    monkeypatch.setattr(recording_format, "_LARGE", 1 << 20)
    mapped = open_trajectory(tmp_path)
    assert torch.equal(mapped.thetas, small.thetas)
    assert not [each for each in tmp_path.iterdir() if each.name.startswith(".")]
    plane = directions.principal(mapped, count=1)
    # All steps lie on the line towards the last one: halves, quarters, ... of one vector.
    assert float(plane.offset(mapped.thetas).max()) < 1e-5 * float(plane.origin.norm())


def test_the_command_line_draws_a_recording(tmp_path):
    model = Bowl()
    with record(model, tmp_path / "t", every=1) as recorder:
        for step in range(4):
            with torch.no_grad():
                model.theta.mul_(torch.tensor([0.5, 0.7, 0.9 - 0.1 * step]))
            recorder.step(1.0)
    words = [
        "sweep",
        "tests.support.killed.train:objective",
        "--directions",
        "principal",
        "--trajectory",
        tmp_path / "t",
    ]
    shown = CliRunner().invoke(main, [*map(str, words), "--points", "5", "--out", str(tmp_path / "x.zarr")])
    assert shown.exit_code == 0, shown.output
    entries = json.loads(explorer.open_landscape(tmp_path / "x.zarr").attrs["checkpoints"])
    assert [each["name"] for each in entries] == [f"step {step}" for step in range(5)]


def test_entering_gives_the_recorder(tmp_path):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        with record(model := nn.Linear(1, 1), str(tmp_path)) as recorder:
            assert isinstance(recorder, Recorder)
            recorder.step(0.5)
    path = open_trajectory(tmp_path)
    assert path.steps.tolist() == [0, 1]
    assert torch.equal(path.thetas[1], torch.nn.utils.parameters_to_vector(model.parameters()))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
def test_a_model_on_a_gpu_is_copied_and_stays_there(tmp_path, dtype):
    model = Net().to("cuda", dtype)
    with record(model, tmp_path, every=1) as recorder:
        recorder.step(torch.tensor(0.5, device="cuda", requires_grad=True))
        with torch.no_grad():
            model.first.weight.add_(1)
        recorder.step(0.25)
    path = open_trajectory(tmp_path)
    assert (path.thetas.device.type, path.thetas.dtype) == ("cpu", dtype)
    assert torch.equal(path.thetas[-1], flat(model).cpu())
    assert path.losses[:-1].tolist() == [0.5, 0.25]
    assert next(model.parameters()).is_cuda


def trained_by_its_optimizer(tmp_path, tell, optimizer_of=torch.optim.SGD, **options):
    """Train a line, recorded by its optimizer; return the trajectory, and what was noted beside it."""
    torch.manual_seed(0)
    model, x = nn.Linear(2, 1), torch.randn(8, 2)
    optimizer = optimizer_of(model.parameters(), lr=0.1)
    thetas, losses = [torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone()], []

    def closure():
        optimizer.zero_grad()
        loss = (model(x) ** 2).mean()
        loss.backward()
        return loss

    with record(model, tmp_path / "t", every=1, optimizer=optimizer, **options) as recorder:
        for _ in range(4):
            loss = optimizer.step(closure)
            losses.append(float(loss.detach()))
            thetas.append(torch.nn.utils.parameters_to_vector(model.parameters()).detach().clone())
            tell(recorder, loss)
    optimizer.step(closure)
    return open_trajectory(tmp_path / "t"), torch.stack(thetas), losses


@pytest.mark.parametrize("optimizer", [torch.optim.SGD, torch.optim.Adam, torch.optim.LBFGS])
def test_an_optimizer_is_recorded_without_a_line_in_the_loop(tmp_path, optimizer):
    found, thetas, _ = trained_by_its_optimizer(tmp_path, lambda recorder, loss: None, optimizer)
    # The step after the block is not recorded.
    assert found.steps.tolist() == [0, 1, 2, 3, 4]
    assert torch.equal(found.thetas, thetas)
    assert found.losses.isnan().all()
    assert repr(found).endswith("steps 0 ... 4, no losses told)")


def test_losses_are_told_to_the_steps_that_the_optimizer_has_told(tmp_path):
    found, thetas, losses = trained_by_its_optimizer(tmp_path, lambda recorder, loss: recorder.step(loss))
    assert torch.equal(found.thetas, thetas)
    assert found.losses[:-1].tolist() == losses
    assert found.losses[-1].isnan()
    assert rows(tmp_path / "t") == [f"{step},{loss!r}" for step, loss in enumerate(losses, 1)]


def rows(folder):
    return (folder / "losses.csv").read_text().split()[1:]


@pytest.mark.parametrize("end", ["ended", "failed"])
def test_each_step_has_one_line_of_losses_whether_it_is_told_or_not(tmp_path, end):
    model = Bowl()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    with suppress(InterruptedError), record(model, tmp_path / "t", every=1, optimizer=optimizer) as recorder:
        for step in range(4):
            model().backward()
            optimizer.step()
            if step == 1:
                recorder.tell(0.5)
        assert rows(tmp_path / "t") == ["1,nan", "2,0.5", "3,nan"]
        if end == "failed":
            raise InterruptedError
    # After an error nothing more is written.
    assert rows(tmp_path / "t") == ["1,nan", "2,0.5", "3,nan", *(["4,nan"] if end == "ended" else [])]


def test_on_a_full_disk_a_loss_is_told_and_no_line_is_torn(tmp_path):
    loss = 0.1234567890123456

    def train():
        with record(Bowl(), tmp_path / "t", every=100) as recorder:
            recorder.step(loss)
            # The next line fits in part.
            with files_up_to((tmp_path / "t" / "losses.csv").stat().st_size + 5):
                recorder.step(loss)

    with pytest.raises(CheckpointError, match=r"cannot write the loss of step 2 .*(No space|File too large)"):
        train()
    assert rows(tmp_path / "t") == ["1,0.1234567890123456"]
    assert len(open_trajectory(tmp_path / "t")) == 1


def test_a_second_recorder_is_refused_before_it_changes_anything(tmp_path):
    with record(Bowl(), tmp_path / "t", every=1) as recorder:
        recorder.step(1.0)
        for resume in (False, True, 0):
            with (
                pytest.raises(CheckpointError, match="another recorder is writing"),
                record(Bowl(), tmp_path / "t", every=1, resume=resume),
            ):
                pass
        recorder.step(2.0)
    assert rows(tmp_path / "t") == ["1,1.0", "2,2.0"]
    assert open_trajectory(tmp_path / "t").steps.tolist() == [0, 1, 2]


def test_a_loss_is_optional(tmp_path):
    model = Bowl()
    with record(model, tmp_path / "t", every=1) as recorder:
        recorder.step()
        recorder.step(2.0)
    assert recorder.steps == 2
    assert open_trajectory(tmp_path / "t").losses.nan_to_num(-1).tolist() == [-1, 2, -1]


def test_an_optimizer_that_does_not_fit_is_refused(tmp_path):
    model = Bowl()
    with pytest.raises(ValueError, match=r"none of Bowl's are in this one: make it from model.parameters\(\)"):
        record(model, tmp_path / "t", optimizer=torch.optim.SGD(nn.Linear(1, 1).parameters()))
    with pytest.raises(TypeError, match=r"expected optimizer to be a torch.optim.Optimizer; got str"):
        record(model, tmp_path / "t", optimizer="adam")
    with (
        record(model, tmp_path / "t", optimizer=torch.optim.SGD(model.parameters())) as recorder,
        pytest.raises(ValueError, match="has taken none yet"),
    ):
        recorder.step(1.0)
