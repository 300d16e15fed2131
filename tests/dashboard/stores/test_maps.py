"""What /slice draws: coded maps, one scale for two stores, stand-ins, bands, checkpoints; cards and words beside it."""

import ast
import base64
import contextlib
import io
import json
import shlex
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from explorer.cli import main
from explorer.dashboard.common.coded_map import HOLE
from explorer.dashboard.stores.cards.below import about
from explorer.dashboard.stores.cards.reproduce import command, program
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.maps import drawn_maps
from explorer.dashboard.stores.state import State
from explorer.errors import StoreError
from explorer.figures import color_scale
from explorer.store import Store
from tests.support.page.objectives_here import answers_without_trust
from tests.support.slice_cases import REPORT, make_store, network, oblique, text_of

EVIL = "<img src=x onerror=alert(1)>"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("stores")
    make_store(root, "x.zarr")
    make_store(root, "y.zarr", objective=network(seed=3))
    make_store(root, "half.zarr", share=0.4)
    make_store(root, "line.zarr", points=(33,), planes=3)
    make_store(root, "seeds.zarr", points=(9, 9), planes=3)
    make_store(root, "none.zarr", share=0.0)
    return root


def drawn(root: Path, store: str = "x.zarr", **state: Any) -> dict[str, Any]:
    return drawn_maps(State(store=store, **state), Folder(root))


def decoded(sent: dict[str, Any]) -> np.ndarray[Any, Any]:
    """Undo the coding as the browser does; rows are the second axis; 0..1 along the scale, NaN for a hole."""
    halves = np.frombuffer(base64.b64decode(sent["codes"]), np.uint8).reshape(2, -1)
    codes = (halves[0] + 256 * halves[1].astype(np.uint32)).astype(np.uint16).reshape(sent["shape"])
    for _ in range(2):
        codes = np.cumsum(codes, axis=1, dtype=np.uint16)
    return np.where(codes == HOLE, np.nan, codes / (HOLE - 1))


def test_a_map_is_the_landscape_along_its_scale(root: Path) -> None:
    sent = drawn(root)["maps"][0]
    landscape = Store.open(root / "x.zarr").landscape()
    scale = color_scale(landscape["loss"].values)
    expected = scale.normalize(landscape["loss"].transpose("beta", "alpha").values)
    np.testing.assert_allclose(decoded(sent), expected, rtol=0, atol=0.51 / (HOLE - 1))
    assert (sent["scale"]["low"], sent["scale"]["kind"]) == (scale.low, scale.kind)
    assert sent["x"] == landscape["alpha"].values.tolist()


def test_contours_lie_where_the_loss_has_their_level(root: Path) -> None:
    landscape = Store.open(root / "x.zarr").landscape()
    levels = drawn(root)["maps"][0]["contours"]
    assert len(levels) > 3
    for level, line in levels:
        for alpha, beta in line[1:-1]:
            read = float(landscape["loss"].interp(alpha=alpha, beta=beta))
            # Left-out vertices lie within 1/50 of a cell; bilinear and linear between points differ by the twist.
            assert read == pytest.approx(level, abs=0.03)


def test_two_stores_share_one_scale(root: Path) -> None:
    one, other = drawn(root, beside="y.zarr")["maps"]
    assert one["scale"]["low"] == other["scale"]["low"]
    assert one["scale"]["high"] == other["scale"]["high"]
    both = np.concatenate([Store.open(root / name).landscape()["loss"].values.ravel() for name in ("x.zarr", "y.zarr")])
    assert one["scale"]["high"] == color_scale(both).high
    assert drawn(root)["maps"][0]["scale"]["high"] != one["scale"]["high"]


def test_coarse_points_stand_for_those_not_computed(root: Path) -> None:
    sent = drawn(root, "half.zarr")
    assert np.isfinite(decoded(sent["maps"][0])).all()
    assert sent["maps"][0]["computed"] == pytest.approx(128 / 221)
    assert sent["maps"][0]["scale"]["holes"] == 0
    status = decoded(drawn(root, "half.zarr", quantity="status")["maps"][0])
    assert set(np.unique((3 * status).round(3))) == {0.0, 1.0}


