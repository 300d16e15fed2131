"""Trajectories on /slice: runs, their numbers, the series of planes that move along, sharpness."""

import json
from pathlib import Path
from typing import Any

import pytest
import torch

from explorer.dashboard.stores.cards.below import about
from explorer.dashboard.stores.checkpoint_marks import MOST_MARKS, checkpoints
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.maps import drawn_maps
from explorer.dashboard.stores.state import State, parse
from explorer.store import Store
from tests.support.slice_cases import SHARP, STEPS, descended, make_store, make_training, network, text_of


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("training")
    make_training(root)
    make_store(root, "other.zarr")
    return root


def drawn(root: Path, store: str, **state: Any) -> dict[str, Any]:
    return drawn_maps(State(store=store, **state), Folder(root))


def test_several_runs_are_told_apart(root: Path) -> None:
    found = drawn(root, "runs.zarr")
    slow, fast = found["maps"][0]["checkpoints"]["runs"]
    assert (slow["name"], fast["name"]) == ("slow", "fast")
    assert slow["color"] != fast["color"]
    assert (slow["dash"], fast["dash"]) == ("none", "9 5")
    assert [each["step"] for each in fast["path"]] == list(range(0, 81, 10))
    objective, path = network(), descended(network(), 1.0)
    for each, theta in zip(fast["path"], path.thetas, strict=True):
        # The same sum; the trajectory is computed anew, by the same operations.
        assert each["loss"] == pytest.approx(float(objective(theta)), rel=1e-12)
    assert "% of the spread of 2 paths together; of 2 random walks with 18 points together" in found["spread"]
    assert found["series"] is None


def test_the_size_of_a_run_is_its_extent_in_the_plane(root: Path) -> None:
    [run] = drawn(root, "path.zarr")["maps"][0]["checkpoints"]["runs"]
    places = torch.tensor([each["at"] for each in run["path"]])
    # Principal directions are orthonormal.
    assert run["size"] == pytest.approx(float(torch.cdist(places, places).max()), rel=1e-6)


@pytest.mark.parametrize("store", ["path.zarr", *(f"path-{step:02d}.zarr" for step in STEPS)])
def test_a_series_is_found_from_each_of_its_stores(root: Path, store: str) -> None:
    found = drawn(root, store)["series"]
    assert found == {"base": "path.zarr", "members": [[step, f"path-{step:02d}.zarr"] for step in STEPS]}


def test_a_series_has_one_scale_and_one_frame_and_each_plane_its_own_checkpoint(root: Path) -> None:
    scales, frames = [], []
    for step in (None, *STEPS):
        found = drawn(root, "path.zarr" if step is None else f"path-{step:02d}.zarr")
        sent = found["maps"][0]
        scales.append({name: sent["scale"][name] for name in ("kind", "low", "high")})
        [run] = sent["checkpoints"]["runs"]
        frames.append((sent["x"], [[pytest.approx(each, abs=1e-9) for each in mark["at"]] for mark in run["path"]]))
        [own] = [each for each in run["path"] if each["step"] == step] or [None]
        if own is not None:
            assert own["offset"] < 1e-12
            assert own["loss"] == pytest.approx(own["plane_loss"], rel=1e-12)
    assert scales == [scales[0]] * 4
    assert [x for x, _ in frames] == [frames[0][0]] * 4
    assert all(places == frames[0][1] for _, places in frames)


def test_other_stores_are_no_series_and_a_damaged_one_is_left_out(root: Path, tmp_path: Path) -> None:
    assert drawn(root, "other.zarr")["series"] is None
    make_training(tmp_path)
    (tmp_path / "path-40.zarr" / "zarr.json").write_text("{")
    found = drawn(tmp_path, "path.zarr")["series"]
    assert [step for step, _ in found["members"]] == [0, 80]


def test_many_points_are_thinned_with_both_ends_and_nothing_else_is_lost() -> None:
    each = {"at": [0.0, 0.0], "offset": 0.0, "path": True, "loss": 1.0, "plane_loss": 1.0}
    path = [{**each, "name": f"step {i}", "step": i, "run": run} for run in "ab" for i in range(3000)]
    found = checkpoints({"checkpoints": json.dumps([*path, {**each, "name": "end", "path": False}])})
    assert [run["name"] for run in found["runs"]] == ["a", "b"]
    assert all(len(run["path"]) <= MOST_MARKS // 2 for run in found["runs"])
    assert all((run["path"][0]["step"], run["path"][-1]["step"]) == (0, 2999) for run in found["runs"])
    assert [mark["name"] for mark in found["points"]] == ["end"]


def test_the_table_tells_both_losses_and_the_distance_as_a_share(root: Path) -> None:
    store = Store.open(root / "path.zarr")
    shown = text_of(about(store.attrs, "path.zarr"))
    entry = json.loads(store.attrs["checkpoints"])[0]
    for words in ("of its path's size", "The plane holds", "of a random walk of 9 points it would be"):
        assert words in shown
    assert f"{entry['loss']:.3g}" in shown
    assert f"{entry['offset']:.3g}" in shown


def test_sharpness_is_drawn_where_it_was_measured(root: Path) -> None:
    attrs = {**Store.open(root / "path.zarr").attrs, "sharpness": json.dumps(SHARP)}
    assert "Sharpness along training" in text_of(about(attrs, "x"))
    broken = ({}, {**SHARP, "rate": [1]}, {**SHARP, "loss": "x"}, {**SHARP, "step": None}, [1], 3)
    for other in broken:
        assert "Sharpness along training" not in text_of(about({**attrs, "sharpness": json.dumps(other)}, "x"))


def test_the_slider_has_an_address() -> None:
    state = State(store="runs.zarr", run="adam, small", at=120)
    assert state.query() == "store=runs.zarr&run=adam,%20small&at=120"
    assert parse(state.query()) == (state, ())
    for query in ("at=1.5", "at=-2", "run=%01", f"run={'x' * 61}"):
        assert parse(query)[0] == State()
        assert len(parse(query)[1]) == 1
