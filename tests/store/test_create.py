"""Making: a store comes into being complete or not at all, where nothing is yet; several at once share it."""

import json
import threading
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import zarr
from zarr.storage import LocalStore

from explorer.errors import StoreError
from explorer.store import FieldSpec, Store
from tests.support.store_cases import small


def test_what_is_there_already_is_never_touched(tmp_path: Path) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter.txt").write_text("years of work")
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    small(tmp_path / "x.zarr").append(np.arange(4), {"loss": np.zeros(4)})
    for name in ("thesis", "file", "link"):
        with pytest.raises(StoreError, match=r"nothing is yet.*choose another"):
            small(tmp_path / name)
    with pytest.raises(StoreError, match=r"holds another sweep\. seed: the store has 0, asked for 1"):
        small(tmp_path / "x.zarr", spec={"seed": 1})
    assert (tmp_path / "thesis" / "chapter.txt").read_text() == "years of work"
    assert Store.open(tmp_path / "x.zarr").settled == 4
    assert sorted(found.name for found in tmp_path.iterdir()) == ["file", "link", "thesis", "x.zarr"]


def test_a_store_of_the_same_sweep_is_joined(tmp_path: Path) -> None:
    first = small(tmp_path / "x.zarr")
    first.append(np.arange(4), {"loss": np.zeros(4)})
    second = small(tmp_path / "x.zarr", chunk=3)
    assert (second.chunk_size, second.settled) == (4, 4)
    second.append(np.array([4, 5]), {"loss": np.zeros(2)})
    assert first.settled == 6


def test_all_who_make_one_store_at_once_share_it(tmp_path: Path) -> None:
    for attempt in range(5):
        path, together = tmp_path / f"{attempt}.zarr", threading.Barrier(8)
        made: list[Store] = []

        def make(path: Path = path, together: threading.Barrier = together, made: list[Store] = made) -> None:
            together.wait()
            made.append(small(path, attrs={"by": threading.get_ident()}))

        threads = [threading.Thread(target=make) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len({store.attrs["by"] for store in made}) == 1
        assert sorted(store.append(np.array([0]), {"loss": np.zeros(1)}) for store in made) == list(range(8))
    assert len(list(tmp_path.iterdir())) == 5


def test_an_empty_folder_becomes_the_store(tmp_path: Path) -> None:
    (tmp_path / "x.zarr").mkdir()
    small(tmp_path / "x.zarr").append(np.arange(4), {"loss": np.zeros(4)})
    assert Store.open(tmp_path / "x.zarr").settled == 4
    assert [found.name for found in tmp_path.iterdir()] == ["x.zarr"]


@pytest.mark.parametrize("name", [".", ".."])
def test_a_store_has_a_name_of_its_own(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.chdir(tmp_path)
    with pytest.raises(StoreError, match="a name of its own, such as"):
        small(Path(name))


def test_other_things_than_stores_are_refused_in_a_sentence(tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    zarr.create_group(LocalStore(tmp_path / "other"))
    small(tmp_path / "newer")
    header = json.loads((tmp_path / "newer" / "zarr.json").read_text())
    header["attributes"]["format_version"] = 7
    (tmp_path / "newer" / "zarr.json").write_text(json.dumps(header))
    for name, said in (("missing", "there is none at"), ("empty", "has none"), ("other", "of something else"),
                       ("newer", "format version 2; .* has 7: open it with the version")):  # fmt: skip
        with pytest.raises(StoreError, match=said):
            Store.open(tmp_path / name)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"fields": {"index": FieldSpec("float64")}}, "name other than"),
        ({"fields": {"Status": FieldSpec("int8")}}, "name other than"),
        ({"fields": {"../loss": FieldSpec("float64")}}, "can be a folder's"),
        ({"fields": {"w": FieldSpec("float64")}}, "no axis' label"),
        ({"fields": {"loss": FieldSpec("complex128")}}, "a type among float16"),
        ({"fields": {"loss": FieldSpec("float64"), "Loss": FieldSpec("float64")}}, "more than case"),
        ({"fields": {"a": FieldSpec("int8", {"d": ["x"]}), "b": FieldSpec("int8", {"d": ["y"]})}}, "the same labels"),
        ({"fields": {}}, "axes and fields"),
        ({"chunk": 0}, "at least 1 point"),
        ({"dims": {"w": np.arange(4096.0), "b": np.arange(2048.0)}}, "at most 4194304 points"),
    ],
)  # fmt: skip
def test_a_store_that_could_not_be_read_is_not_made(tmp_path: Path, changed: dict[str, Any], said: str) -> None:
    with pytest.raises(StoreError, match=said):
        small(tmp_path / "x.zarr", **changed)
    assert list(tmp_path.iterdir()) == []
