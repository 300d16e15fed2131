"""What /slice sends of a store whose loss was interpolated at some points, and what it says of it."""

import base64
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from explorer.dashboard.stores.cards.reproduce import command, program
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.maps import drawn_maps
from explorer.dashboard.stores.objectives.trust import Trust
from explorer.dashboard.stores.point import point_numbers
from explorer.dashboard.stores.shown import shown
from explorer.dashboard.stores.state import State, parse
from explorer.store import Store
from tests.support.interpolated_cases import TOLD, interpolated_store
from tests.support.page.objectives_here import ObjectivesHere, answers_without_trust
from tests.support.slice_cases import make_store

# 17 x 13 points, every fourth along each axis: 5 x 4.
ERROR = "off by at most 0.4 % of the range of log L at 32 checked points"
NOTE = f"20 of 221 points evaluated, the rest interpolated: {ERROR}."


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores")
    make_store(root, "x.zarr")
    interpolated_store(root, "part.zarr")
    interpolated_store(root, "line.zarr", points=(33,), planes=3)
    return root


def drawn(root: Path, store: str = "part.zarr", **state: Any) -> dict[str, Any]:
    return drawn_maps(State(store=store, **state), Folder(root))


def bits(side: dict[str, Any]) -> np.ndarray[Any, Any]:
    packed = np.frombuffer(base64.b64decode(side["evaluated"]), np.uint8)
    return np.unpackbits(packed)[: np.prod(side["sizes"])].reshape(side["sizes"])


def test_what_is_interpolated_is_sent_and_told(root: Path) -> None:
    sent = drawn(root)
    assert sent["interpolated"] == NOTE
    status = Store.open(root / "part.zarr").landscape()["status"].transpose("alpha", "beta").values
    np.testing.assert_array_equal(bits(sent["sides"][0]), status == 1)
    assert (sent["maps"][0]["computed"], sent["maps"][0]["measured"], sent["maps"][0]["scale"]["holes"]) == (1, 1, 0)


def test_another_quantity_is_measured_at_few_points_and_has_no_holes(root: Path) -> None:
    sent = drawn(root, quantity="gradient_norm")
    assert sent["interpolated"].startswith(
        "Not measured at interpolated points: gradient_norm has a value at 20 of 221,"
    )
    found = sent["maps"][0]
    assert (found["computed"], found["measured"]) == (1, pytest.approx(20 / 221))
    assert found["scale"]["holes"] == 0


def test_of_two_stores_each_is_told_by_name(root: Path) -> None:
    sent = drawn(root, beside="x.zarr")
    assert sent["interpolated"] == f"part.zarr: {NOTE}"
    assert sent["sides"][1]["evaluated"] == ""
    assert drawn(root, "x.zarr")["interpolated"] == ""


def test_a_line_has_the_points_of_its_first_seed(root: Path) -> None:
    sent = drawn(root, "line.zarr")
    assert np.flatnonzero(bits(sent["sides"][0])).tolist() == list(range(0, 33, 4))
    assert sent["interpolated"].startswith("27 of 99 points evaluated")
    assert sent["bands"][0]["holes"] == drawn(root, "line.zarr", quantity="accuracy")["bands"][0]["holes"] == 0
    assert drawn(root, "line.zarr", quantity="accuracy")["interpolated"].endswith("straight lines join them.")


def test_every_field_can_be_read_between_points(root: Path) -> None:
    state = State(store="part.zarr", a=0.33, b=-0.41)
    found = point_numbers(state, shown("part.zarr", state, Folder(root)), ObjectivesHere(Trust()))
    exact = point_numbers(state, shown("part.zarr", state, Folder(root)), ObjectivesHere(Trust(modules=("tests",))))
    assert (found["source"], exact["source"]) == ("swept", "torch")
    # Linear over cells a quarter of the window wide: near, and never missing.
    for name in ("loss", "gradient_norm"):
        assert found["values"][name] == pytest.approx(exact["swept"][name], rel=1e-12)
        assert found["values"][name] == pytest.approx(exact["values"].get(name, exact["norm"]), rel=0.15)
    assert found["gradient"] == pytest.approx(exact["gradient"], abs=0.25)


def test_the_sweep_is_held_against_torch_at_evaluated_points_only(root: Path) -> None:
    axis = Store.open(root / "part.zarr").landscape()["alpha"].values
    for step, known in ((4, True), (5, False)):
        state = State(store="part.zarr", a=float(axis[step]), b=-1.0)
        found = point_numbers(state, shown("part.zarr", state, Folder(root)), ObjectivesHere(Trust(modules=("tests",))))
        assert (found["apart"] is not None) is known


def test_the_words_that_make_it_again_name_the_tolerance(root: Path) -> None:
    attrs = dict(Store.open(root / "x.zarr").attrs)
    plain = {**attrs, "basis": attrs["basis"]}
    assert "tolerance" not in program(plain, "x.zarr") + command(plain, "x.zarr")
    told = {**attrs, **TOLD, "extents": '{"alpha": [-1, 1], "beta": [-1, 1]}'}
    assert ", tolerance=0.01, store=" in program(told, "x.zarr")
    assert "--tolerance 0.01 " in command(told, "x.zarr")
    for evil in ("0.1; import os", True, 2.0, float("nan")):
        assert "tolerance" not in program({**told, "tolerance": evil}, "x.zarr")


def test_the_switch_is_in_the_address_and_off_by_default() -> None:
    assert "points" not in State().layers
    state, notes = parse("layers=contours,checkpoints,arrow,points")
    assert (state.layers[-1], notes) == ("points", ())
    assert parse(state.query())[0] == state


def test_a_picture_has_dots_as_the_page_has(root: Path) -> None:
    answers = answers_without_trust(root)
    for layers, dots in (("contours", 0), ("contours,points", 1), ("checkpoints,points", 1), ("checkpoints", 0)):
        found = answers.downloaded({"query": f"store=part.zarr&layers={layers}", "kind": "svg"})
        assert sum(trace.get("name") == "evaluated" for trace in found["figure"]["data"]) == dots
        assert found["figure"]["layout"]["title"]["subtitle"]["text"].startswith("20 of 221 points evaluated")


@pytest.mark.parametrize("kind", ["csv", "nc", "html", "vti", "h5", "png"])
@pytest.mark.parametrize("store", ["part.zarr", "line.zarr"])
@pytest.mark.parametrize("quantity", ["loss", "accuracy"])
def test_every_file_can_be_had(root: Path, store: str, kind: str, quantity: str) -> None:
    query = f"store={store}&quantity={quantity}"
    assert answers_without_trust(root).downloaded({"query": query, "kind": kind})["error"] == ""


@pytest.mark.parametrize("quantity", ["loss", "accuracy"])
def test_the_surface_is_drawn(root: Path, quantity: str) -> None:
    figure = answers_without_trust(root).surface({"query": f"store=part.zarr&quantity={quantity}"})
    assert np.isfinite(np.asarray(figure.data[0].z, float)).all()


def test_a_sweep_that_still_runs_says_what_is_to_come(tmp_path: Path) -> None:
    make_store(tmp_path, "runs.zarr", share=0.4, attrs={"tolerance": 0.01})
    sent = drawn(tmp_path, "runs.zarr")
    said = "The points to come are evaluated, or interpolated to within 1 % of the range of the loss if they can be."
    assert sent["interpolated"] == said
    assert sent["sides"][0]["evaluated"] == ""
    assert sent["maps"][0]["measured"] == sent["maps"][0]["computed"] == pytest.approx(128 / 221)
