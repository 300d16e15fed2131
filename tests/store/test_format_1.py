"""Stores of format 1 open, export and verify as on the day they were written; to continue one is refused.

Each of tests/support/format_1 was written by the last version that wrote this format; beside it is the landscape which
that version read from it.
"""

import json
import os
import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import StoreError
from explorer.exports import export
from explorer.store import Store, open_landscape
from tests.support.store_cases import flip

KEPT = Path(__file__).parents[1] / "support" / "format_1"
NAMES = ("finished", "partly", "failed", "seeds", "tolerance", "tolerance_partly", "tolerance_failed")


def old(name: str, folder: Path) -> Path:
    """Unpack a store."""
    with tarfile.open(KEPT / f"{name}.tar.gz") as packed:
        packed.extractall(folder, filter="data")
    return folder / f"{name}.zarr"


@pytest.mark.parametrize("name", NAMES)
def test_what_was_read_from_it_is_read_from_it(tmp_path: Path, name: str) -> None:
    found = open_landscape(old(name, tmp_path))
    with np.load(KEPT / f"{name}.npz") as kept:
        attrs, dims = json.loads(str(kept["attrs"])), json.loads(str(kept["dims"]))
        assert {str(variable): list(found[variable].dims) for variable in found.variables} == dims
        for variable in dims:
            np.testing.assert_array_equal(found[variable].values, kept[variable], strict=True)
    assert set(found.attrs) == set(attrs)
    for key, value in attrs.items():
        same = key not in ("failed", "damaged")
        assert found.attrs[key] == value if same else json.loads(found.attrs[key]) == json.loads(value)


@pytest.mark.parametrize("name", NAMES)
def test_its_points_are_counted_and_its_checksums_hold(tmp_path: Path, name: str) -> None:
    store = Store.open(old(name, tmp_path))
    assert store.settled == int((store.landscape()["status"] != 0).sum())
    assert store.failures.keys() == {int(key) for key in json.loads(store.landscape().attrs.get("failed", "{}"))}
    assert store.verify() == []
    assert sum(len(chunk.positions) for chunk in store.news()) == store.settled
    assert store.tensor("basis").shape[-1] == store.tensor("origin").shape[-1] == 2


def test_to_continue_one_is_refused_with_the_cure(tmp_path: Path) -> None:
    path = old("partly", tmp_path)
    with pytest.raises(StoreError, match=r"format 1, which is only read: export it .*or sweep again into"):
        Store.open(path, write=True)
    with pytest.raises(StoreError, match="open for reading"):
        Store.open(path).set_attrs({"x": 1})


def test_one_is_exported(tmp_path: Path) -> None:
    found = open_landscape(old("failed", tmp_path))
    export(found, tmp_path / "x.csv")
    lines = (tmp_path / "x.csv").read_text().splitlines()
    assert len([line for line in lines if not line.startswith("#")]) == 1 + found["status"].size


def test_what_is_written_meanwhile_is_noticed(tmp_path: Path) -> None:
    path = old("tolerance_partly", tmp_path)
    store = Store.open(path)
    before = store.stamp()
    assert before == store.stamp()
    (path / "done" / "c.7.part").write_bytes(b"")
    assert store.stamp() != before


# Damage.


@pytest.mark.parametrize(("name", "file"), [("finished", "loss/c.2"), ("finished", "gradient/c.2.0"),
                                            ("tolerance_partly", "status/c.2")])  # fmt: skip
def test_a_damaged_chunk_is_told_and_left_out(tmp_path: Path, name: str, file: str) -> None:
    path = old(name, tmp_path)
    whole = open_landscape(path)["status"].values
    flip(path / file)
    assert Store.open(path).verify() == [2]
    found = open_landscape(path)
    assert json.loads(found.attrs["damaged"]) == [2]
    lost = (found["status"].values == 0) & (whole != 0)
    assert lost.any()
    assert np.isnan(found["loss"].values[lost]).all()
    np.testing.assert_array_equal(found["status"].values[~lost], whole[~lost])


def sparse(file: Path) -> None:
    os.truncate(file, 1 << 40)


def linked(file: Path) -> None:
    file.rename(file.parents[2] / "elsewhere")
    file.symlink_to(file.parents[2] / "elsewhere")


def foldered(file: Path) -> None:
    file.unlink()
    file.mkdir()


@pytest.mark.parametrize("harm", [sparse, linked, foldered, Path.unlink])
@pytest.mark.parametrize("file", ["loss/c.1", "gradient/c.1.0"])
def test_a_chunk_that_is_no_plain_file_of_its_size_is_damage(
    tmp_path: Path, harm: Callable[[Path], None], file: str
) -> None:
    path = old("partly", tmp_path)
    harm(path / file)
    assert json.loads(open_landscape(path).attrs["damaged"]) == Store.open(path).verify() == [1]


def test_damage_of_a_chunk_with_failures_loses_all_of_it(tmp_path: Path) -> None:
    path = old("failed", tmp_path)
    flip(path / "loss" / "c.1")
    found = open_landscape(path)
    assert "damaged" not in found.attrs
    assert int((found["status"] == 3).sum()) > 43


@pytest.mark.parametrize("file", ["index/c.0", "axis_0/c.0", "origin/c.0"])
def test_what_cannot_be_computed_again_is_said(tmp_path: Path, file: str) -> None:
    path = old("finished", tmp_path)
    flip(path / file)
    with pytest.raises(StoreError, match="cannot be computed again"):
        Store.open(path).verify()


def test_the_words_of_its_header_are_checked(tmp_path: Path) -> None:
    path = old("finished", tmp_path)
    text = (path / "zarr.json").read_text()
    (path / "zarr.json").write_text(text.replace('"model"', '"mode1"'))
    with pytest.raises(StoreError, match="spec and its SHA-256 to agree"):
        Store.open(path)


@pytest.mark.parametrize("holes", [[[0, -1]], [[2, 1]], [["a", 1]], [[1]], 3, [[0, 1e400]], None, {"a": 1}])
def test_holes_that_make_no_sense_are_all_of_a_chunk(tmp_path: Path, holes: object) -> None:
    path = old("failed", tmp_path)
    (path / "done" / "c.1.json").write_text(json.dumps({"reason": "why", "holes": holes}))
    chunk = next(chunk for chunk in Store.open(path).news() if chunk.number == 1)
    assert (chunk.status == 3).all()
    assert len(chunk.positions) == 30
    assert chunk.reason


@pytest.mark.parametrize("note", [b"", b"[]", b"{", b'{"reason": 7}', b"x" * 100_000, b"[" * 10_000])
def test_a_spoiled_reason_spoils_nothing_else(tmp_path: Path, note: bytes) -> None:
    path = old("failed", tmp_path)
    (path / "done" / "c.0.json").write_bytes(note)
    found = open_landscape(path)
    assert "0" in json.loads(found.attrs["failed"])
    assert int((found["status"] == 3).sum()) == 43


def test_names_among_its_flags_mean_nothing_unless_they_are_ours(tmp_path: Path) -> None:
    path = old("partly", tmp_path)
    before = Store.open(path).numbers
    for name in (
        "c.3x",
        "c.-3",
        "c.03",
        "c.٣",
        "c.99999999999999999999",
        "c.7",
        "3",
        "c.3.partial",
        "c.",
        "c.3.json.x",
    ):
        (path / "done" / name).write_bytes(b"")
    (path / "done" / "c.5").symlink_to("/etc/passwd")
    (path / "done" / "c.6").mkdir()
    assert Store.open(path).numbers == before == [0, 1, 2]
