"""Figures of landscapes whose loss was interpolated at some points: drawn whole, counted, told apart from the rest."""

import json

import numpy as np
import pytest
import xarray as xr

from explorer import figures
from explorer.exports import encode
from explorer.figures.dots import MOST_DOTS
from explorer.figures.interpolated import note_of
from explorer.figures.lines import band_of
from explorer.figures.stand_ins import progress_of
from explorer.figures.triangles import Spread
from explorer.landscape import interpolation_of
from tests.support.interpolated_cases import TOLD, bowl, interpolated

AXES = ("a", "b")
# 33 x 17 points, every fourth along each axis: 9 x 5.
COUNTS = "45 of 561 points evaluated"
ERROR = "off by at most 0.4 % of the range of log L at 32 checked points"


@pytest.fixture(scope="module")
def half() -> xr.Dataset:
    return interpolated(bowl())


def subtitle(figure) -> str:
    return " ".join((figure.layout.title.subtitle.text or "").split("<br>"))


def dots_in(figure) -> list:
    return [trace for trace in figure.data if trace.name == "evaluated"]


@pytest.mark.parametrize("draw", [figures.heatmap, figures.contour, figures.surface])
def test_the_loss_is_drawn_whole_with_a_note(half, draw):
    figure = draw(half)
    np.testing.assert_array_equal(figure.data[0].customdata, half["loss"].values.T)
    assert subtitle(figure) == f"{COUNTS}, the rest interpolated: {ERROR}"
    assert figure.layout.title.text == "loss"
    assert "not finite" not in figure.layout.coloraxis.colorbar.title.text


def test_a_whole_landscape_has_no_note_no_dots_and_no_words():
    figure = figures.contour(bowl(), points=True)
    assert (subtitle(figure), dots_in(figure), figure.data[0].text) == ("", [], None)
    assert figure.layout.margin.t == 56
    assert interpolation_of(bowl()) is None


def test_hovering_tells_evaluated_from_interpolated(half):
    for draw in (figures.heatmap, figures.surface):
        trace = draw(half).data[0]
        np.testing.assert_array_equal(np.asarray(trace.text) == "evaluated", half["status"].values.T == 1)
        np.testing.assert_array_equal(np.asarray(trace.text) == "interpolated", half["status"].values.T == 2)
        assert "%{text}" in trace.hovertemplate
    failed = half.copy(deep=True)
    failed["status"][0, 0] = 3
    assert figures.heatmap(failed).data[0].text[0][0] == "failed"


@pytest.mark.parametrize("draw", [figures.heatmap, figures.contour])
def test_dots_are_the_evaluated_points(half, draw):
    [dots] = dots_in(draw(half))
    evaluated = half["status"].values == 1
    assert set(zip(dots.x, dots.y, strict=True)) == {
        (half["a"].values[i], half["b"].values[j]) for i, j in np.argwhere(evaluated)
    }
    assert dots_in(draw(half, points=False)) == []


def test_many_dots_come_only_when_asked_for():
    many = bowl((64, 64))
    many["status"][0, :3] = 2
    assert (many["status"].values == 1).sum() > MOST_DOTS
    assert dots_in(figures.heatmap(many)) == []
    assert len(dots_in(figures.heatmap(many, points=True))[0].x) == 64 * 64 - 3


def test_the_nearest_evaluated_point_stands_for_another_quantity(half):
    figure = figures.heatmap(half, "accuracy")
    evaluated = np.argwhere(half["status"].values == 1)
    for i, j in np.ndindex(half["status"].shape):
        far = np.hypot(*(evaluated - [i, j]).T)
        near = [half["accuracy"].values[k, m] for k, m in evaluated[far == far.min()]]
        # Where several are as near, any of them may stand for it.
        assert figure.data[0].customdata[j][i] in near
    assert subtitle(figure).startswith(
        "not measured at interpolated points: accuracy has a value at 45 of 561, the near"
    )
    assert set(np.unique(figure.data[0].text)) == {"evaluated", "nearest evaluated"}
    # What is not measured is no NaN result, and the colours are those of the measured values.
    assert "not finite" not in figure.layout.coloraxis.colorbar.title.text
    measured = half["accuracy"].values[half["status"].values == 1]
    assert figures.heatmap(half, "accuracy", scale="linear").layout.coloraxis.cmin == np.quantile(measured, 0.004)


def test_results_that_are_not_finite_are_still_counted(half):
    bad = half.copy(deep=True)
    bad["accuracy"][0, 0] = np.inf
    bad["loss"][0, 0] = np.nan
    for quantity in ("loss", "accuracy"):
        title = figures.heatmap(bad, quantity).layout.coloraxis.colorbar.title.text
        assert "1 points not finite" in title


@pytest.mark.parametrize("every", [4, 5])
def test_contours_of_another_quantity_keep_to_the_measured_grid(every):
    flat = bowl((21, 21))
    flat["accuracy"] = flat["a"] - 2 * flat["b"] + 0 * flat["loss"]
    lines = figures.contour_lines(interpolated(flat, every), [0.3, 1.1], "accuracy")
    assert {level for level, _ in lines} == {0.3, 1.1}
    for level, line in lines:
        # The quantity is linear, and so is what is drawn between measured points: stand-ins would be off by up to 1.
        np.testing.assert_allclose(line @ np.array([1.0, -2.0]), level, rtol=0, atol=1e-12)


def test_the_status_is_drawn_as_it_is(half):
    np.testing.assert_array_equal(figures.heatmap(half, "status").data[0].customdata, half["status"].values.T)


