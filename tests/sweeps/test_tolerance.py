"""A sweep with a tolerance: what is evaluated and what not, in memory, in a store, in reports, on the command line."""

import json
import time
from functools import partial

import numpy as np
import pytest
import torch
import xarray as xr
from click.testing import CliRunner
from torch import nn

import explorer
from explorer import Grid, Objective
from explorer.checklist import findings, report
from explorer.cli import main
from explorer.dashboard.stores.folder import Folder
from explorer.errors import StoreError
from explorer.exports import SUFFIXES, encode
from explorer.refinement import refined
from explorer.refinement.loss_scale import range_of
from explorer.store import Store, chunks
from explorer.sweeps import keep, run
from explorer.sweeps.evaluation.evaluation import Evaluation
from tests.support.cases import neuron
from tests.support.kinds import mse
from tests.support.planes import random_plane
from tests.support.small_network import X, Y, network, share_below
from tests.support.store_cases import flip
from tests.support.visits import driven

sweep = partial(explorer.sweep, quantities=("loss", "gradient"), report=False, progress=False)
GRID = Grid({"alpha": (-1.0, 1.0, 61), "beta": (-1.0, 1.0, 47)})
ATTRS = ("tolerance", "tolerance_miss", "tolerance_checked", "tolerance_scale", "evaluated_points")


@pytest.fixture(scope="module")
def case():
    objective = Objective(network(), mse, (X, Y), metrics={"close": share_below})
    return objective, random_plane(objective)


@pytest.fixture(scope="module")
def full(case):
    return sweep(*case, GRID)


@pytest.fixture(scope="module")
def found(case):
    return sweep(*case, GRID, tolerance=0.01)


@pytest.fixture
def asked(monkeypatch):
    """The positions that were measured, in order."""
    original, seen = Evaluation.at, []

    def at(self, positions):
        seen.extend(positions.tolist())
        return original(self, positions)

    monkeypatch.setattr(Evaluation, "at", at)
    return seen


def error_of(found, full):
    loss = full["loss"].values
    span = range_of(loss)
    finite = np.isfinite(loss)
    return float(span.share(span.scale.apart(found["loss"].values[finite], loss[finite])).max())


def numbers(landscape):
    return landscape.drop_attrs()


def assert_same(first, second):
    # Points evaluated in other company are summed in another order: some eps of values up to 100.
    xr.testing.assert_allclose(numbers(first), numbers(second), rtol=1e-12, atol=1e-12)
    for name in ATTRS:
        assert first.attrs[name] == pytest.approx(second.attrs[name], abs=1e-9)


def test_evaluated_points_are_those_of_a_full_sweep_and_others_are_within_the_tolerance(found, full):
    status = found["status"].values
    evaluated = status == 1
    assert set(np.unique(status)) == {1, 2}
    for name in ("loss", "gradient", "close"):
        np.testing.assert_allclose(found[name].values[evaluated], full[name].values[evaluated], rtol=1e-12, atol=1e-12)
    assert error_of(found, full) <= 0.01
    assert np.isnan(found["gradient"].values[~evaluated]).all()
    assert np.isnan(found["close"].values[~evaluated]).all()
    assert found["status"].dtype == full["status"].dtype
    assert {name: each.dtype for name, each in found.items()} == {name: each.dtype for name, each in full.items()}


def test_attributes_say_what_was_done(found, full):
    status = found["status"].values
    assert found.attrs["tolerance"] == 0.01
    assert 0 < found.attrs["tolerance_miss"] <= 0.01
    assert found.attrs["tolerance_checked"] == 32
    assert found.attrs["tolerance_scale"] == "log L"
    assert found.attrs["evaluated_points"] == np.count_nonzero(status == 1) < 0.3 * status.size
    assert set(json.loads(found.attrs["nonfinite"]).values()) == {0}
    assert [type(found.attrs[name]) for name in ATTRS] == [float, float, int, str, int]
    assert not set(ATTRS) & set(full.attrs)


