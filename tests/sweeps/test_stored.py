"""A sweep into a store: it can be stopped anywhere and goes on; it is the sweep in memory."""

import json
import shutil
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr
from torch import nn

import explorer
from explorer import Grid, Objective, Plane
from explorer.errors import StoreError
from explorer.quantities import read_quantities
from explorer.store import Store
from explorer.sweeps.job import read_job
from explorer.sweeps.resume import planes_of, saved_at_once
from tests.support.cases import neuron
from tests.support.kinds import KINDS, mse
from tests.support.planes import random_plane
from tests.support.small_network import GRID, X, Y, network, share_below
from tests.support.store_cases import flip

sweep = partial(explorer.sweep, quantities=("loss", "gradient"), report=False)
FINER = Grid({"alpha": (-0.5, 1.0, 5), "beta": (-0.2, 0.4, 3)})
QUANTITIES = ("loss", "gradient", "gradient_norm", "curvature")


def objective():
    return Objective(network(), mse, (X, Y), metrics={"close": share_below}, test_data=(2 * X, Y))


def numbers(landscape):
    return landscape.drop_attrs()


def test_a_stored_landscape_is_the_one_in_memory(tmp_path):
    case = objective()
    plane = random_plane(case)
    expected = sweep(case, plane, GRID, quantities=QUANTITIES)
    found = sweep(case, plane, GRID, quantities=QUANTITIES, store=tmp_path / "x.zarr", chunk_size=5)
    # Chunks of other points round sums over 6 samples in another order: some eps of values up to 100.
    xr.testing.assert_allclose(numbers(found), numbers(expected), rtol=1e-12, atol=1e-12)
    assert list(found["loss"].dims) == ["alpha", "beta"]
    for name in ("labels", "extents", "points", "basis", "data", "model", "theta_sha256", "loss_name", "dtype"):
        assert found.attrs[name] == expected.attrs[name]
    xr.testing.assert_identical(explorer.open_landscape(tmp_path / "x.zarr"), found)


class StoppedError(Exception):
    pass


def stop_after(monkeypatch, chunks):
    """Stop when so many chunks are appended; return the flat positions of each."""
    original, seen = Store.append, []

    def append(self, positions, *given):
        if len(seen) == chunks:
            raise StoppedError
        seen.append(positions.tolist())
        return original(self, positions, *given)

    monkeypatch.setattr(Store, "append", append)
    return seen


def test_a_stopped_sweep_goes_on_and_evaluates_nothing_twice(tmp_path, monkeypatch):
    case = objective()
    plane = random_plane(case)
    first = stop_after(monkeypatch, 2)
    with pytest.raises(StoppedError):
        sweep(case, plane, GRID, store=tmp_path / "x.zarr", chunk_size=3)
    partial_view = explorer.open_landscape(tmp_path / "x.zarr")
    assert int((partial_view["status"] == 1).sum()) == 6
    assert np.isnan(partial_view["loss"].values[partial_view["status"].values == 0]).all()
    monkeypatch.undo()
    second = stop_after(monkeypatch, 99)
    found = sweep(case, plane, GRID, store=tmp_path / "x.zarr", chunk_size=3)
    assert sorted(position for chunk in first + second for position in chunk) == list(range(12))
    xr.testing.assert_allclose(numbers(found), numbers(sweep(case, plane, GRID, chunk_size=3)), rtol=1e-12, atol=1e-12)


def test_a_finished_sweep_returns_at_once(tmp_path, monkeypatch):
    case = objective()
    plane = random_plane(case)
    first = sweep(case, plane, GRID, store=tmp_path / "x.zarr")
    monkeypatch.setattr("explorer.sweeps.run.plan", None)
    xr.testing.assert_identical(sweep(case, plane, GRID, store=tmp_path / "x.zarr"), first)


def test_the_first_points_are_the_coarse_ones(tmp_path, monkeypatch):
    case = objective()
    grid = Grid.square(points=9)
    stop_after(monkeypatch, 1)
    with pytest.raises(StoppedError):
        sweep(case, random_plane(case), grid, store=tmp_path / "x.zarr", chunk_size=9)
    status = explorer.open_landscape(tmp_path / "x.zarr")["status"].values
    assert (status[::4, ::4] == 1).all()
    assert status.sum() == 9