def test_holes_are_drawn_and_counted(tmp_path: Path) -> None:
    def change(found: Any) -> Any:
        found = found.copy(deep=True)
        found["loss"][2:4, 1] = np.nan
        found["loss"][0, 0] = -np.inf
        return found

    make_store(tmp_path, "x.zarr", change=change)
    sent = drawn(tmp_path)["maps"][0]
    assert sent["scale"]["holes"] == 3
    assert np.argwhere(np.isnan(decoded(sent))).tolist() == [[0, 0], [1, 2], [1, 3]]


def test_a_line_is_a_band_over_its_seeds(root: Path) -> None:
    sent = drawn(root, "line.zarr")
    rows = Store.open(root / "line.zarr").landscape()["loss"].transpose("seed", "alpha").values
    band = sent["bands"][0]
    assert (sent["maps"], sent["axes"], band["seeds"]) == ([], ["alpha"], 3)
    assert band["low"] == rows.min(0).tolist()
    assert band["median"] == np.median(rows, 0).tolist()


def test_a_seed_is_chosen_and_a_wrong_one_is_the_first(root: Path) -> None:
    assert drawn(root, "seeds.zarr")["seed"] == 1
    assert drawn(root, "seeds.zarr", seed=3)["seed"] == 3
    assert drawn(root, "seeds.zarr", seed=99)["seed"] == 1
    assert (
        drawn(root, "seeds.zarr", seed=2)["sides"][0]["gram"] != drawn(root, "seeds.zarr", seed=1)["sides"][0]["gram"]
    )


def test_what_cannot_be_drawn_as_asked_is_told(root: Path) -> None:
    assert "showing loss" in drawn(root, quantity="nothing")["notes"][0]
    assert "cannot stand beside" in drawn(root, beside="line.zarr")["notes"][0]
    assert "cannot stand beside" in drawn(root, beside="gone.zarr")["notes"][0]
    assert "Nothing to draw yet" in drawn(root, "none.zarr")["notes"][0]
    with pytest.raises(StoreError, match="no store"):
        drawn(root, "gone.zarr")


def test_a_scale_that_cannot_be_is_told(tmp_path: Path) -> None:
    make_store(tmp_path, "x.zarr", change=lambda found: found.assign(loss=found["loss"] - 10))
    found = drawn(tmp_path, scale="log")
    assert found["maps"][0]["scale"]["kind"] == "linear"
    assert "linear instead" in found["notes"][0]


def test_a_damaged_chunk_is_left_out_and_told(tmp_path: Path) -> None:
    make_store(tmp_path, "x.zarr")
    chunk = next(each for each in (tmp_path / "x.zarr" / "loss").rglob("*1*") if each.is_file())
    chunk.write_bytes(b"\x00" * chunk.stat().st_size)
    found = drawn(tmp_path)
    assert "1 chunk is damaged" in found["notes"][0]
    assert f"verify {tmp_path / 'x.zarr'}" in found["notes"][0]
    sent = found["maps"][0]
    assert sent["computed"] < 1
    # Nobody is computing these points: nothing stands for them, and they are not counted as NaN either.
    lost = Store.open(tmp_path / "x.zarr").landscape()["status"].transpose("beta", "alpha").values == 0
    np.testing.assert_array_equal(np.isnan(decoded(sent)), lost)
    assert sent["scale"]["holes"] == 0


def test_checkpoints_keep_their_distance(root: Path) -> None:
    found = drawn(root)["maps"][0]["checkpoints"]
    assert [each["name"] for each in found["points"]] == ["start", "end"]
    [run] = found["runs"]
    assert (run["name"], len(run["path"]), len(run["far"])) == ("", 7, 6)
    assert run["far"] == sorted(run["far"])
    assert run["far"][0] < found["limit"] < run["far"][-1]


