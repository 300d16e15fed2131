"""A training watched while it is recorded: frames that can be compared, and the sharpness along its updates."""

import copy
import types

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F

import explorer
from explorer import Grid, Objective
from explorer.watch import Watch

X = torch.linspace(-1.0, 1.0, 12).double()[:, None]
Y = torch.sin(3 * X)
GRID = Grid({"alpha": (-0.5, 0.5, 5), "beta": (-0.5, 0.5, 3)})


def network():
    torch.manual_seed(0)
    return nn.Sequential(nn.Linear(1, 5), nn.Tanh(), nn.BatchNorm1d(5), nn.Linear(5, 1)).double()


def trained(folder, steps=12, every=2, **options):
    model = network()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    thetas = [nn.utils.parameters_to_vector(model.parameters()).detach().clone()]
    states = {0: copy.deepcopy(model).eval()}
    with explorer.record(model, to=folder, every=every, optimizer=optimizer, **options):
        for step in range(1, steps + 1):
            optimizer.zero_grad()
            F.mse_loss(model(X), Y).backward()
            optimizer.step()
            thetas.append(nn.utils.parameters_to_vector(model.parameters()).detach().clone())
            states[step] = copy.deepcopy(model).eval()
    return model, thetas, states


def watch(**options):
    objective = Objective(network(), nn.MSELoss(), (X, Y))
    plane = explorer.directions.gaussian(objective, seed=0)
    return objective, plane, Watch(objective, plane, GRID, **options)


def test_frames_are_slices_through_each_step_in_the_same_directions(tmp_path):
    _, plane, watching = watch(every=3)
    _, thetas, states = trained(tmp_path / "r", watch=watching)
    # Recorded at 0, 2, ..., 12; of these each third is looked at, the first among them.
    assert list(watching.frames) == [0, 6, 12]
    assert watching.landscape.step.values.tolist() == [0, 6, 12]
    for step, frame in watching.frames.items():
        model = states[step]
        for i, alpha in enumerate(frame.alpha.values):
            for j, beta in enumerate(frame.beta.values):
                theta = thetas[step] + torch.tensor([alpha, beta]) @ plane.basis
                moved = copy.deepcopy(model)
                nn.utils.vector_to_parameters(theta, moved.parameters())
                np.testing.assert_allclose(frame.loss[i, j], F.mse_loss(moved(X), Y).item(), rtol=1e-11)
        assert watching.numbers[step]["loss"] == pytest.approx(F.mse_loss(model(X), Y).item(), rel=1e-12)


@pytest.mark.parametrize(
    ("steps", "kept", "every", "looked"),
    [
        (12, 2, 1, [0, 2, 4, 6, 8, 10, 12]),
        (12, 2, 2, [0, 4, 8, 12]),
        (12, 2, 4, [0, 8, 12]),
        (12, 2, 100, [0, 12]),
        # The last is recorded out of turn.
        (13, 5, 1, [0, 5, 10, 13]),
        (13, 5, 2, [0, 10, 13]),
        (0, 5, 2, [0]),
    ],
)
def test_the_first_and_the_last_step_are_looked_at(tmp_path, steps, kept, every, looked):
    _, _, watching = watch(every=every)
    _, _, states = trained(tmp_path / "r", steps=steps, every=kept, watch=watching)
    assert list(watching.frames) == list(watching.numbers) == looked
    assert set(looked) <= set(explorer.open_trajectory(tmp_path / "r").steps.tolist())
    for step in looked:
        assert watching.numbers[step]["loss"] == pytest.approx(F.mse_loss(states[step](X), Y).item(), rel=1e-12)
        # What comes in turn has an update; nobody knows the last before it is over.
        in_turn = step > 0 and step % (kept * every) == 0
        assert ("critical_step" in watching.numbers[step]) == in_turn


def test_a_recording_that_goes_on_is_looked_at_from_where_it_does(tmp_path):
    trained(tmp_path / "r", steps=4)
    model, (_, _, watching) = network(), watch(every=2)
    nn.utils.vector_to_parameters(explorer.open_trajectory(tmp_path / "r").thetas[-1], model.parameters())
    with explorer.record(model, to=tmp_path / "r", every=2, resume=True, watch=watching) as recorder:
        for _ in range(6):
            recorder.step(0.0)
    assert list(watching.frames) == [4, 8, 10]


def test_after_an_error_the_last_step_is_not_looked_at(tmp_path):
    _, _, watching = watch()
    # A loss that is no number is refused, and ends the block.
    with (
        pytest.raises(ValueError, match="as one number"),
        explorer.record(network(), to=tmp_path / "r", every=2, watch=watching) as recorder,
    ):
        recorder.step(torch.zeros(2))
    assert list(watching.frames) == [0]


def test_the_sharpness_along_an_update_is_that_of_the_loss_there(tmp_path):
    objective, _, watching = watch()
    _, thetas, states = trained(tmp_path / "r", watch=watching)
    for step, told in list(watching.numbers.items())[1:]:
        there = objective.with_buffers(dict(states[step].named_buffers()))
        update = thetas[step] - thetas[step - 1]
        start = there(thetas[step - 1])
        critical = told["critical_step"]
        # On one side of it the loss is no higher than before the step, on the other it is.
        assert there(thetas[step - 1] + 0.999 * critical * update) <= start
        assert there(thetas[step - 1] + 1.001 * critical * update) > start
        assert told["critical_sharpness"] == pytest.approx(2 / (critical * 0.1))


