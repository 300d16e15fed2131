"""A store that is full, made once."""

import shutil
from pathlib import Path

import pytest

from explorer.store import Store
from tests.support.store_cases import filled


@pytest.fixture(scope="session")
def full(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where one lies that nobody writes to."""
    return filled(tmp_path_factory.mktemp("full") / "x.zarr").path


@pytest.fixture
def whole(full: Path, tmp_path: Path) -> Store:
    """A copy of it, tmp_path/x.zarr, open for writing."""
    return Store.open(shutil.copytree(full, tmp_path / "x.zarr"), write=True)