def test_the_cards_tell_report_limits_and_provenance(root: Path) -> None:
    shown = text_of(about(Store.open(root / "x.zarr").attrs, "x.zarr"))
    for words in (
        *(REPORT[1]["text"], "1 to look at", "proves nothing", "prove that the loss is not", "2 of 32 dimensions"),
        *("distance from the plane", "theta_sha256", "from tests.support.slice_cases import network"),
    ):
        assert str(words) in shown
    # sqrt(2 / 32)
    assert "a random plane shows 25 %" in shown


NESTED = ("report", "checkpoints", "basis", "labels", "points", "extents", "source", "quantities", "data", "planes")
VALUES = ("", "null", "[1]", "{}", EVIL, '{"made": 1}', '[{"name": [], "status": {}}]', '{"alpha": [1, {}]}', "-1",
          "[" * 100_000, f'[{{"name": "a", "at": [0, 0], "offset": 1{"0" * 400}}}]')  # fmt: skip


@pytest.mark.parametrize("name", [*NESTED, "parameters", "model"])
@pytest.mark.parametrize("value", VALUES)
def test_attributes_of_others_are_text_at_worst(root: Path, name: str, value: str) -> None:
    attrs = dict(Store.open(root / "x.zarr").attrs) | {name: value}
    told = text_of(about(attrs, "x.zarr"))
    assert "Is my plot right?" in told
    assert "import explorer" in told


def test_attributes_cannot_break_out_of_the_words_that_make_a_store_again(root: Path) -> None:
    attrs = dict(Store.open(root / "x.zarr").attrs)
    evil = "x'; import os; os.system('boom')\n"
    basis = json.dumps({"made": {"kind": "gaussian", "seed": evil, "normalize": evil, "skip": [evil]}})
    points, extents = json.dumps({evil: 3, "b": 3}), json.dumps({evil: [-1, 1], "b": [-1, 1]})
    for factory in ("tests.support.slice_cases:network", evil, f"os:{evil}"):
        source = json.dumps({"factory": factory, "kwargs": {"hidden": evil}})
        made = attrs | {"basis": basis, "points": points, "extents": extents, "source": source, "dtype": evil}
        tree = ast.parse(program(made, "x.zarr"))
        assert "system" not in [node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)]
        assert not {"boom", "import"} & set(shlex.split(command(made, "x.zarr")))


@pytest.mark.parametrize("seeds", [(4,), (0, 1)])
def test_the_program_makes_the_same_store_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seeds: tuple[int, ...]
) -> None:
    from explorer import Grid, directions, sweep

    objective = network()
    plane = [directions.gaussian(objective, seed=seed) for seed in seeds]
    grid = Grid({"alpha": (-1, 1, 5), "beta": (-1, 1, 4)})
    wanted = ("loss", "gradient")
    first = sweep(objective, plane, grid, quantities=wanted, store=tmp_path / "runs" / "x.zarr", progress=False)
    attrs = Store.open(tmp_path / "runs" / "x.zarr").attrs
    (tmp_path / "again" / "runs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "again")
    with contextlib.redirect_stderr(io.StringIO()):
        exec(program(attrs, "x.zarr"), {})
    second = Store.open("runs/x.zarr").landscape()
    np.testing.assert_array_equal(first["loss"].values, second["loss"].values)
    assert attrs["spec_sha256"] == Store.open("runs/x.zarr").attrs["spec_sha256"]


def test_the_command_line_makes_the_same_store_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer import Grid, directions, sweep

    if "sweep" not in main.commands:
        pytest.skip("no command sweep")
    objective = network(hidden=3)
    grid = Grid({"alpha": (-0.5, 0.5, 5), "beta": (-0.5, 0.5, 4)})
    plane, wanted = directions.gaussian(objective, seed=4), ("loss", "gradient")
    sweep(objective, plane, grid, quantities=wanted, store=tmp_path / "runs" / "x.zarr", progress=False)
    attrs = Store.open(tmp_path / "runs" / "x.zarr").attrs
    words = shlex.split(command(attrs, "x.zarr"))
    assert words[:4] == ["python", "-m", "explorer", "sweep"]
    (tmp_path / "again" / "runs").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "again")
    shown = CliRunner().invoke(main, words[3:])
    assert shown.exit_code == 0, shown.output
    assert attrs["spec_sha256"] == Store.open("runs/x.zarr").attrs["spec_sha256"]