def test_the_training_is_the_same_without(tmp_path):
    _, _, watching = watch()
    one, _, _ = trained(tmp_path / "a", watch=watching)
    other, _, _ = trained(tmp_path / "b")
    for mine, theirs in zip(one.state_dict().values(), other.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)


def test_steps_that_are_told_by_hand_have_no_update(tmp_path):
    _, _, watching = watch()
    with explorer.record(network(), to=tmp_path / "r", every=1, watch=watching) as recorder:
        recorder.step(1.0)
    assert list(watching.numbers[1]) == ["loss"]


class Writer:
    """As a SummaryWriter."""

    def __init__(self):
        self.scalars, self.images = {}, {}

    def add_scalar(self, name, value, step):
        self.scalars[name, step] = value

    def add_image(self, name, image, step, *, dataformats):
        assert dataformats == "HWC"
        self.images[name, step] = image


class Run:
    """As a run of Weights & Biases."""

    def __init__(self):
        self.told = []

    def log(self, values, *, step):
        self.told.append((step, values))


class Client(types.SimpleNamespace):
    """As the module mlflow."""

    def log_metric(self, name, value, *, step):
        self.__dict__.setdefault("metrics", {})[name, step] = value

    def log_figure(self, figure, path):
        self.__dict__.setdefault("figures", {})[path] = figure


def test_trackers_are_told_by_their_own_methods(tmp_path):
    writer, run, client = Writer(), Run(), Client()
    for name, tracker in (("w", writer), ("r", run), ("c", client)):
        _, _, watching = watch(tracker=tracker, every=6)
        trained(tmp_path / name, watch=watching)
        loss = watching.numbers[12]["loss"]
        if tracker is writer:
            assert writer.scalars["landscape/loss", 12] == loss
            image = writer.images["landscape/frame", 12]
            assert image.shape == (3 * 8, 5 * 8, 3)
            assert image.dtype == np.uint8
            # The lowest of what is drawn is the darkest of the colours.
            assert (image == [68, 1, 84]).all(axis=-1).any()
        elif tracker is run:
            assert run.told[2] == (12, {f"landscape/{name}": value for name, value in watching.numbers[12].items()})
            assert run.told[3][1]["landscape/frame"].data
        else:
            assert client.metrics["landscape/loss", 12] == loss
            assert client.figures["landscape/frame/000000012.html"].data


def test_what_is_no_tracker_is_refused():
    with pytest.raises(TypeError, match="add_scalar"):
        watch(tracker=object())
    objective = Objective(network(), nn.MSELoss(), (X, Y))
    with pytest.raises(ValueError, match="a plane and a grid"):
        Watch(objective, explorer.directions.gaussian(objective))
    with pytest.raises(ValueError, match="at least 1"):
        Watch(objective, every=0)
    with pytest.raises(ValueError, match="nothing was watched"):
        _ = Watch(objective).landscape


def test_a_line_is_a_frame_too(tmp_path):
    objective = Objective(network(), nn.MSELoss(), (X, Y))
    line, run, writer = explorer.directions.gaussian(objective, count=1, seed=0), Run(), Writer()
    for tracker in (run, writer):
        watching = Watch(objective, line, Grid({"alpha": (-0.5, 0.5, 5)}), every=3, tracker=tracker)
        trained(tmp_path / type(tracker).__name__, watch=watching)
        assert dict(watching.landscape.loss.sizes) == {"step": 3, "alpha": 5}
    assert run.told[1][1]["landscape/frame"].data
    # TensorBoard takes images: a line is told by its numbers.
    assert writer.images == {}
    assert ("landscape/critical_sharpness", 6) in writer.scalars


def test_one_watch_is_for_one_recording(tmp_path):
    _, _, watching = watch()
    trained(tmp_path / "first", steps=4, watch=watching)
    frames = dict(watching.frames)
    with pytest.raises(ValueError, match=r"Watch of its own.*has seen step 4, and is shown step 0"):
        trained(tmp_path / "second", steps=4, watch=watching)
    assert watching.frames == frames
    # Nothing holds the folder.
    _, _, other = watch()
    with explorer.record(network(), to=tmp_path / "second", every=2, resume=True, watch=other):
        pass
    assert list(other.frames) == [0]


def test_a_tracker_that_fails_is_told_nothing_more_and_the_training_goes_on(tmp_path):
    calls = []

    def add_scalar(*_):
        calls.append(1)
        raise OSError("no connection")

    tracker = types.SimpleNamespace(add_scalar=add_scalar, add_image=lambda *_, **__: None)
    _, _, watching = watch(tracker=tracker)
    with pytest.warns(RuntimeWarning, match=r"OSError\('no connection'\), and is told nothing more"):
        trained(tmp_path / "r", watch=watching)
    assert len(calls) == 1
    assert len(watching.frames) == 7


def test_a_tracker_without_pictures_is_refused_where_there_are_frames():
    tracker = types.SimpleNamespace(add_scalar=lambda *_: None)
    with pytest.raises(TypeError, match="add_image beside add_scalar, for the frames"):
        watch(tracker=tracker)
    Watch(Objective(network(), nn.MSELoss(), (X, Y)), tracker=tracker)


def test_arguments_in_another_order_are_named(tmp_path):
    objective, _, _ = watch()
    with pytest.raises(TypeError, match="expected watch=Watch"):
        explorer.record(network(), to=tmp_path / "r", watch=objective)
    with pytest.raises(TypeError, match="expected the objective after a, b; got Tensor"):
        explorer.directions.between(objective.theta, objective, objective.theta)
