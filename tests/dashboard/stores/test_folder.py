"""The folder of stores: opened by name only, read again only when something was added, and never a crash."""

import json
import os
import shutil
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from explorer.dashboard.stores.cards.stores_table import listing, names_of
from explorer.dashboard.stores.folder import Folder
from explorer.errors import StoreError
from explorer.store.chunks import Chunk, Chunks
from tests.support.slice_cases import CHUNK, fill, make_store, network, oblique, text_of


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """root/stores/x.zarr is served; its neighbours and what links lead to are not."""
    root = tmp_path_factory.mktemp("root")
    make_store(root / "stores", "x.zarr", points=(9, 9))
    shutil.copytree(root / "stores" / "x.zarr", root / "secret.zarr")
    shutil.copytree(root / "stores" / "x.zarr", root / "stores-evil" / "y.zarr")
    (root / "stores" / "link.zarr").symlink_to(root / "secret.zarr")
    (root / "stores" / "file.zarr").write_text("no folder")
    (root / "stores" / "x.zarr" / "inner").mkdir()
    return root


hostile = st.one_of(
    st.text(max_size=20),
    st.lists(st.sampled_from(["..", ".", "/", "\\", "x.zarr", "stores", "secret.zarr", "\x00", "%2e", "~", "link.zarr",
                              "file.zarr", "stores-evil", "y.zarr", "inner", "//host/share", "C:", ":", " "]),
             max_size=6).map("".join),
)  # fmt: skip


@settings(max_examples=500, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=hostile)
def test_no_name_leads_out_of_the_folder(root: Path, name: str) -> None:
    assert_inside(root, name)


@pytest.mark.slow
@settings(max_examples=5000, deadline=None, suppress_health_check=list(HealthCheck))
@given(name=hostile)
def test_five_thousand_names_do_not_lead_out_of_the_folder(root: Path, name: str) -> None:
    assert_inside(root, name)


def assert_inside(root: Path, name: str) -> None:
    folder = Folder(root / "stores")
    try:
        path = folder.path(name)
    except StoreError:
        return
    assert path == (root / "stores").resolve() / "x.zarr"


@pytest.mark.parametrize("name", ["link.zarr", "../secret.zarr", "../stores-evil/y.zarr", "x.zarr/inner", "file.zarr",
                                  "", ".", "..", "x.zarr\x00", str(Path("/etc"))])  # fmt: skip
def test_the_known_ways_out_are_closed(root: Path, name: str) -> None:
    with pytest.raises(StoreError):
        Folder(root / "stores").look(name)


def test_only_real_stores_are_listed(root: Path) -> None:
    assert Folder(root / "stores").names() == ["x.zarr"]
    assert Folder(root / "nowhere").names() == []


def test_a_landscape_is_read_once_for_all_that_is_there(tmp_path: Path) -> None:
    store = make_store(tmp_path, "x.zarr", share=0.5)
    whole = make_store(tmp_path, "y.zarr").landscape()
    folder = Folder(tmp_path)
    first = folder.landscape(folder.look("x.zarr"))
    assert folder.landscape(folder.look("x.zarr")) is first
    store.set_attrs({"progress": json.dumps({"points_per_second": 41.0, "seconds_left": 3.0}), "seconds": 1.0})
    assert folder.landscape(folder.look("x.zarr")) is first
    done = len(store.numbers)
    fill(store, whole, done, done + 1)
    opened = folder.look("x.zarr")
    assert opened.points == (done + 1) * CHUNK
    assert folder.landscape(opened) is not first
    assert int((folder.landscape(opened)["status"] == 1).sum()) == (done + 1) * CHUNK


def test_only_what_has_come_since_is_read_when_a_store_is_looked_at_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = make_store(tmp_path, "x.zarr", share=0.5)
    whole = make_store(tmp_path / "elsewhere", "y.zarr").landscape()
    folder, original, read = Folder(tmp_path), Chunks.read, []
    assert folder.look("x.zarr").points == 2 * CHUNK

    def noted(self: Chunks, number: int, *, whole: bool = True) -> Chunk:
        read.append((number, whole))
        return original(self, number, whole=whole)

    monkeypatch.setattr(Chunks, "read", noted)
    fill(store, whole, 2, 3)
    # As a running sweep does, every other second.
    store.set_attrs({"seconds": 1.0})
    assert folder.look("x.zarr").points == 3 * CHUNK
    assert folder.look("x.zarr").attrs["seconds"] == 1.0
    assert read == [(2, False)]


def test_the_pace_is_what_the_sweep_says(tmp_path: Path) -> None:
    store = make_store(tmp_path, "x.zarr", share=0.5)
    folder = Folder(tmp_path)
    assert folder.look("x.zarr").pace()["rate"] is None
    now = time.time()
    store.set_attrs({"progress": json.dumps({"points_per_second": 41.0, "seconds_left": 3.0, "updated": now})})
    pace = folder.look("x.zarr").pace()
    assert (pace["rate"], pace["left"], pace["silent"], pace["finished"]) == (41.0, 3.0, False, False)
    store.set_attrs({"progress": json.dumps({"points_per_second": 41.0, "seconds_left": 3.0, "updated": now - 100})})
    pace = folder.look("x.zarr").pace()
    assert (pace["rate"], pace["silent"]) == (None, True)
    store.set_attrs({"progress": '{"points_per_second": "<script>", "updated": [1]}'})
    assert folder.look("x.zarr").pace()["rate"] is None


def test_another_store_of_the_same_name_is_read_anew(tmp_path: Path) -> None:
    make_store(tmp_path, "x.zarr", points=(9, 9))
    folder = Folder(tmp_path)
    first = folder.landscape(folder.look("x.zarr"))
    shutil.rmtree(tmp_path / "x.zarr")
    with pytest.raises(StoreError, match=r"no store 'x\.zarr'"):
        folder.look("x.zarr")
    make_store(tmp_path, "x.zarr", points=(9, 9), objective=network(seed=4))
    second = folder.landscape(folder.look("x.zarr"))
    assert float(second["loss"][0, 0]) != float(first["loss"][0, 0])


def test_what_is_no_store_is_told_in_the_list(tmp_path: Path) -> None:
    make_store(tmp_path, "good.zarr", points=(9, 9), share=0.4)
    (tmp_path / "bad.zarr").mkdir()
    (tmp_path / "bad.zarr" / "zarr.json").write_text("{")
    os.utime(tmp_path / "bad.zarr", (1, 1))
    text = text_of(listing(Folder(tmp_path), ""))
    assert "good.zarr" in text
    assert "79 %" in text
    assert "gaussian, seed 1" in text
    assert "expected JSON" in text
    assert "python -m explorer sweep" in text_of(listing(Folder(tmp_path / "none"), ""))


def test_the_key_of_the_list_changes_with_what_it_shows(tmp_path: Path) -> None:
    store = make_store(tmp_path, "x.zarr", points=(17, 9), share=0.4)
    whole = make_store(tmp_path / "elsewhere", "y.zarr", points=(17, 9)).landscape()
    folder = Folder(tmp_path)
    first = names_of(folder)
    assert first["names"] == ["x.zarr"]
    store.set_attrs({"seconds": 3.0})
    assert names_of(folder) == first
    fill(store, whole, 2)
    assert names_of(folder)["key"] != first["key"]


def test_the_cases_are_what_they_say() -> None:
    basis = oblique(network()).basis
    cosine = float(basis[0] @ basis[1] / basis[0].norm() / basis[1].norm())
    assert abs(cosine) > 0.1