@pytest.mark.parametrize("kind", ["csv", "nc", "html", "vti", "h5", "png", "svg"])
@pytest.mark.parametrize("query", ["store=x.zarr", "store=half.zarr&with=x.zarr", "store=seeds.zarr&seed=2"])
def test_every_store_has_its_files(root: Path, kind: str, query: str) -> None:
    found = answers_without_trust(root).downloaded({"query": query, "kind": kind})
    assert found["error"] == ""
    if kind in ("png", "svg"):
        assert found["figure"]["data"]
    else:
        assert found["filename"].endswith(f".{kind}")
        assert len(base64.b64decode(found["content"])) > 500


@pytest.mark.parametrize("kind", ["vti", "h5"])
def test_of_several_seeds_a_file_of_one_line_has_the_first(root: Path, kind: str) -> None:
    found = answers_without_trust(root).downloaded({"query": "store=line.zarr", "kind": kind})
    seed = int(Store.open(root / "line.zarr").landscape()["seed"][0])
    assert (found["error"], found["filename"]) == ("", f"line-seed-{seed}.{kind}")


def test_a_picture_of_a_line_has_the_scale_of_the_page(root: Path) -> None:
    sent = drawn(root, "line.zarr")["bands"][0]["kind"]
    picture = answers_without_trust(root).downloaded({"query": "store=line.zarr", "kind": "svg"})
    assert picture["figure"]["layout"]["yaxis"]["type"] == sent


def test_a_trajectory_lies_on_the_surface(root: Path) -> None:
    figure = answers_without_trust(root).surface({"query": "store=x.zarr"})
    landscape = Store.open(root / "x.zarr").landscape()
    dots = next(each for each in figure.data[1:] if each.mode == "markers")
    assert len(dots.x) == 7
    scale = color_scale(landscape["loss"].values)
    height = float(scale.position(scale.high) - scale.position(scale.low))
    for x, y, z in zip(dots.x, dots.y, dots.z, strict=True):
        below = float(scale.position(float(landscape["loss"].interp(alpha=x, beta=y))))
        assert 0 < z - below < 0.02 * height
    assert [
        each.mode for each in answers_without_trust(root).surface({"query": "store=x.zarr&layers=arrow"}).data[1:]
    ] == [
        "lines",
        "markers+text",
    ]


def test_the_program_of_other_directions_takes_the_planes_of_the_store(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from explorer import Grid, Plane, sweep

    objective = network()
    plane = Plane(objective.theta, oblique(objective).basis)
    grid = Grid({"alpha": (-1, 1, 5), "beta": (0, 1, 4)})
    (tmp_path / "runs").mkdir()
    monkeypatch.chdir(tmp_path)
    first = sweep(objective, plane, grid, quantities=("loss", "gradient"), store=Path("runs/x.zarr"), progress=False)
    attrs = Store.open(Path("runs/x.zarr")).attrs
    with contextlib.redirect_stderr(io.StringIO()):
        exec(program(attrs, "x.zarr"), {})
    again = Store.open(Path("runs/x.zarr.again"))
    np.testing.assert_array_equal(first["loss"].values, again.landscape()["loss"].values)
    assert attrs["spec_sha256"] == again.attrs["spec_sha256"]


def test_a_file_that_cannot_be_is_told(root: Path) -> None:
    answers = answers_without_trust(root)
    for sent in ({"query": "store=x.zarr", "kind": "exe"}, {"query": "store=gone", "kind": "csv"}, None, {"kind": 3}):
        assert answers.downloaded(sent)["error"]