def test_lost_points_stay_holes_where_others_are_stood_in_for(half):
    lost = half.assign_attrs(damaged="[3]").copy(deep=True)
    lost["status"][:4, :4] = 0
    lost["loss"][:4, :4] = np.nan
    lost["accuracy"][:4, :4] = np.nan
    for quantity in ("loss", "accuracy"):
        drawn = figures.heatmap(lost, quantity).data[0]
        np.testing.assert_array_equal(np.isnan(drawn.z), lost["status"].values.T == 0)
    # The one point of these that had been evaluated, and its fifteen neighbours.
    assert note_of(lost).startswith("44 of 561 points evaluated, 501 interpolated: ")


def test_two_landscapes_have_their_own_notes(half):
    other = interpolated(bowl((17, 17)), tolerance_miss=0.02)
    said = subtitle(figures.compare(half, other, titles=("one", "two")))
    assert said.startswith(f"1 (one): {COUNTS}")
    assert "2 (two): 25 of 289 points evaluated" in said
    assert said.endswith("at most 2 % of the range of log L at 32 checked points, more than the 1 % asked for")
    assert subtitle(figures.compare(half, half)) == f"{COUNTS}, the rest interpolated: {ERROR}"
    assert subtitle(figures.compare(bowl(), bowl())) == ""


def test_a_line_is_whole_and_another_quantity_is_joined():
    found = interpolated(bowl((33,)))
    figure = figures.line(found)
    np.testing.assert_array_equal(figure.data[0].y, found["loss"].values)
    assert subtitle(figure).startswith("9 of 33 points evaluated")
    assert list(figure.data[0].text[:5]) == ["evaluated", *["interpolated"] * 3, "evaluated"]
    band = band_of(found, "accuracy")
    kept = np.arange(0, 33, 4)
    expected = np.interp(np.arange(33), kept, found["accuracy"].values[kept])
    np.testing.assert_allclose(band.median, expected, rtol=1e-15)
    assert band.holes == 0
    assert band.note.endswith("accuracy has a value at 9 of 33, straight lines join them")


def test_seeds_are_counted_together():
    several = interpolated(bowl((33,), planes=3), planes=json.dumps([{}, {}, {}]), tolerance_checked=96)
    assert note_of(several).startswith("27 of 99 points evaluated")
    assert note_of(several).endswith("at 96 checked points in all 3 planes")
    assert list(band_of(several, "accuracy").high[:5:4]) == list(3 * bowl((33,))["accuracy"].values[:5:4])
    plane = interpolated(bowl(planes=2))
    assert subtitle(figures.heatmap(plane, seed=1)).startswith(COUNTS)


def test_what_is_not_told_is_said_to_be_unknown(half):
    silent = half.assign_attrs(dict.fromkeys(TOLD, "x"))
    assert note_of(silent) == f"{COUNTS}, the rest interpolated: how far off is not told"
    for value in (True, float("nan"), -1.0, None, [1]):
        assert note_of(half.assign_attrs(tolerance_miss=value)).endswith("how far off is not told")
    # What NetCDF makes of numbers.
    read = half.assign_attrs(tolerance_miss=np.float64(0.004), tolerance_checked=np.int64(32))
    assert note_of(read) == note_of(half)


def test_a_tolerance_that_saved_nothing_or_is_at_work_is_told():
    whole = bowl().assign_attrs(TOLD)
    assert note_of(whole) == "all 561 points evaluated: none could be interpolated to within 1 % of the range of log L"
    running = whole.copy(deep=True)
    running["status"][1:] = 0
    assert note_of(running).startswith("the points to come are evaluated, or interpolated to within 1 %")
    assert note_of(whole, "accuracy") == ""
    failed = whole.copy(deep=True)
    failed["status"][0, 0] = 3
    assert note_of(failed).startswith("560 of 561 points evaluated: none could be interpolated to within 1 %")


def test_between_measured_points_a_slope_stays_a_slope():
    flat = bowl((21, 18))
    flat["accuracy"] = flat["a"] - 2 * flat["b"] + 0 * flat["loss"]
    found = interpolated(flat, 5)
    spread = progress_of(found, AXES, "accuracy").between(found["accuracy"].values)
    # Barycentric weights carry a few ulp of values up to 8.
    np.testing.assert_allclose(spread, flat["accuracy"].values, rtol=0, atol=1e-12)


@pytest.mark.parametrize("places", [[(1, 1)], [(0, 0), (3, 3)], [(0, 1), (1, 1), (2, 1)]])
def test_points_that_span_no_triangle_stand_for_the_nearest(places):
    there = np.zeros((4, 4), bool)
    there[tuple(np.transpose(places))] = True
    values = np.where(there, np.arange(16.0).reshape(4, 4), np.nan)
    spread = Spread(there).over(values)
    assert set(np.unique(spread)) == set(values[there])


def test_a_hole_reaches_as_far_as_its_triangles():
    there = np.zeros((9, 9), bool)
    there[::4, ::4] = True
    values = np.where(there, 1.0, np.nan)
    values[4, 4] = np.nan
    spread = Spread(there).over(values)
    assert np.isnan(spread[4, 4])
    # Its neighbours are results, and so are the triangles without it.
    assert np.array_equal(spread[there & np.isfinite(values)], np.ones(8))
    assert set(np.unique(spread[np.isfinite(spread)])) == {1.0}


def test_the_page_that_is_exported_says_it(half):
    page = encode(half, ".html").decode()
    assert f"<p>Points: 33 a x 17 b. {COUNTS}, the rest interpolated: {ERROR}.</p>" in page
    assert "interpolated" not in encode(bowl(), ".html").decode().split("plotly.js")[0]