@pytest.mark.parametrize("tolerance", [0, 1, -0.1, 2.0, float("nan"), float("inf")])
def test_what_is_no_tolerance_is_refused(case, tolerance, tmp_path):
    with pytest.raises(ValueError, match="tolerance above 0 and below 1"):
        sweep(*case, GRID, tolerance=tolerance, store=tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_a_tolerance_without_a_loss_or_with_three_axes_is_refused(case):
    with pytest.raises(ValueError, match='"loss" among the quantities'):
        sweep(*case, GRID, quantities=("gradient",), tolerance=0.01)
    cube = Grid(dict.fromkeys("abc", (-1.0, 1.0, 5)))
    with pytest.raises(ValueError, match="a line or a plane"):
        sweep(case[0], case[1], cube, tolerance=0.01)


class Rough(nn.Module):
    """1 and some hash of theta."""

    def __init__(self):
        super().__init__()
        self.theta = nn.Parameter(torch.zeros(2, dtype=torch.float64))

    def forward(self):
        mixed = torch.sin(self.theta @ torch.tensor([127.1, 311.7], dtype=torch.float64) + 1.0) * 43758.5453
        return 1 + mixed - mixed.floor()


def scalar(module, **given):
    objective = Objective(module, terms={"value": lambda model: model()}, **given)
    return objective, explorer.directions.axes(objective, "theta[0]", "theta[1]")


def test_a_rough_function_is_evaluated_everywhere_and_says_so():
    objective, plane = scalar(Rough())
    grid = Grid(dict.fromkeys(plane.labels, (-1.0, 1.0, 41)))
    wanted = ("loss", "gradient")
    rough = explorer.sweep(objective, plane, grid, quantities=wanted, tolerance=0.01, progress=False)
    xr.testing.assert_identical(numbers(rough), numbers(sweep(objective, plane, grid)))
    assert (rough.attrs["tolerance_miss"], rough.attrs["tolerance_checked"]) == (0.0, 0)
    assert rough.attrs["evaluated_points"] == 1681
    assert "All 1,681 points were evaluated, none interpolated" in " ".join(str(report(rough)).split())


def test_float32_stays_float32(case):
    single = sweep(*case, GRID, tolerance=0.01, dtype=torch.float32)
    assert single["loss"].dtype == np.float32
    assert error_of(single, sweep(*case, GRID, dtype=torch.float32)) <= 0.01


def test_several_planes_have_the_worst_error_and_the_sums(case):
    planes = [explorer.directions.gaussian(case[0], seed=seed) for seed in (3, 1)]
    both = sweep(case[0], planes, GRID, tolerance=0.01)
    alone = [sweep(case[0], plane, GRID, tolerance=0.01) for plane in planes]
    for number, each in enumerate(alone):
        np.testing.assert_array_equal(both["status"].values[number], each["status"].values)
        np.testing.assert_allclose(both["loss"].values[number], each["loss"].values, rtol=1e-12)
    for name, of in (("tolerance_miss", max), ("tolerance_checked", sum), ("evaluated_points", sum)):
        assert both.attrs[name] == pytest.approx(of(each.attrs[name] for each in alone), rel=1e-9)


def test_a_line_is_swept(case):
    line = explorer.directions.gaussian(case[0], count=1)
    grid = Grid({line.labels[0]: (-1.0, 1.0, 301)})
    assert error_of(sweep(case[0], line, grid, tolerance=0.01), sweep(case[0], line, grid)) <= 0.01


def test_a_stored_sweep_is_the_one_in_memory(case, found, tmp_path):
    saved = sweep(*case, GRID, tolerance=0.01, store=tmp_path / "x.zarr")
    assert_same(saved, found)
    xr.testing.assert_identical(explorer.open_landscape(tmp_path / "x.zarr"), saved)
    assert saved.attrs["done_points"] == saved.attrs["total_points"] == GRID.size
    assert json.loads(saved.attrs["nonfinite"]) == json.loads(found.attrs["nonfinite"])
    assert Store.open(tmp_path / "x.zarr").verify() == []


def test_a_finished_sweep_returns_at_once(case, monkeypatch, tmp_path):
    first = sweep(*case, GRID, tolerance=0.01, store=tmp_path / "x.zarr")
    monkeypatch.setattr(run, "plan", None)
    xr.testing.assert_identical(sweep(*case, GRID, tolerance=0.01, store=tmp_path / "x.zarr"), first)


def test_another_tolerance_is_refused_by_name(case, tmp_path):
    sweep(*case, GRID, tolerance=0.01, store=tmp_path / "x.zarr")
    for other, said in ((0.02, "tolerance: the store has 0.01, asked for 0.02"), (None, "asked for nothing")):
        with pytest.raises(StoreError, match=said):
            sweep(*case, GRID, tolerance=other, store=tmp_path / "x.zarr")
    sweep(*case, GRID, store=tmp_path / "y.zarr")
    assert "tolerance" not in Store.open(tmp_path / "y.zarr").spec
    with pytest.raises(StoreError, match=r"tolerance: the store has nothing, asked for 0\.01"):
        sweep(*case, GRID, tolerance=0.01, store=tmp_path / "y.zarr")


class StoppedError(Exception):
    pass


@pytest.fixture
def small_chunks(monkeypatch):
    """Many chunks, saved after every few points."""
    monkeypatch.setattr(keep, "_SAVED", 0.0)
    monkeypatch.setattr(run.Run, "lasting", 60)


def kill_after(monkeypatch, puts):
    """Stop in the middle of a writing: the fields are there, the index, which says so, is not."""
    original, seen = chunks.write_chunk, set()

    def write_chunk(array, number, layout, values):
        seen.add(number)
        if len(seen) > puts and layout.dtype == "int64":
            raise StoppedError
        original(array, number, layout, values)

    monkeypatch.setattr(chunks, "write_chunk", write_chunk)


@pytest.mark.parametrize("puts", [0, 1, 5, 11])
def test_a_killed_sweep_goes_on_evaluates_nothing_twice_and_ends_the_same(
    case, found, small_chunks, asked, monkeypatch, tmp_path, puts
):
    path = tmp_path / "x.zarr"
    with monkeypatch.context() as patch:
        kill_after(patch, puts)
        with pytest.raises(StoppedError):
            sweep(*case, GRID, tolerance=0.01, store=path)
    meanwhile = explorer.open_landscape(path)
    computed = np.flatnonzero(meanwhile["status"].values.reshape(-1) == 1)
    np.testing.assert_allclose(
        meanwhile["loss"].values.reshape(-1)[computed], found["loss"].values.reshape(-1)[computed], rtol=1e-12
    )
    assert np.isnan(meanwhile["loss"].values[meanwhile["status"].values == 0]).all()
    assert set(computed) <= set(asked)
    # What is lost is what was in flight: one piece, and what a kill within a writing leaves beside it.
    assert len(set(asked) - set(computed)) <= 60
    asked.clear()
    again = sweep(*case, GRID, tolerance=0.01, store=path)
    # But for the one finished point that is measured to see whether the numbers are the same.
    repeated = [position for position in asked if position in set(computed.tolist())]
    assert len(repeated) == (1 if len(computed) else 0)
    assert len(asked) - len(repeated) == len(set(asked) - set(repeated))
    assert_same(again, found)
    assert again.attrs["done_points"] == GRID.size


def test_a_running_sweep_is_not_finished_before_all_is_said(case, small_chunks, monkeypatch, tmp_path):
    path = tmp_path / "x.zarr"
    with monkeypatch.context() as patch:
        patch.setattr(run, "_outcome", lambda *given: {}[""])
        with pytest.raises(KeyError):
            sweep(*case, GRID, tolerance=0.01, store=path)
    # Every point has its loss, but nobody knows yet how good it is.
    assert explorer.open_landscape(path).attrs["done_points"] == GRID.size
    assert sweep(*case, GRID, tolerance=0.01, store=path).attrs["tolerance_checked"] == 32


@pytest.mark.parametrize("name", ["loss/c.1", "status/c.0", "gradient/c.2.0"])
def test_damaged_chunks_are_computed_again(case, found, small_chunks, asked, tmp_path, name):
    path = tmp_path / "x.zarr"
    first = sweep(*case, GRID, tolerance=0.01, store=path)
    flip(path / name)
    asked.clear()
    with pytest.warns(RuntimeWarning, match="1 chunk is damaged"):
        again = sweep(*case, GRID, tolerance=0.01, store=path)
    assert_same(again, first)
    # Those of the chunk, and the one that is measured to see whether the numbers are the same.
    assert 1 <= len(asked) <= 61
    assert "damaged" not in again.attrs


def test_a_half_written_store_verifies_and_its_damage_is_found(case, small_chunks, monkeypatch, tmp_path):
    path = tmp_path / "x.zarr"
    kill_after(monkeypatch, 5)
    with pytest.raises(StoppedError):
        sweep(*case, GRID, tolerance=0.01, store=path)
    store = Store.open(path, write=True)
    assert len(store.numbers) == 5
    assert store.verify() == []
    flip(path / "status" / "c.0")
    assert "damaged" in store.landscape().attrs
    assert store.verify() == [0]
    assert "damaged" not in store.landscape().attrs


def touchy(theta):
    if touchy.broken and theta[0] > touchy.above:
        raise ArithmeticError("out of its depth")
    return theta.sum()


def test_points_that_fail_are_holes_and_tried_again(tmp_path):
    objective = neuron().objective
    plane = explorer.directions.axes(objective, "w", "b")
    grid = Grid({"w": (-2.0, 2.0, 41), "b": (-2.0, 2.0, 41)})
    run = partial(sweep, objective, plane, grid, quantities=("loss", touchy), tolerance=0.02, store=tmp_path / "x.zarr")
    touchy.broken, touchy.above = True, 1.5
    with pytest.warns(RuntimeWarning, match="points could not be evaluated .ArithmeticError: out of its depth"):
        holed = run()
    failed = holed["w"].values > 1.5
    assert (holed["status"].values[failed] == 3).all()
    assert set(np.unique(holed["status"].values[~failed])) <= {1, 2, 3}
    assert np.isnan(holed["loss"].values[failed]).all()
    assert np.isfinite(holed["loss"].values[np.isin(holed["status"].values, (1, 2))]).all()
    assert "failed" in holed.attrs
    xr.testing.assert_identical(explorer.open_landscape(tmp_path / "x.zarr"), holed)
    touchy.broken = False
    mended = run()
    assert set(np.unique(mended["status"])) <= {1, 2}
    assert error_of(mended, sweep(objective, plane, grid)) <= 0.02


def test_the_report_counts_no_hole_where_nothing_was_asked(case):
    told = explorer.sweep(*case, GRID, tolerance=0.01, progress=False)
    findings = {each["name"]: each for each in json.loads(told.attrs["report"])}
    assert findings["finite"]["status"] == "ok"
    assert findings["center"]["status"] != "warn"
    # float64 against float32, at evaluated points: some of its eps of 1e-7 of the range.
    assert findings["precision"]["values"]["share"] < 1e-5
    evaluated = told.attrs["evaluated_points"]
    said = findings["interpolation"]["text"]
    assert findings["interpolation"]["status"] == "ok"
    assert said.startswith(f"{evaluated:,} of {GRID.size:,} points were evaluated, the rest interpolated; error at 32 ")
    assert said.endswith("of the range of log L (asked: 1 %).")


def test_an_error_beyond_what_was_asked_is_warned_of(case, found):
    worse = found.assign_attrs(tolerance_miss=0.02)
    (finding,) = (each for each in findings(*case, GRID, worse) if each["name"] == "interpolation")
    assert finding["status"] == "warn"
    assert "2 % of the range" in finding["text"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_every_export_takes_it(found, suffix):
    assert len(encode(found, suffix)) > GRID.size


def test_a_table_says_which_points_are_interpolated(found):
    rows = encode(found, ".csv").decode().splitlines()
    status = [line.split(",")[2] for line in rows[1:]]
    assert status.count("1") == found.attrs["evaluated_points"]
    assert status.count("2") == GRID.size - found.attrs["evaluated_points"]


FACTORY = """
import torch, explorer
def objective():
    torch.manual_seed(0)
    model = torch.nn.Sequential(torch.nn.Linear(2, 8), torch.nn.Tanh(), torch.nn.Linear(8, 1)).double()
    x = torch.rand(50, 2, dtype=torch.float64)
    return explorer.Objective(model, torch.nn.MSELoss(), (x, (x[:, :1] - x[:, 1:]) ** 2))
"""


def invoked(*words):
    return CliRunner().invoke(main, ["sweep", "made:objective", "--points", "61", *words])


def test_the_command_line_takes_a_tolerance(tmp_path, monkeypatch):
    (tmp_path / "made.py").write_text(FACTORY)
    monkeypatch.chdir(tmp_path)
    out = ("--tolerance", "0.02", "--out", "x.zarr")
    first = invoked(*out)
    assert first.exit_code == 0, first.output
    attrs = explorer.open_landscape("x.zarr").attrs
    assert attrs["tolerance"] == 0.02
    said = f"x.zarr is finished: {attrs['evaluated_points']:,} points evaluated, the rest interpolated, off by "
    assert said in first.output
    assert "of the range of log L or less at 32 checked points" in first.output
    assert "was finished already, all 3,721 points" in invoked(*out).output
    other = invoked("--tolerance", "0.01", "--out", "x.zarr")
    assert other.exit_code == 1
    assert "tolerance: the store has 0.02, asked for 0.01" in other.output
    assert "smooth" in invoked("--tolerance", "0.02", "--dry-run").output
    for words in ("0", "1", "nan", "few"):
        assert invoked("--tolerance", words, "--dry-run").exit_code == 2
    exported = CliRunner().invoke(main, ["export", "x.zarr", "x.csv"])
    assert "3,721 of 3,721 points" in exported.output


def test_a_fine_grid_costs_little_beside_its_points():
    # On an idle core about 40 ms for all that is not evaluation; ten times as much on a busy one.
    w, b = np.meshgrid(np.linspace(-2, 2, 201), np.linspace(-2, 2, 201), indexing="ij")
    surface = (np.cosh(w) + b**2).reshape(-1)
    began = time.perf_counter()
    driven(refined((201, 201), 1, 0.01), lambda positions: surface[positions])
    assert time.perf_counter() - began < 0.5


def test_the_page_sees_chunks_that_are_done_in_part(case, small_chunks, monkeypatch, tmp_path):
    path, folder = tmp_path / "x.zarr", Folder(tmp_path)
    seen = []
    for puts in (5, 9):
        with monkeypatch.context() as patch:
            kill_after(patch, puts)
            with pytest.raises(StoppedError):
                sweep(*case, GRID, tolerance=0.01, store=path)
        seen.append(folder.look("x.zarr"))
        assert seen[-1].points == explorer.open_landscape(path).attrs["done_points"] == seen[-1].pace()["done"]
    assert 0 < seen[0].points < seen[1].points < GRID.size
    assert seen[0].key != seen[1].key
    sweep(*case, GRID, tolerance=0.01, store=path)
    whole = folder.look("x.zarr")
    assert (whole.points, whole.share, whole.finished) == (GRID.size, 1.0, True)