OTHERS = {
    "theta": lambda case, plane: (Objective(shifted(), mse, (X, Y)), plane, GRID, ("loss",), "theta_sha256"),
    "data": lambda case, plane: (Objective(network(), mse, (2 * X, Y)), plane, GRID, ("loss",), "data_sha256"),
    "loss": lambda case, plane: (Objective(network(), nn.L1Loss(), (X, Y)), plane, GRID, ("loss",), "loss"),
    "plane": lambda case, plane: (case, random_plane(case, 1), GRID, ("loss",), "planes_sha256"),
    "grid": lambda case, plane: (case, plane, Grid({"alpha": (0, 1, 4), "beta": (0, 1, 3)}), ("loss",), "extents"),
    "points": lambda case, plane: (
        case,
        plane,
        Grid({"alpha": (-0.5, 1, 5), "beta": (-0.2, 0.4, 3)}),
        ("loss",),
        "points",
    ),
    "quantities": lambda case, plane: (case, plane, GRID, ("loss", "gradient"), "quantities"),
}


def shifted():
    model = network()
    with torch.no_grad():
        model[0].bias.add_(1e-3)
    return model


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_sweep_on_the_same_store_is_refused_by_name(other, tmp_path):
    case = Objective(network(), mse, (X, Y))
    plane = random_plane(case)
    before = sweep(case, plane, GRID, quantities=("loss",), store=tmp_path / "x.zarr")
    changed, plane, grid, quantities, field = other(case, plane)
    with pytest.raises(StoreError, match=field):
        sweep(changed, plane, grid, quantities=quantities, store=tmp_path / "x.zarr")
    xr.testing.assert_identical(explorer.open_landscape(tmp_path / "x.zarr"), before)


def test_another_dtype_is_refused(tmp_path):
    case = Objective(network(), mse, (X, Y))
    sweep(case, random_plane(case), GRID, store=tmp_path / "x.zarr")
    with pytest.raises(StoreError, match="dtype"):
        sweep(case, random_plane(case), GRID, store=tmp_path / "x.zarr", dtype=torch.float32)


def test_several_seeds_are_one_landscape(tmp_path):
    case = objective()
    planes = [explorer.directions.gaussian(case, seed=seed) for seed in (3, 1, 4)]
    found = sweep(case, planes, GRID, store=tmp_path / "x.zarr", chunk_size=5)
    in_memory = sweep(case, planes, GRID, chunk_size=5)
    assert found["loss"].dims == in_memory["loss"].dims == ("seed", "alpha", "beta")
    assert found["seed"].values.tolist() == in_memory["seed"].values.tolist() == [3, 1, 4]
    for plane, seed in zip(planes, (3, 1, 4), strict=True):
        alone = sweep(case, plane, GRID)
        for each in (found, in_memory):
            np.testing.assert_allclose(each["gradient"].sel(seed=seed), alone["gradient"], rtol=1e-12, atol=1e-12)
    assert [plane["made"]["seed"] for plane in json.loads(found.attrs["planes"])] == [3, 1, 4]


def test_planes_come_back_from_a_store_as_they_were(tmp_path):
    case = objective()
    planes = [explorer.directions.gaussian(case, seed=seed) for seed in (3, 1)]
    sweep(case, planes, GRID, store=tmp_path / "two.zarr")
    sweep(case, planes[0], GRID, store=tmp_path / "one.zarr")
    for path, expected in (("two.zarr", planes), ("one.zarr", planes[:1])):
        found = planes_of(tmp_path / path)
        assert [plane.describe() for plane in found] == [plane.describe() for plane in expected]


def test_checkpoints_are_projected_with_their_distance_and_both_losses(tmp_path):
    case = neuron().objective
    plane = Plane(torch.zeros(2, dtype=torch.float64), torch.tensor([[2.0, 0.0]], dtype=torch.float64))
    grid = Grid({"alpha": (-1, 1, 5)})
    theta = torch.tensor([1.0, 0.5], dtype=torch.float64)
    found = sweep(case, plane, grid, store=tmp_path / "x.zarr", checkpoints={"epoch 3": theta})
    (told,) = json.loads(found.attrs["checkpoints"])
    assert (told["name"], told["at"], told["offset"], told["path"]) == ("epoch 3", [0.5], 0.5, False)
    assert told["loss"] == float(case(theta))
    assert told["plane_loss"] == float(case(torch.tensor([1.0, 0.0], dtype=torch.float64)))


def test_nan_is_a_result_of_a_stored_sweep(tmp_path):
    case = Objective(network(), terms={"log": lambda model: model[2].bias.sum().log()})
    origin = torch.zeros(case.layout.size, dtype=torch.float64)
    basis = torch.zeros(1, case.layout.size, dtype=torch.float64)
    basis[0, -1] = 1.0
    plane = Plane(origin, basis)
    found = sweep(case, plane, Grid({"alpha": (-2, -1, 4)}), store=tmp_path / "x.zarr")
    assert np.isnan(found["loss"]).all()
    assert (found["status"] == 1).all()
    assert json.loads(found.attrs["nonfinite"])["loss"] == 4


def touchy(theta):
    """Fails where theta sums to one of some numbers, until it is mended."""
    if touchy.broken and any(abs(float(theta.sum()) - bad) < 1e-9 for bad in touchy.bad):
        raise ArithmeticError("out of its depth")
    return theta.sum()


