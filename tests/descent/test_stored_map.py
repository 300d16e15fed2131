"""A basin map in a store: it can be stopped anywhere and goes on; it is the map in memory."""

import tarfile
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
import xarray as xr

import explorer
from explorer import Grid, StoreError, figures
from explorer.store import Store
from tests.support.cases import neuron

GRID = Grid({"w": (-2.0, 2.0, 11), "b": (-1.0, 1.0, 7)})


@pytest.fixture(scope="module")
def made():
    objective = neuron().objective
    plane = explorer.directions.axes(objective, "w", "b")
    return partial(explorer.basins, objective, plane, GRID, "gd", 0.3, 60, progress=False, chunk_size=10)


@pytest.fixture(scope="module")
def expected(made):
    return made()


def assert_same(found, expected):
    # The same starts in the same chunks: nothing is rounded otherwise. Dimensions and types are the same, too.
    xr.testing.assert_allclose(found.drop_attrs(), expected.drop_attrs(), rtol=1e-12, atol=1e-12)
    assert {name: field.dtype for name, field in found.items()} == {
        name: field.dtype for name, field in expected.items()
    }
    for name in ("minima", "optimizer", "steps", "lr", "kind", "nonfinite", "chunk_size"):
        assert found.attrs[name] == expected.attrs[name]


def test_a_map_in_a_store_is_the_one_in_memory(made, expected, tmp_path):
    found = made(store=tmp_path / "x.zarr")
    assert_same(found, expected)
    opened = explorer.open_landscape(tmp_path / "x.zarr")
    np.testing.assert_array_equal(opened["minimum"], expected["minimum"])
    assert opened["end"].dims == ("w", "b", "parameter")
    assert figures.basin(opened).data[0].type == "heatmap"
    assert Store.open(tmp_path / "x.zarr").verify() == []


def test_a_stopped_map_goes_on_and_walks_nothing_twice(made, expected, tmp_path):
    asked = iter(range(10**6))
    # Each chunk takes 61 evaluations: stopped in the third.
    partly = made(store=tmp_path / "x.zarr", stop=lambda: next(asked) > 130)
    done = int((partly["status"] == 1).sum())
    assert 0 < done < GRID.size
    assert (partly["minimum"] == -1).all()
    assert (partly["steps_to_tolerance"].values[partly["status"].values == 0] == -1).all()
    steps = iter(range(10**6))
    found = made(store=tmp_path / "x.zarr", stop=lambda: next(steps) < 0)
    # A sign of life after each evaluation and one after each chunk, of those that were left.
    assert next(steps) == 62 * -(-(GRID.size - done) // 10)
    assert_same(found, expected)


def test_a_finished_map_returns_at_once(made, expected, tmp_path, monkeypatch):
    first = made(store=tmp_path / "x.zarr")
    monkeypatch.setattr("explorer.descent.basin_map.engine.fill", None)
    xr.testing.assert_identical(made(store=tmp_path / "x.zarr"), first)


def test_other_words_are_refused_by_name(made, tmp_path):
    made(store=tmp_path / "x.zarr")
    before = explorer.open_landscape(tmp_path / "x.zarr")
    for changed, name in (({"steps": 61}, "steps"), ({"lr": 0.2}, "lr"), ({"tolerance": 1e-6}, "tolerance")):
        words = {"optimizer": "gd", "lr": 0.3, "steps": 60, **changed}
        again = partial(explorer.basins, *made.args[:3], progress=False, store=tmp_path / "x.zarr")
        with pytest.raises(StoreError, match=name):
            again(**words)
    with pytest.raises(StoreError, match="minima"):
        made(store=tmp_path / "x.zarr", minima=[torch.zeros(2, dtype=torch.float64)])
    xr.testing.assert_identical(explorer.open_landscape(tmp_path / "x.zarr"), before)


def test_where_minima_are_given_no_ends_are_kept(made, tmp_path):
    minima = [torch.tensor([0.5, 0.1], dtype=torch.float64)]
    found = made(store=tmp_path / "x.zarr", minima=minima)
    assert_same(found, made(minima=minima))
    assert "end" not in explorer.open_landscape(tmp_path / "x.zarr")


def test_ends_that_are_too_large_are_refused_before_anything_is_made(made, tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.descent.basin_map.stored_map._MOST_ENDS", 100)
    with pytest.raises(ValueError, match=r"give minima=\.\.\., or leave store out"):
        made(store=tmp_path / "x.zarr")
    assert not (tmp_path / "x.zarr").exists()


def test_an_executor_fills_a_store(made, expected, tmp_path):
    with ThreadPoolExecutor(2) as executor:
        assert_same(made(store=tmp_path / "x.zarr", executor=executor), expected)


def test_a_store_of_the_old_format_is_refused_before_anything_is_walked(tmp_path, monkeypatch):
    with tarfile.open(Path(__file__).parents[1] / "support" / "format_1" / "finished.tar.gz") as packed:
        packed.extractall(tmp_path, filter="data")

    def walked(*_):
        raise AssertionError("nothing is to be walked")

    monkeypatch.setattr("explorer.descent.basin_map.stored_map._refuse_large_ends", walked)
    objective = neuron().objective
    plane, grid = explorer.directions.axes(objective, "w", "b"), Grid({"w": (-1, 1, 3), "b": (-1, 1, 3)})
    with pytest.raises(StoreError, match="format"):
        explorer.basins(objective, plane, grid, steps=3, store=tmp_path / "finished.zarr", progress=False)
