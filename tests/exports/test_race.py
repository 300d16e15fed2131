"""A race as a file: its data are the landscape and the paths; names cannot break out of it; nothing points outside."""

import base64
import json
import re

import numpy as np
import pytest
import xarray as xr

from explorer.exports import Runner, race_html
from explorer.exports.race import FAR, HOLE
from explorer.figures.theme import RACERS
from tests.support.page.contrast import CSS, VIRIDIS, contrast

ALPHA, BETA = np.linspace(-1, 3, 5), np.linspace(10, 11, 3)


def landscape() -> xr.Dataset:
    values = 100 * ALPHA[:, None] + BETA[None, :] + 200
    return xr.Dataset({"loss": (("w", "b"), values)}, coords={"w": ALPHA, "b": BETA})


def runner(name: str = "Adam 0.1", coordinates: list[list[float]] | None = None, **more: object) -> Runner:
    found = np.array(coordinates or [[0.0, 10.5], [1.0, 10.25], [2.0, 10.75]])
    return Runner(name, found, np.arange(len(found), dtype=float), **more)  # type: ignore[arg-type]


def data_of(html: str) -> dict:
    found = re.search(r'<script type="application/json" id="data">(.*?)</script>', html, re.DOTALL)
    assert found
    return json.loads(found.group(1))


def test_the_map_is_the_landscape_rows_upwards() -> None:
    holed = landscape()
    holed["loss"][4, 0] = np.nan
    found = data_of(race_html(holed, [runner()], "Race"))["map"]
    codes = np.frombuffer(base64.b64decode(found["codes"]), np.uint8).reshape(found["shape"])
    assert (found["labels"], found["extent"], found["shape"]) == (["w", "b"], [[-1, 3], [10, 11]], [3, 5])
    assert codes[0, 4] == HOLE
    # Linear in 100 w + b: up along each row but for the hole; along a column b adds less than a code.
    assert (np.diff(codes[1].astype(int)) > 0).all()
    assert codes[2, 0] >= codes[0, 0]


def test_runners_keep_their_numbers_and_what_is_nowhere_is_null() -> None:
    broken = Runner("GD 9", np.array([[0.1, 10.0], [np.nan, np.inf]]), np.array([1 / 3, np.inf]), "It diverged.", 2)
    first, second = data_of(race_html(landscape(), [runner(), broken], "Race"))["runners"]
    assert first["at"] == [[0.0, 10.5], [1.0, 10.25], [2.0, 10.75]]
    assert (second["at"], second["losses"]) == ([[0.1, 10.0], None], [1 / 3, None])
    assert (second["note"], second["color"], second["dash"]) == ("It diverged.", *RACERS[2])


def test_what_is_far_outside_is_drawn_at_the_end_of_the_world_in_its_direction() -> None:
    (place,) = data_of(race_html(landscape(), [runner(coordinates=[[4e300, 10.5]])], "Race"))["runners"][0]["at"]
    # 20 windows of width 4 from the middle, w = 1.
    assert place == pytest.approx([1 + FAR * 4, 10.5], rel=1e-12)


def test_names_cannot_break_out() -> None:
    evil = "</script><script>alert(1)</script><!--"
    html = race_html(landscape(), [runner(evil, note=evil)], evil)
    assert "<script>alert" not in html
    assert data_of(html)["runners"][0]["name"] == evil


def test_nothing_in_it_points_outside() -> None:
    html = race_html(landscape(), [runner()], "Race")
    assert set(re.findall(r"https?://[^\s\"']+", html)) == {"http://www.w3.org/2000/svg"}
    assert "default-src 'none'" in html
    assert "$" not in re.sub(r"\$\{", "", html)


@pytest.mark.parametrize(
    ("coordinates", "losses"),
    [(np.zeros((3, 3)), np.zeros(3)), (np.zeros((0, 2)), np.zeros(0)), (np.zeros((3, 2)), np.zeros(2))],
)
def test_shapes_that_do_not_fit_are_refused_by_name(coordinates: np.ndarray, losses: np.ndarray) -> None:
    with pytest.raises(ValueError, match=r"coordinates \[T, 2\] and losses \[T\] for 'Adam'"):
        race_html(landscape(), [Runner("Adam", coordinates, losses)], "Race")
    with pytest.raises(ValueError, match="at least one runner"):
        race_html(landscape(), [], "Race")


def test_page_and_file_draw_the_same_styles_and_they_stand_out() -> None:
    traces = re.findall(r"\.trace-(\d) \{ --trace: (#[0-9a-f]{6}); --dash: ([^;]+); \}", CSS)
    assert [int(index) for index, _, _ in traces] == list(range(8))
    assert tuple((color, dash) for _, color, dash in traces) == RACERS
    # The core on purple, its casing on yellow and on white; core against casing everywhere.
    assert all(contrast(color, VIRIDIS[0]) >= 3 and contrast(color, "#10151d") >= 4.5 for color, _ in RACERS)
    assert min(contrast("#10151d", VIRIDIS[1]), contrast("#10151d", "#ffffff")) >= 3