@pytest.mark.parametrize("chunk", [1, 12])
def test_a_corner_that_fails_is_marked_and_tried_again(tmp_path, chunk):
    case = objective()
    plane = random_plane(case)
    sums = plane.at(torch.from_numpy(GRID.coords)).sum(1)
    # The very first point of the visit, and one more.
    touchy.broken, touchy.bad = True, sums.tolist()[::7]
    with pytest.warns(RuntimeWarning, match="2 of 12 points could not be evaluated .ArithmeticError: out of its depth"):
        found = sweep(case, plane, GRID, quantities=("loss", touchy), store=tmp_path / "x.zarr", chunk_size=chunk)
    failed = found["status"].values == 3
    assert np.flatnonzero(failed).tolist() == [0, 7]
    assert np.isnan(found["touchy"].values[failed]).all()
    assert (found["status"].values[~failed] == 1).all()
    assert np.isfinite(found["touchy"].values[~failed]).all()
    # What a failed point holds is no result that is not finite.
    assert set(json.loads(found.attrs["nonfinite"]).values()) == {0}
    xr.testing.assert_identical(explorer.open_landscape(tmp_path / "x.zarr"), found)
    touchy.broken = False
    mended = sweep(case, plane, GRID, quantities=("loss", touchy), store=tmp_path / "x.zarr", chunk_size=chunk)
    assert (mended["status"] == 1).all()
    np.testing.assert_allclose(mended["touchy"].values.reshape(-1), sums, rtol=1e-12)


def test_pieces_of_a_large_chunk_are_lost_around_a_point_that_fails(tmp_path):
    case = objective()
    plane = random_plane(case)
    grid = Grid.square(points=17)
    bad = plane.at(torch.from_numpy(grid.coords)).sum(1)[5]
    touchy.broken, touchy.bad = True, [float(bad)]
    with pytest.warns(RuntimeWarning, match="of 289 points could not be evaluated"):
        found = sweep(case, plane, grid, quantities=("loss", touchy), store=tmp_path / "x.zarr", chunk_size=289)
    # 289 // 64 = 4 points are not cut further.
    assert 1 <= int((found["status"] == 3).sum()) <= 4
    assert int(found["status"].values.reshape(-1)[5]) == 3


def test_a_corner_where_the_plan_looks_does_not_end_a_sweep(tmp_path):
    case = objective()
    plane = random_plane(case)
    touchy.broken, touchy.bad = True, [float(case.theta.sum())]
    # The center is no point of this grid, and all of its own can be measured.
    assert (sweep(case, plane, GRID, quantities=("loss", touchy), store=tmp_path / "x.zarr")["status"] == 1).all()


def hopeless(theta):
    """Raises everywhere, each time something else."""
    hopeless.times += 1
    raise ArithmeticError(f"out of its depth for the {hopeless.times}th time")


