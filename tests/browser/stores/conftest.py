"""The page /slice, served on stores of its own."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import xarray as xr
from playwright.sync_api import BrowserContext

from experiments import STUDIES
from explorer.dashboard import create_app
from tests.browser.stores.screen import SliceScreen
from tests.support.page.served import served
from tests.support.slice_cases import bounded, make_store, make_training, network

EVIL = "<img src=x onerror=alert(1)>"


def holed(found: xr.Dataset) -> xr.Dataset:
    found = found.copy(deep=True)
    found["loss"][3:6, 2:5] = np.nan
    return found


@pytest.fixture(scope="session")
def stores(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores")
    make_store(root, "whole.zarr", points=(33, 25))
    make_store(root, "other.zarr", points=(21, 21), objective=network(seed=3))
    make_store(root, "half.zarr", points=(33, 25), share=0.4)
    make_store(root, "line.zarr", points=(41,), planes=4)
    make_store(root, "nan.zarr", points=(9, 9), objective=bounded(), attrs={"checkpoints": "[]"})
    make_store(root, "seeds.zarr", points=(17, 17), planes=3)
    make_store(root, "holes.zarr", points=(17, 17), change=holed, attrs={"model": EVIL, "source": "{}", "note": EVIL})
    make_training(root)
    return root


@pytest.fixture(scope="session")
def slices(stores: Path) -> Iterator[str]:
    with served(create_app(STUDIES, stores=stores, trusted=("tests",))) as where:
        yield where


@pytest.fixture(scope="session")
def shared(context: BrowserContext, slices: str) -> Iterator[SliceScreen]:
    """One page for all tests that can use one that is open."""
    page = context.new_page()
    yield SliceScreen(page, slices)
    page.close()
