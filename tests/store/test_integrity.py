"""Damage: every one is found, told, and taken out; what cannot be computed again is said."""

import json
from pathlib import Path

import numpy as np
import pytest

from explorer.errors import StoreError
from explorer.store import Store
from tests.support.killed import writer
from tests.support.store_cases import empty, filled, flip, small, truncate, zero


def test_verify_finds_all_of_a_hundred_damages_and_takes_them_out(tmp_path: Path, whole: Store) -> None:
    store = whole
    names = [*store.fields, "status", "index"]
    damaged = np.random.default_rng(1).permutation(writer.PIECES)[:100].tolist()
    for number, chunk in enumerate(damaged):
        name = names[number % 5]
        file = f"c.{chunk}.0" if name == "gradient" else f"c.{chunk}"
        (truncate, zero, flip, empty)[number % 4](tmp_path / "x.zarr" / name / file)
    seen = store.landscape()
    losses = writer.values(np.arange(writer.POINTS))["loss"].reshape(seen["loss"].shape)
    bad = np.zeros(writer.POINTS, dtype=bool)
    for chunk in damaged:
        bad[writer.piece(chunk)] = True
    bad = bad.reshape(seen["loss"].shape)
    np.testing.assert_array_equal(seen["loss"], np.where(bad, np.nan, losses))
    np.testing.assert_array_equal(seen["status"] == 0, bad)
    assert json.loads(seen.attrs["damaged"]) == sorted(damaged)
    assert Store.open(tmp_path / "x.zarr").verify() == sorted(damaged)
    assert store.numbers == list(range(writer.PIECES)), "a reader's verify changes nothing"
    assert Store.open(tmp_path / "x.zarr", write=True).verify() == sorted(damaged)
    assert store.numbers == sorted({*range(writer.PIECES)} - {*damaged})
    assert not any((tmp_path / "x.zarr" / "loss" / f"c.{chunk}").exists() for chunk in damaged)
    for chunk in damaged:
        assert store.append(writer.piece(chunk), writer.values(writer.piece(chunk))) >= writer.PIECES
    assert store.verify() == []
    np.testing.assert_array_equal(store.landscape()["loss"], losses)


def test_a_missing_chunk_is_damage_not_emptiness(tmp_path: Path) -> None:
    store = filled(tmp_path / "x.zarr", 3)
    store.fail(writer.piece(3), "why")
    (tmp_path / "x.zarr" / "loss" / "c.1").unlink()
    (tmp_path / "x.zarr" / "reason" / "c.3.0").unlink()
    assert json.loads(store.landscape().attrs["damaged"]) == [1, 3]
    assert store.verify() == [1, 3]


def test_any_bit_of_the_header_is_noticed(tmp_path: Path) -> None:
    """A thirtieth of them: each is refused, or changes nothing of what is read."""
    attrs = {"labels": '["alpha", "beta"]', "model": "Net", "seconds": 0.25, "report": json.dumps([{"name": "center"}])}
    store, file = small(tmp_path / "x.zarr", attrs=attrs), tmp_path / "x.zarr" / "zarr.json"
    whole, refused = file.read_bytes(), 0
    for bit in range(0, 8 * len(whole), 29):
        raw = bytearray(whole)
        raw[bit // 8] ^= 1 << bit % 8
        file.write_bytes(raw)
        try:
            again = Store.open(tmp_path / "x.zarr")
        except StoreError:
            refused += 1
        else:
            assert (again.spec, again.attrs, again.fields) == (store.spec, store.attrs, store.fields)
    assert refused >= 0.99 * len(range(0, 8 * len(whole), 29))


def test_a_header_without_its_digest_is_damage(tmp_path: Path) -> None:
    small(tmp_path / "x.zarr")
    file = tmp_path / "x.zarr" / "zarr.json"
    document = json.loads(file.read_text())
    del document["attributes"]["sha256"]
    file.write_text(json.dumps(document))
    with pytest.raises(StoreError, match=r"to have their SHA-256; they have not: it is damaged, remove the store"):
        Store.open(tmp_path / "x.zarr")


@pytest.mark.parametrize("folder", ["origin", "axis_1"])
def test_damage_that_cannot_be_computed_again_is_said(tmp_path: Path, folder: str) -> None:
    small(tmp_path / "x.zarr")
    flip(tmp_path / "x.zarr" / folder / "c.0")
    with pytest.raises(StoreError, match=r"checksum.*cannot be computed again"):
        Store.open(tmp_path / "x.zarr").verify()