def test_what_fails_everywhere_is_told_as_it_is(tmp_path):
    case = objective()
    hopeless.times = 0
    with pytest.raises(ArithmeticError, match="for the 1th time"):
        sweep(case, random_plane(case), GRID, quantities=("loss", hopeless), store=tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_where_every_point_fails_the_first_error_is_told_and_nothing_is_taken_for_a_result(tmp_path):
    case = objective()
    plane = random_plane(case)
    # The points that the plan tries are not among them.
    touchy.broken, touchy.bad = True, plane.at(torch.from_numpy(GRID.coords)).sum(1).tolist()
    with pytest.raises(ArithmeticError, match="out of its depth"):
        sweep(case, plane, GRID, quantities=("loss", touchy), store=tmp_path / "x.zarr", chunk_size=4)
    found = explorer.open_landscape(tmp_path / "x.zarr")
    assert (found["status"] == 3).all()
    assert np.isnan(found["loss"]).all()
    assert "report" not in found.attrs
    touchy.broken = False
    assert (sweep(case, plane, GRID, quantities=("loss", touchy), store=tmp_path / "x.zarr")["status"] == 1).all()


@pytest.mark.parametrize("harm", [flip, Path.unlink])
@pytest.mark.parametrize("name", ["loss/c.3", "gradient/c.0.0"])
def test_damaged_chunks_of_a_finished_store_are_computed_again(tmp_path, monkeypatch, harm, name):
    case = objective()
    plane = random_plane(case)
    before = stop_after(monkeypatch, 99)
    first = sweep(case, plane, GRID, store=tmp_path / "x.zarr", chunk_size=3)
    harm(tmp_path / "x.zarr" / name)
    seen = stop_after(monkeypatch, 99)
    with pytest.warns(RuntimeWarning, match="1 chunk is damaged in .*; its points are computed again"):
        again = sweep(case, plane, GRID, store=tmp_path / "x.zarr", chunk_size=3)
    assert [sorted(chunk) for chunk in seen] == [sorted(before[int(name.split(".")[1])])]
    xr.testing.assert_allclose(numbers(again), numbers(first), rtol=1e-12, atol=1e-12)
    assert "damaged" not in again.attrs
    assert (first.attrs["runs"], again.attrs["runs"]) == (1, 2)


def test_a_store_that_is_all_damaged_is_computed_again(tmp_path):
    case = objective()
    plane = random_plane(case)
    first = sweep(case, plane, GRID, store=tmp_path / "x.zarr", chunk_size=3)
    for file in (tmp_path / "x.zarr" / "loss").glob("c.*"):
        flip(file)
    with pytest.warns(RuntimeWarning, match="4 chunks are damaged in .*; their points are computed again"):
        again = sweep(case, plane, GRID, store=tmp_path / "x.zarr")
    xr.testing.assert_allclose(numbers(again), numbers(first), rtol=1e-12, atol=1e-12)


def test_a_store_that_is_removed_meanwhile_is_not_called_safe(tmp_path, monkeypatch):
    case = objective()
    original = Store.append

    def append(self, *given):
        shutil.rmtree(self.path)
        return original(self, *given)

    monkeypatch.setattr(Store, "append", append)
    with pytest.raises(StoreError, match=r"the store is gone|removed meanwhile"):
        sweep(case, random_plane(case), GRID, store=tmp_path / "x.zarr")


def test_planes_of_different_origins_are_refused(tmp_path):
    case = objective()
    plane = random_plane(case)
    other = Plane(plane.origin + 1e-3, random_plane(case, 1).basis)
    for store in (None, tmp_path / "x.zarr"):
        with pytest.raises(ValueError, match=r"through one origin.*planes\[1\] differs.*sweep them one by one"):
            sweep(case, [plane, other], GRID, store=store)
    assert not (tmp_path / "x.zarr").exists()


def test_checkpoints_of_a_finished_sweep_are_projected_anew(tmp_path):
    case = objective()
    plane = random_plane(case)
    again = partial(sweep, case, plane, GRID, store=tmp_path / "x.zarr")

    def names(landscape):
        return [each["name"] for each in json.loads(landscape.attrs["checkpoints"])]

    again(checkpoints={"a": case.theta})
    assert names(again(checkpoints={"b": case.theta, "c": case.theta + 1})) == ["b", "c"]
    assert names(explorer.open_landscape(tmp_path / "x.zarr")) == ["b", "c"]
    assert names(again()) == ["b", "c"]
    assert names(again(checkpoints={})) == []


def test_a_layer_without_weights_is_in_the_spec(tmp_path):
    first, second = (Objective(layers(act), mse, (X, Y)) for act in (nn.ReLU(), nn.LeakyReLU(1e-4)))
    plane = random_plane(first)
    sweep(first, plane, GRID, store=tmp_path / "x.zarr")
    with pytest.raises(StoreError, match="structure_sha256"):
        sweep(second, plane, GRID, store=tmp_path / "x.zarr")


def layers(activation):
    model = network()
    model[1] = activation
    return model


def test_chunks_stay_within_what_a_store_takes():
    case = objective()
    grid = Grid.square(points=300)
    job = read_job(case, random_plane(case), grid, read_quantities(("loss", "curvature")), None, None)
    # Where a point takes a second it would be one at once; where it takes nearly nothing, all of them.
    assert saved_at_once(job, 1) == 2
    assert saved_at_once(job, 1 << 40) == job.points
    wide = read_job(
        case, random_plane(case), Grid.square(points=1500), read_quantities(("loss", "curvature")), None, None
    )
    assert saved_at_once(wide, 1 << 40) == (16 << 20) // (4 * 8)


def test_terms_whose_code_has_changed_are_refused(tmp_path):
    first, second = (
        Objective(network(), terms={"square": lambda model, power=power: model[2].weight.pow(power).sum()})
        for power in (2, 4)
    )
    plane = random_plane(first)
    sweep(first, plane, GRID, quantities=("loss", "terms"), store=tmp_path / "x.zarr")
    with pytest.raises(StoreError, match="Has the code of a term"):
        sweep(second, plane, GRID, quantities=("loss", "terms"), store=tmp_path / "x.zarr")


def test_checkpoints_of_a_term_that_calls_autograd_are_projected(tmp_path):
    kind = KINDS["physics-informed"]
    case = kind.objective(kind.made())
    found = sweep(case, random_plane(case), GRID, checkpoints={"own": case.theta})
    (told,) = json.loads(found.attrs["checkpoints"])
    assert told["loss"] == float(case(case.theta).detach())
    assert told["offset"] == 0.0
