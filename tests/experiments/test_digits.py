"""Study "digits": the data, a training that repeats bit for bit, and slices through where it ended."""

import json
import shlex
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from click.testing import CliRunner

import explorer
from experiments import digits as study
from experiments.images import accuracy, digits
from experiments.training import Recipe, drawn, train
from explorer.cli import main
from explorer.directions import gaussian, hessian, principal
from explorer.numerics.fingerprint import sha256
from models import MODELS

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def objective():
    return study.objective()


@pytest.fixture(scope="module")
def path():
    return study.trajectory()


def test_the_split_is_fixed_and_holds_every_image_once():
    split = digits()
    assert split.x.shape == (1297, 1, 8, 8)
    assert split.test_x.shape == (500, 1, 8, 8)
    assert (float(split.x.min()), float(split.x.max())) == (-1.0, 1.0)
    # scikit-learn's own description counts 178, 182, 177, 183, 181, 182, 181, 179, 174, 180 of the ten digits.
    counts = torch.bincount(torch.cat((split.y, split.test_y))).tolist()
    assert counts == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert split.y[:8].tolist() == [9, 8, 9, 1, 9, 4, 1, 3]


def test_accuracy_counts_hits():
    scores = torch.tensor([[1.0, 2.0], [3.0, 1.0], [0.0, 5.0], [0.0, 1.0]])
    assert accuracy(scores, torch.tensor([1, 0, 0, 1])) == 0.75


def test_the_network_reads_digits_it_has_not_seen(objective):
    values = {name: float(value) for name, value in objective.metrics(objective.theta).items()}
    assert objective.layout.size == 2410
    assert values["accuracy"] > 0.98
    assert values["test_accuracy"] > 0.95


def test_the_path_ends_where_the_objective_is(objective, path):
    assert torch.equal(path.thetas[-1], objective.theta)
    # 10 whole batches of 128 in 1,297 images.
    assert path.steps.tolist() == list(range(0, 301, 10))
    # Both are the same mean over all images; 1,297 terms of order one, summed in either order.
    assert float(path.losses[-1]) == pytest.approx(float(objective(objective.theta)), rel=1e-12)
    # Ten classes, and weights that know nothing yet: about log 10.
    assert float(path.losses[0]) == pytest.approx(2.3, abs=0.1)


@pytest.mark.slow
def test_another_process_trains_the_same_bits_and_the_catalogue_waits_for_none_of_it(objective):
    script = (
        "import sys, experiments; assert not {'sklearn', 'experiments.training'} & set(sys.modules)\n"
        "from experiments.digits import objective; from explorer.numerics.fingerprint import sha256\n"
        "print(sha256(objective().theta))"
    )
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == sha256(objective.theta)


def test_training_leaves_the_callers_random_numbers_and_threads_alone():
    state, threads = torch.get_rng_state(), torch.get_num_threads()
    torch.set_num_threads(2)
    try:
        model = drawn(lambda: MODELS["mlp"]((2, 2)), seed=0)
        path = train(model, torch.eye(2), torch.tensor([0, 1]), Recipe(torch.optim.SGD, lr=0.1, epochs=5, every=2))
        assert torch.get_num_threads() == 2
    finally:
        torch.set_num_threads(threads)
    assert torch.equal(torch.get_rng_state(), state)
    # Fewer images than a batch make one batch; the end is recorded, whatever `every` is.
    assert path.steps.tolist() == [0, 2, 4, 5]


def test_the_source_makes_the_same_objective_again():
    made = study.objective(seed=1, epochs=1, dtype="float32")
    assert made.source["factory"] == "experiments.digits:objective"
    study._run.cache_clear()
    again = study.objective(**made.source["kwargs"])
    assert again.describe() == made.describe()
    assert again.dtype == torch.float32
    with pytest.raises(ValueError, match="expected a dtype among float32, float64; got 'half'"):
        study.objective(dtype="half")


def test_the_grid_holds_the_whole_path(path):
    plane = principal(path)
    grid = study.around(plane, path, points=5)
    coordinates = plane.coordinates(path.thetas)
    for place, axis in enumerate(grid.axes.values()):
        span = float(coordinates[:, place].max() - coordinates[:, place].min())
        assert axis.high - axis.low == pytest.approx(1.3 * span, rel=1e-12)
        assert axis.low < float(coordinates[:, place].min())


