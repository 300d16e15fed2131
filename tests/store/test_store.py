"""The store: what is appended comes back, from here or from another process, and nothing else does."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore

from explorer.errors import StoreError
from explorer.store import Store, open_landscape
from explorer.store.chunks import Chunk, Chunks
from tests.support.killed import writer
from tests.support.store_cases import filled, flip, small


def test_what_is_appended_comes_back_on_the_grid_bit_for_bit(full: Path) -> None:
    found = open_landscape(full)
    expected = writer.values(np.arange(writer.POINTS))
    assert found["loss"].dims == ("alpha", "beta")
    assert found["gradient"].dims == ("alpha", "beta", "direction")
    assert found["direction"].values.tolist() == ["alpha", "beta"]
    for name, values in expected.items():
        got = found[name].values
        assert got.dtype == values.dtype
        assert got.tobytes() == values.reshape(got.shape).tobytes()
    np.testing.assert_array_equal(found["alpha"], writer.ALPHA)
    assert (found["status"].values == 1).all()
    assert found["status"].dtype == np.int8
    assert found.attrs["done_points"] == found.attrs["total_points"] == writer.POINTS
    lost = int(np.isnan(expected["loss"]).sum())
    assert json.loads(found.attrs["nonfinite"]) == {"loss": lost, "gradient": 2 * lost, "steps": 0}


def test_extremes_come_back_bit_for_bit(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    odd = np.array([np.nan, np.inf, -np.inf, 5e-324])
    store.append(np.array([5, 0, 3, 1]), {"loss": odd})
    store.append(np.array([2, 4]), {"loss": np.array([-0.0, 1.7976931348623157e308])})
    got = store.landscape()["loss"].values.reshape(-1)[[5, 0, 3, 1, 2, 4]]
    assert got.tobytes() == np.concatenate([odd, [-0.0, 1.7976931348623157e308]]).tobytes()


def test_a_part_is_a_landscape_with_holes(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    store.append(np.array([2, 4]), {"loss": np.array([2.0, 4.0])})
    found = open_landscape(tmp_path / "x.zarr")
    np.testing.assert_array_equal(found["loss"].values.reshape(-1), [np.nan, np.nan, 2.0, np.nan, 4.0, np.nan])
    assert found["status"].values.reshape(-1).tolist() == [0, 0, 1, 0, 1, 0]
    assert found.attrs["done_points"] == store.settled == 2


def test_zarr_itself_reads_the_same(tmp_path: Path) -> None:
    filled(tmp_path / "x.zarr", 5)
    arrays = {path.name: zarr.open_array(LocalStore(path, read_only=True), mode="r", zarr_format=3)
              for path in (tmp_path / "x.zarr").iterdir() if path.is_dir()}  # fmt: skip
    assert {"index", "status", "loss", "gradient", "origin"} <= arrays.keys()
    rows = slice(0, 10 * writer.CHUNK)
    index = np.asarray(arrays["index"][rows])
    there = index >= 0
    assert index[there].tolist() == writer.ORDER[: 5 * writer.CHUNK].tolist()
    assert (np.asarray(arrays["status"][rows])[there] == 1).all()
    for name, values in writer.values(index[there]).items():
        np.testing.assert_array_equal(np.asarray(arrays[name][rows])[there], values)
    group = zarr.open_group(LocalStore(tmp_path / "x.zarr", read_only=True), mode="r", zarr_format=3)
    assert set(group.array_keys()) == arrays.keys()


def test_a_chunk_of_nan_counts_as_done(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    store.append(np.arange(4), {"loss": np.full(4, np.nan)})
    found = Store.open(tmp_path / "x.zarr").landscape()
    assert int((found["status"] == 1).sum()) == 4
    assert json.loads(found.attrs["nonfinite"]) == {"loss": 4}


def test_of_two_chunks_the_better_is_right_about_a_point(tmp_path: Path) -> None:
    """Evaluated over interpolated over failed, in whatever order they come; of equals the later."""
    expected = {(first, second): min(first, second) for first in (1, 2, 3) for second in (1, 2, 3)}
    for (first, second), best in expected.items():
        store = small(tmp_path / f"{first}{second}.zarr")
        for number, status in enumerate((first, second)):
            if status == 3:
                store.fail(np.array([0, 1]), f"{number}")
            else:
                store.append(np.array([0, 1]), {"loss": np.full(2, float(number))}, status)
        loss, status = (store.landscape()[name].values.reshape(-1) for name in ("loss", "status"))
        assert status.tolist() == [best, best, 0, 0, 0, 0]
        winner = 1 if second == best else 0
        np.testing.assert_array_equal(loss[:2], np.nan if best == 3 else winner)
        assert store.failures == ({winner: str(winner)} if best == 3 else {})


def test_a_chunk_may_mix_evaluated_and_interpolated(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    store.append(np.array([4, 1, 0]), {"loss": np.array([4.0, 1.0, 0.0])}, np.array([1, 2, 1]))
    found = Store.open(tmp_path / "x.zarr").landscape()
    assert found["status"].values.reshape(-1).tolist() == [1, 2, 0, 0, 1, 0]
    np.testing.assert_array_equal(found["loss"].values.reshape(-1), [0.0, 1.0, np.nan, np.nan, 4.0, np.nan])
    assert found.attrs["done_points"] == 3


def test_several_planes_are_a_first_dimension(tmp_path: Path) -> None:
    dims = {"seed": np.array([3, 7]), "alpha": np.array([0.0, 0.5, 1.0])}
    basis = np.random.default_rng(0).normal(size=(2, 1, 4))
    store = small(tmp_path / "x.zarr", dims=dims, tensors={"basis": basis})
    store.append(np.arange(4), {"loss": np.arange(4.0)})
    found = store.landscape()
    assert found["loss"].dims == ("seed", "alpha")
    assert found["seed"].values.tolist() == [3, 7]
    np.testing.assert_array_equal(found["loss"], [[0.0, 1.0, 2.0], [3.0, np.nan, np.nan]])
    np.testing.assert_array_equal(store.tensor("basis"), basis)


def test_tensors_beyond_a_chunk_come_back(tmp_path: Path) -> None:
    origin = np.random.default_rng(0).normal(size=(1 << 21) + 5)
    basis = np.stack([origin, -origin]).astype("float32")
    store = small(tmp_path / "x.zarr", tensors={"origin": origin, "basis": basis})
    np.testing.assert_array_equal(store.tensor("origin"), origin)
    np.testing.assert_array_equal(store.tensor("basis"), basis)
    sizes = [file.stat().st_size for file in (tmp_path / "x.zarr").rglob("c.*")]
    assert max(sizes) <= (16 << 20) + 4
    with pytest.raises(StoreError, match=r"among \['origin', 'basis'\].*'theta'"):
        store.tensor("theta")


def test_attributes_change_all_at_once_and_others_see_them(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr", attrs={"model": "net", "seconds": 0.5})
    reader = Store.open(tmp_path / "x.zarr")
    store.set_attrs({"seconds": 2, "report": '[{"name": "center"}]'})
    attrs = reader.landscape().attrs
    assert attrs["model"] == "net"
    assert attrs["seconds"] == 2
    assert json.loads(attrs["report"]) == [{"name": "center"}]
    assert attrs["spec_sha256"] == reader.attrs["spec_sha256"]
    for wrong in (float("nan"), None, [1], {"a": 1}):
        with pytest.raises(StoreError, match="text or a finite number as attribute 'x'"):
            store.set_attrs({"x": wrong})  # type: ignore[dict-item]
    with pytest.raises(StoreError, match="shorten"):
        store.set_attrs({"x": "x" * (5 << 20)})
    assert Store.open(tmp_path / "x.zarr").attrs["seconds"] == 2


def test_points_that_failed_say_why_and_can_be_computed_later(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    store.fail(np.array([4, 2]), "out of memory" + "!" * 9999)
    store.append(np.array([0, 1, 3, 5]), {"loss": np.zeros(4)})
    found = store.landscape()
    assert found["status"].values.reshape(-1).tolist() == [1, 1, 3, 1, 3, 1]
    assert (found.attrs["done_points"], store.settled) == (4, 6)
    assert json.loads(found.attrs["failed"])["0"].startswith("out of memory")
    assert len(store.failures[0]) == 2000
    assert store.verify() == []
    store.append(np.array([2]), {"loss": np.ones(1)})
    assert store.failures.keys() == {0}
    store.append(np.array([4]), {"loss": np.ones(1)})
    assert store.failures == {}
    assert "failed" not in store.landscape().attrs


def test_failures_of_more_points_than_a_chunk_holds_are_several(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    store.fail(np.arange(6), "why \ud800 ä" + "ö" * 2000)
    assert store.failures.keys() == {0, 1}
    assert store.failures[0].startswith("why ? ä")
    assert (store.landscape()["status"] == 3).all()


# News.


def test_news_are_the_chunks_of_others_once_each(tmp_path: Path) -> None:
    first, path = small(tmp_path / "x.zarr"), tmp_path / "x.zarr"
    first.append(np.array([5, 0]), {"loss": np.array([5.0, 0.5])}, np.array([1, 2]))
    assert list(first.news()) == []
    second = Store.open(path, write=True)
    (chunk,) = second.news()
    assert (chunk.number, chunk.positions.tolist(), chunk.status.tolist()) == (0, [5, 0], [1, 2])
    assert chunk.fields["loss"].tolist() == [5.0, 0.5]
    assert chunk.reason is None
    assert list(second.news()) == []
    second.fail(np.array([3]), "why")
    second.append(np.array([1, 2]), {"loss": np.ones(2)})
    failed, done = first.news()
    assert (failed.number, failed.positions.tolist(), failed.status.tolist()) == (1, [3], [3])
    assert (failed.fields, failed.reason) == ({}, "why")
    assert done.positions.tolist() == [1, 2]
    assert list(first.news()) == list(second.news()) == []
    assert [chunk.number for chunk in Store.open(path).news()] == [0, 1, 2]


def test_news_pass_over_what_is_damaged(tmp_path: Path) -> None:
    filled(tmp_path / "x.zarr", 3)
    flip(tmp_path / "x.zarr" / "loss" / "c.1")
    assert [chunk.number for chunk in Store.open(tmp_path / "x.zarr").news()] == [0, 2]


def test_the_stamp_changes_with_what_is_there(tmp_path: Path) -> None:
    store = filled(tmp_path / "x.zarr", 3)
    reader = Store.open(tmp_path / "x.zarr")
    stamps = [reader.stamp()]
    store.set_attrs({"seconds": 1.0})
    assert reader.stamp() == stamps[0] == store.stamp()
    store.append(writer.piece(3), writer.values(writer.piece(3)))
    stamps.append(reader.stamp())
    flip(tmp_path / "x.zarr" / "loss" / "c.1")
    assert store.verify() == [1]
    stamps.append(reader.stamp())
    assert len(set(stamps)) == 3


def test_points_are_counted_by_what_has_come_since(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    store = filled(tmp_path / "x.zarr", 3)
    reader = Store.open(tmp_path / "x.zarr")
    assert reader.settled == 3 * writer.CHUNK
    original, read = Chunks.read, []

    def noted(self: Chunks, number: int, *, whole: bool = True) -> Chunk:
        read.append((number, whole))
        return original(self, number, whole=whole)

    monkeypatch.setattr(Chunks, "read", noted)
    store.append(writer.piece(3), writer.values(writer.piece(3)))
    assert reader.settled == 4 * writer.CHUNK
    assert read == [(3, False)]
    flip(tmp_path / "x.zarr" / "loss" / "c.1")
    store.verify()
    assert reader.settled == 3 * writer.CHUNK


# Numbers.


def test_no_two_writers_share_a_number(tmp_path: Path) -> None:
    stores = [small(tmp_path / "x.zarr"), *(Store.open(tmp_path / "x.zarr", write=True) for _ in range(3))]
    numbers = []

    def append(store: Store) -> None:
        for position in range(6):
            numbers.append(store.append(np.array([position]), {"loss": np.array([float(position)])}))

    threads = [threading.Thread(target=append, args=[store]) for store in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(numbers) == list(range(24))
    np.testing.assert_array_equal(stores[0].landscape()["loss"].values.reshape(-1), np.arange(6.0))


def test_a_killed_writers_number_is_lost_and_nothing_else(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    (tmp_path / "x.zarr" / "index" / "c.0.claim").write_bytes(b"")
    (tmp_path / "x.zarr" / "loss" / "c.0").write_bytes(b"half")
    assert store.append(np.array([0]), {"loss": np.ones(1)}) == 1
    assert Store.open(tmp_path / "x.zarr", write=True).append(np.array([1]), {"loss": np.ones(1)}) == 2
    assert store.verify() == []
    assert store.settled == 2


def test_a_store_without_numbers_left_says_so(tmp_path: Path) -> None:
    store = small(tmp_path / "x.zarr")
    last = json.loads((tmp_path / "x.zarr" / "zarr.json").read_text())["attributes"]["anatomy"]["capacity"] - 1
    (tmp_path / "x.zarr" / "index" / f"c.{last - 1}.claim").write_bytes(b"")
    assert store.append(np.array([0]), {"loss": np.ones(1)}) == last
    with pytest.raises(StoreError, match=r"room for another chunk.*export it, and sweep into another place"):
        store.append(np.array([1]), {"loss": np.ones(1)})
    assert store.settled == 1


# Refusals.


WRONG: list[tuple[Any, Any, Any, str]] = [
    ([0, 1], {"loss": np.zeros(3)}, 1, r"fields of shapes \{'loss': \(2,\)\}"),
    ([0, 1], {}, 1, r"fields of shapes \{'loss': \(2,\)\}"),
    ([0, 1], {"loss": np.zeros(2), "more": np.zeros(2)}, 1, r"fields of shapes \{'loss': \(2,\)\}"),
    ([0, 6], {"loss": np.zeros(2)}, 1, "positions from 0 to 5"),
    ([-1, 0], {"loss": np.zeros(2)}, 1, "positions from 0 to 5"),
    ([0.0, 1.0], {"loss": np.zeros(2)}, 1, "positions from 0 to 5"),
    ([[0, 1]], {"loss": np.zeros(2)}, 1, "positions from 0 to 5"),
    ([], {"loss": np.zeros(0)}, 1, "one or more flat positions"),
    ([0, 1, 2, 3, 4], {"loss": np.zeros(5)}, 1, "at most 4 points"),
    ([0, 1], {"loss": np.zeros(2)}, 3, "evaluated or interpolated"),
    ([0, 1], {"loss": np.zeros(2)}, [1, 0], "evaluated or interpolated"),
    ([0, 1], {"loss": np.zeros(2)}, [1, 2, 1], "broadcast"),
]


@pytest.mark.parametrize(("positions", "fields", "status", "said"), WRONG)
def test_what_does_not_fit_is_not_appended(tmp_path: Path, positions: Any, fields: Any, status: Any, said: str) -> None:
    store = small(tmp_path / "x.zarr")
    with pytest.raises(ValueError, match=said):
        store.append(np.array(positions), fields, status)
    assert store.numbers == []
    assert not list((tmp_path / "x.zarr").rglob("*.claim"))
    assert not list((tmp_path / "x.zarr" / "loss").glob("c.*"))


def test_a_reader_cannot_write(tmp_path: Path) -> None:
    small(tmp_path / "x.zarr")
    reader, at = Store.open(tmp_path / "x.zarr"), np.array([0])
    for act in (
        lambda: reader.append(at, {"loss": np.zeros(1)}), lambda: reader.fail(at, ""), lambda: reader.set_attrs({})
    ):  # fmt: skip
        with pytest.raises(StoreError, match="open for reading: use write=True"):
            act()


def test_a_store_that_is_gone_or_replaced_is_said(tmp_path: Path) -> None:
    store, path = small(tmp_path / "x.zarr"), tmp_path / "x.zarr"
    assert store.append(np.array([0]), {"loss": np.zeros(1)}) == 0
    path.rename(tmp_path / "moved.zarr")
    with pytest.raises(StoreError, match=r"1 points of .*run the same words again"):
        store.append(np.array([0]), {"loss": np.zeros(1)})
    with pytest.raises(StoreError, match="is gone"):
        _ = store.numbers
    small(path, spec={"seed": 1})
    with pytest.raises(StoreError, match="another now: open it again"):
        store.landscape()
