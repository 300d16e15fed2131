"""Sweeps and basin maps by their one argument: what is measured on an executor is what is measured here."""

import os
from concurrent.futures import Executor, ProcessPoolExecutor, ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import xarray as xr

from explorer import Grid, basins, directions, open_landscape, sweep
from explorer.errors import WorkerError
from tests.support import cluster_cases as cases
from tests.support.cases import neuron
from tests.support.cluster_cases import slope, sourced

QUIET: dict[str, Any] = {"progress": False, "report": False}


def neuron_given() -> tuple[Any, ...]:
    objective = neuron().objective
    return objective, directions.axes(objective, "w", "b"), Grid({"w": (-4, 4, 31), "b": (-4, 4, 31)})


def slope_given(objective: Any, points: int = 9) -> tuple[Any, ...]:
    grid = Grid({"w": (0, points - 1, points), "b": (0, points - 1, points)})
    return objective, directions.axes(objective, "w", "b"), grid


def assert_same(found: xr.Dataset, expected: xr.Dataset) -> None:
    """Chunks of other sizes round sums of seven terms differently."""
    assert set(found.data_vars) == set(expected.data_vars)
    for name in expected.data_vars:
        np.testing.assert_allclose(found[name], expected[name], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("tolerance", [None, 0.01])
@pytest.mark.parametrize("stored", [False, True])
def test_a_sweep_on_processes_is_a_sweep(
    pool: ProcessPoolExecutor, tmp_path: Path, tolerance: float | None, stored: bool
) -> None:
    given = neuron_given()
    how = {"quantities": ("loss", "gradient"), "tolerance": tolerance, **QUIET}
    store = tmp_path / "x.zarr" if stored else None
    found = sweep(*given, store=store, executor=pool, **how)
    assert_same(found, sweep(*given, **how))
    if store is not None:
        assert_same(open_landscape(store), found)


def test_several_planes_on_processes(pool: ProcessPoolExecutor) -> None:
    objective = neuron().objective
    planes = [directions.gaussian(objective, seed=seed, normalize=None) for seed in (0, 1, 2)]
    grid = Grid.square(points=7)
    assert_same(sweep(objective, planes, grid, executor=pool, **QUIET), sweep(objective, planes, grid, **QUIET))


def test_a_basin_map_on_processes_is_a_basin_map(pool: ProcessPoolExecutor) -> None:
    objective, plane, _ = neuron_given()
    grid = Grid({"w": (-4, 4, 9), "b": (-4, 4, 9)})
    given: tuple[Any, ...] = (objective, plane, grid, "momentum", (0.1, 0.3), 100)
    found, expected = basins(*given, executor=pool, progress=False), basins(*given, progress=False)
    assert_same(found, expected)
    assert found.attrs["minima"] == expected.attrs["minima"]


def test_points_that_raise_on_a_worker_are_marked_and_in_a_store_tried_again(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    given = slope_given(slope(driver=os.getpid(), at=3))
    with pytest.warns(RuntimeWarning, match=r"9 of 81 points could not be evaluated .*a bad corner"):
        found = sweep(*given, store=tmp_path / "x.zarr", executor=pool, quantities=("loss",), **QUIET)
    np.testing.assert_array_equal(found["status"].sel(w=3), 3)
    assert int((found["status"] == 1).sum()) == 72
    # Here no point raises.
    assert (sweep(*given, store=tmp_path / "x.zarr", quantities=("loss",), **QUIET)["status"] == 1).all()
    with pytest.warns(RuntimeWarning, match=r"9 of 81 points could not be evaluated .*a bad corner"):
        found = sweep(*given, executor=pool, quantities=("loss",), **QUIET)
    np.testing.assert_array_equal(found["status"].sel(w=3), 3)


def test_workers_that_make_another_objective_end_a_sweep_into_a_store(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    start = tmp_path / "w"
    start.write_text("0.5")
    given = slope_given(sourced(start=str(start)))
    start.write_text("0.25")
    with pytest.raises(WorkerError, match="theta_sha256"):
        sweep(*given, store=tmp_path / "x.zarr", executor=pool, quantities=("loss",), **QUIET)
    start.write_text("0.5")
    found = sweep(*given, store=tmp_path / "x.zarr", executor=pool, quantities=("loss",), **QUIET)
    assert (found["status"] == 1).all()


def shut_down() -> Executor:
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    return executor


@pytest.mark.parametrize(("executor", "error"), [(shut_down(), ValueError), (4, TypeError), ("here", TypeError)])
def test_an_executor_that_does_not_fit_is_refused_before_anything_is_computed(
    tmp_path: Path, executor: Any, error: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    given = slope_given(slope())
    monkeypatch.setattr(cases.Slope, "forward", None)
    with pytest.raises(error, match="executor"):
        sweep(*given, store=tmp_path / "x.zarr", executor=executor, **QUIET)
    with pytest.raises(error, match="executor"):
        basins(*given, executor=executor, progress=False)
    assert not (tmp_path / "x.zarr").exists()