def test_a_slices_center_is_the_trained_loss(objective):
    landscape = explorer.sweep(objective, gaussian(objective), explorer.Grid.square(1.0, 3), progress=False)
    # The same sums, over many points at once.
    assert float(landscape["loss"][1, 1]) == pytest.approx(float(objective(objective.theta)), rel=1e-12)
    assert float(landscape["loss"].min()) == float(landscape["loss"][1, 1])


def test_the_runs_begin_at_one_place_and_the_first_is_the_objectives(path):
    runs = {name: study.run(name) for name in study.RUNS}
    assert torch.equal(runs["adam"].thetas, path.thetas)
    assert all(torch.equal(each.thetas[0], path.thetas[0]) for each in runs.values())
    assert all(float(each.losses[-1]) < 0.1 for each in runs.values())
    made = principal(runs).made
    assert made["runs"] == [31, 31, 31]
    assert "random_walk" in made


def test_a_recorded_run_is_that_run(tmp_path, path):
    words = ["--record", str(tmp_path / "digits"), "--run", "adam", "--every", "30"]
    result = CliRunner().invoke(study.main, words, catch_exceptions=False)
    assert result.exit_code == 0
    assert "11 of 300 steps" in result.output
    found = explorer.open_trajectory(tmp_path / "digits")
    # Ten minibatches an epoch: the same bits, recorded or not.
    assert torch.equal(found.thetas, path.thetas[::3])
    again = CliRunner().invoke(study.main, words)
    assert again.exit_code == 1
    assert "holds a recording of 300 steps" in again.output
    # The words that it prints make the picture.
    printed = shlex.split(result.output.strip().splitlines()[-1])[3:]
    shown = CliRunner().invoke(main, [*printed[:-1], str(tmp_path / "x.zarr"), "--points", "3"])
    assert shown.exit_code == 0, shown.output
    entries = json.loads(explorer.open_landscape(tmp_path / "x.zarr").attrs["checkpoints"])
    assert [entry["step"] for entry in entries] == list(range(0, 301, 30))


def test_the_module_writes_its_stores_and_goes_on_with_them(tmp_path):
    for _ in range(2):
        result = CliRunner().invoke(study.main, ["--out", str(tmp_path), "--points", "3"], catch_exceptions=False)
        assert result.exit_code == 0
    assert "test_accuracy 0.97" in result.output
    assert "The model's own loss is 0.03" in result.output
    random, steepest, path = (
        explorer.open_landscape(tmp_path / f"digits-{name}.zarr") for name in ("random", "hessian", "trajectory")
    )
    assert random["loss"].dims == ("seed", "alpha", "beta")
    assert json.loads(steepest.attrs["basis"])["made"]["kind"] == "hessian"
    entries = json.loads(path.attrs["checkpoints"])
    assert [entry["path"] for entry in entries] == [True] * 31
    assert entries[-1]["offset"] == 0.0
    for step in range(0, 301, 50):
        moved = explorer.open_landscape(tmp_path / f"digits-along-{step:03d}.zarr")
        [own] = [each for each in json.loads(moved.attrs["checkpoints"]) if each["step"] == step]
        # The plane goes through it: 2,410 entries of order 1 and rounding.
        assert own["offset"] < 1e-12
    runs = json.loads(explorer.open_landscape(tmp_path / "digits-runs.zarr").attrs["checkpoints"])
    assert {each["run"] for each in runs} == set(study.RUNS)
    other = CliRunner().invoke(study.main, ["--out", str(tmp_path), "--points", "4"])
    assert other.exit_code == 1
    assert "Error: " in other.output
    assert "points" in other.output.rpartition("Error: ")[2]


def test_figures_in_the_readme(objective, path):
    text = " ".join((ROOT / "experiments" / "README.md").read_text(encoding="utf-8").split())
    values = {name: float(value) for name, value in objective.metrics(objective.theta).items()}
    made, steepest = principal(path).made, hessian(objective).made["eigenvalues"]
    shared = principal({name: study.run(name) for name in study.RUNS}).made
    for said in (
        f"loss {float(objective(objective.theta)):.4f}",
        f"{100 * values['test_accuracy']:.1f} % of the test images",
        f"{100 * sum(made['explained'][:2]):.1f} % of the path's spread",
        f"{100 * sum(made['random_walk'][:2]):.1f} % of a random walk's",
        f"eigenvalues {steepest[0]:.2f} and {steepest[1]:.2f}",
        f"{100 * sum(shared['explained'][:2]):.1f} % of the spread of the three",
        f"three random walks {100 * sum(shared['random_walk'][:2]):.1f} %",
    ):
        assert said in text, said
