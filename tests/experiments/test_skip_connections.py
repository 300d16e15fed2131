"""Study "skip connections" at a small size: twins trained alike, kept weights, and the numbers beside the pictures."""

import math

import numpy as np
import pytest
import torch
from click.testing import CliRunner
from safetensors.torch import load_file

import explorer
from experiments import skip_connections as study
from experiments.images import digits
from experiments.ruggedness import Ruggedness, edge_loss, local_minima, negative_share, ruggedness, second_differences
from explorer.directions import gaussian
from explorer.objective.parameters import layout_of

AXIS = np.linspace(-1, 1, 9)
ALPHA, BETA = np.meshgrid(AXIS, AXIS, indexing="ij")


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A folder for kept weights, and two twins of 8 layers after three epochs."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(study, "CHECKPOINTS", tmp_path_factory.mktemp("checkpoints"))
        yield {skip: study.objective(skip, depth=8, epochs=3, images=32) for skip in (False, True)}
        study.trained.cache_clear()


def test_twins_start_from_the_same_weights_and_part(small):
    plain, residual = small[False], small[True]
    assert plain.layout == residual.layout
    assert not torch.equal(plain.theta, residual.theta)
    starts = [study.start(skip, seed=0, depth=8) for skip in (False, True)]
    first, second = (layout_of(model).flatten(dict(model.named_parameters())) for model in starts)
    assert torch.equal(first, second)


def test_kept_weights_are_those_that_were_trained(small):
    theta, described = small[True].theta, small[True].describe()
    [path] = study.CHECKPOINTS.glob("skip-residual-8-seed0-*.safetensors")
    before = path.stat().st_mtime_ns
    study.trained.cache_clear()
    again = study.objective(**small[True].source["kwargs"])
    # The description holds the hash of BatchNorm's statistics, too.
    assert again.describe() == described
    assert torch.equal(again.theta, theta)
    assert path.stat().st_mtime_ns == before
    path.unlink()
    study.trained.cache_clear()
    assert study.objective(**small[True].source["kwargs"]).describe() == described
    assert int(load_file(path)["first_norm.num_batches_tracked"]) == 30


def test_training_teaches_where_gradients_are_turned_off(small):
    with torch.no_grad():
        assert not study.trained(True, 1, depth=8, epochs=1).training


def test_training_teaches(small):
    found = study.outcome(True, 0, depth=8, epochs=3)
    data = digits()
    with torch.no_grad():
        scores = study.trained(True, 0, depth=8, epochs=3)(data.x)
    # Counted in another way.
    assert found["accuracy"] == pytest.approx(float((scores.argmax(1) == data.y).sum()) / 1297, abs=1e-6)
    # A tenth would be chance.
    assert found["test_accuracy"] > 0.5
    assert found["loss"] < math.log(10)


@pytest.mark.parametrize("batchnorm", ["eval", "recompute"])
def test_a_slices_center_is_the_loss_of_the_network(small, batchnorm):
    objective = study.objective(True, depth=8, epochs=3, images=32, batchnorm=batchnorm)
    landscape = explorer.sweep(objective, gaussian(objective), explorer.Grid.square(1.0, 3), progress=False)
    # float32: the same sums over many points at once, 10 layers of about 8 roundings each.
    assert float(landscape["loss"][1, 1]) == pytest.approx(objective.own_value()["loss"], rel=1e-5)


def test_edge_loss_is_the_median_of_the_border():
    assert edge_loss(np.array([[1.0, 2.0, 3.0], [4.0, 99.0, 5.0], [6.0, 7.0, 8.0]])) == 4.5


def test_local_minima_are_counted_where_a_grid_can_see_them():
    assert local_minima(ALPHA**2 + BETA**2) == 1
    assert local_minima(ALPHA**2 - BETA**2) == 0
    assert local_minima(np.zeros((5, 5))) == 0
    # cos of two periods in each direction has four wells inside.
    assert local_minima(np.cos(2 * np.pi * ALPHA) + np.cos(2 * np.pi * BETA)) == 4
    holed = ALPHA**2 + BETA**2
    holed[3, 4] = math.nan
    assert local_minima(holed) == 0


def test_negative_share_knows_bowls_saddles_and_rounding():
    bowl, saddle, trough, hole = (np.diag(pair) for pair in ([1.0, 2.0], [1.0, -0.1], [1.0, -1e-17], [math.nan, 1.0]))
    assert negative_share(np.stack((bowl, saddle, trough, hole))) == pytest.approx(1 / 3)
    with pytest.raises(ValueError, match="none of 1 is"):
        negative_share(hole)


def test_second_differences_are_exact_for_quadratics():
    step = AXIS[1] - AXIS[0]
    found = second_differences(3 * ALPHA**2 - 2 * ALPHA * BETA + BETA**2) / step**2
    assert found.shape == (7, 7, 2, 2)
    # Differences of numbers up to 6, over steps of 1/4: 6 * 16 * 4 roundings.
    np.testing.assert_allclose(found, np.broadcast_to([[6.0, -2.0], [-2.0, 2.0]], found.shape), rtol=0, atol=1e-13)
    # A kink that autograd does not see: between two slopes up, |x| seen from above.
    assert negative_share(second_differences(-np.abs(ALPHA))) == pytest.approx(1 / 7)


@pytest.mark.parametrize("seeds", [(4,), (4, 5)])
def test_ruggedness_is_that_of_each_seed(small, seeds):
    found = ruggedness(small[False], seeds, radius=0.5, points=5, coarse=3, progress=False)
    assert len(found.edge_loss) == len(found.local_minima) == len(found.negative) == len(seeds)
    assert 0 <= found.negative_at_points <= 1
    grid = explorer.Grid.square(0.5, 5)
    alone = explorer.sweep(small[False], gaussian(small[False], seed=seeds[-1]), grid, progress=False)["loss"].values
    # float32, another chunk.
    assert found.edge_loss[-1] == pytest.approx(edge_loss(alone), rel=1e-4)
    assert found.local_minima[-1] == local_minima(alone)


def test_the_module_writes_two_stores_over_one_window_and_prints_the_table(small, tmp_path, monkeypatch):
    monkeypatch.setattr(study, "DEPTH", 8)
    monkeypatch.setattr(study, "DEPTHS", (8,))
    monkeypatch.setattr(study, "TRAINING_SEEDS", (0,))
    monkeypatch.setattr(study, "DIRECTION_SEEDS", (0,))
    arguments = ["--out", str(tmp_path), "--points", "3", "--epochs", "3", "--images", "32"]
    result = CliRunner().invoke(study.main, arguments, catch_exceptions=False)
    assert result.exit_code == 0
    stores = [explorer.open_landscape(tmp_path / f"skip-{twin}.zarr") for twin in ("plain", "residual")]
    for name in ("extents", "points", "data", "loss_name", "quantities"):
        assert stores[0].attrs[name] == stores[1].attrs[name], name
    assert study.HEADER in result.output


def test_a_row_fits_under_the_header():
    end = {"loss": 1.25, "accuracy": 0.5, "test_accuracy": 0.25}
    text = study.row("plain", 1, 56, end, Ruggedness((1.0, 2e6), (1, 12), (0.0, 1.0), 0.5))
    assert " ".join(text.replace("|", " ").split()) == "56 plain 1 1.2 0.500 0.250 1 2e+06 1 12 0.00 1.00 0.50"
