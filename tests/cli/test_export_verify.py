"""export and verify of stores that no sweep of today writes: of the format before, and damaged ones."""

import tarfile
from pathlib import Path

import numpy as np
import xarray as xr
from click.testing import CliRunner, Result

from explorer.cli import main
from explorer.store import open_landscape
from tests.support.killed import writer
from tests.support.store_cases import filled, flip, small

KEPT = Path(__file__).parents[1] / "support" / "format_1"


def run(*words: object) -> Result:
    return CliRunner().invoke(main, [str(word) for word in words])


def old(name: str, folder: Path) -> Path:
    """Unpack a store of format 1."""
    with tarfile.open(KEPT / f"{name}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return folder / f"{name}.zarr"


def test_verify_takes_out_what_is_damaged(tmp_path: Path) -> None:
    path = filled(tmp_path / "x.zarr", 4).path
    left = writer.POINTS - 4 * writer.CHUNK
    said = run("verify", path)
    assert (said.exit_code, said.output) == (
        0, f"{path}: 4 chunks are sound; {left} of {writer.POINTS} points are not computed\n")  # fmt: skip
    flip(path / "loss" / "c.2")
    said = run("verify", path)
    assert said.exit_code == 1
    assert f"1 of 4 chunks of {path} are damaged (2) and taken out: run the sweep's own words again" in said.output
    assert run("verify", path).output.startswith(f"{path}: 3 chunks are sound; {left + writer.CHUNK} of")


def test_a_whole_store_is_sound_and_nothing_else(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    store.append(np.arange(4), {"loss": np.zeros(4)})
    store.append(np.array([4, 5]), {"loss": np.zeros(2)})
    assert run("verify", store.path).output == f"{store.path}: 2 chunks are sound\n"


def test_a_store_of_format_1_is_exported_and_verified(tmp_path: Path) -> None:
    path = old("tolerance", tmp_path)
    assert run("verify", path).output == f"{path}: 1 chunk is sound\n"
    assert run("export", path, tmp_path / "x.nc").exit_code == 0
    kept, found = xr.load_dataset(tmp_path / "x.nc"), open_landscape(path)
    for name in ("loss", "gradient", "status"):
        np.testing.assert_array_equal(kept[name], found[name])
    flip(path / "loss" / "c.0")
    said = run("verify", path)
    assert said.exit_code == 1
    assert "1 of 1 chunks of" in said.output
    assert "format 1 is not continued, so sweep again into another place" in said.output
