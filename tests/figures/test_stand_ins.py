"""Figures of landscapes that are still computed, of several seeds, along a line, with checkpoints."""

import json

import numpy as np
import pytest
import xarray as xr

from explorer import figures
from explorer.exports import encode
from explorer.figures import contour_lines
from explorer.figures.lines import band_of
from explorer.figures.projections import FAR, fading, spread_words
from explorer.figures.stand_ins import Progress
from explorer.grid import Grid
from explorer.landscape import checkpoints_of, gram_of

SLOPE = (3.0, -2.0)


def slope(points=(9, 5), share=1.0, **attrs):
    """L = 3 a - 2 b where it is computed, coarse to fine; NaN elsewhere."""
    grid = Grid({"a": (0, 8, points[0]), "b": (0, 4, points[1])})
    values = grid.coords @ np.array(SLOPE)
    status = np.zeros(grid.size, np.int8)
    status[grid.order[: round(share * grid.size)]] = 1
    values[status == 0] = np.nan
    data = {"loss": (("a", "b"), values.reshape(points)), "status": (("a", "b"), status.reshape(points))}
    return xr.Dataset(data, grid.values, attrs)


def seeded(rows, **coords):
    rows = np.asarray(rows, float)
    axes = tuple(coords) or ("alpha", "beta")[: rows.ndim - 1]
    points = coords or {label: np.arange(n) for label, n in zip(axes, rows.shape[1:], strict=True)}
    return xr.Dataset({"loss": (("seed", *axes), rows)}, {"seed": np.arange(len(rows)) + 5, **points})


def test_a_missing_point_has_the_color_of_the_nearest_computed_one():
    half = slope(share=0.4)
    trace = figures.heatmap(half).data[0]
    computed = half["status"].values.T == 1
    rows, columns = np.nonzero(~computed)
    there = np.argwhere(computed)
    for row, column in zip(rows, columns, strict=True):
        far = np.hypot(*(there - [row, column]).T)
        nearest = there[far == far.min()]
        # Where several are as near, any of them may stand for it.
        assert trace.customdata[row][column] in [3.0 * x - 2.0 * y for y, x in nearest]
    assert np.isfinite(np.asarray(trace.customdata, float)).all()


@pytest.mark.parametrize(("share", "words"), [(0.4, "(40 % computed)"), (0.999, "(97 % computed)"), (1.0, "")])
def test_the_title_says_how_much_is_computed(share, words):
    # round(0.999 * 45) = 45 points would be all: one less shows that 100 % is never said too early.
    landscape = slope(share=share) if share != 0.999 else slope(share=44 / 45)
    for draw in (figures.heatmap, figures.contour, figures.surface):
        assert draw(landscape).layout.title.text.endswith(words or "loss")
    assert figures.compare(landscape, landscape).layout.annotations[0].text.endswith(words or "loss")


def test_holes_of_a_half_computed_landscape_are_counted_once():
    half = slope(share=0.4)
    half["loss"][0, 0] = np.inf
    figure = figures.heatmap(half)
    assert "1 points not finite" in figure.layout.coloraxis.colorbar.title.text
    assert np.isnan(np.asarray(figure.data[0].z, float)).sum() >= 1


def test_contours_keep_to_the_finest_regular_grid_that_is_there():
    for level, line in contour_lines(slope((17, 9), share=0.5), [2.0, 7.5]):
        # L is linear, and so is what is drawn between computed points: stand-ins would be off by up to 3.
        np.testing.assert_allclose(line @ np.array(SLOPE), level, rtol=0, atol=1e-12)


def test_between_points_a_slope_stays_a_slope():
    half = slope((17, 9), share=0.5)
    progress = Progress(half["status"].values == 1)
    exact = slope((17, 9))["loss"].values
    np.testing.assert_allclose(progress.between(half["loss"].values), exact, rtol=0, atol=1e-12)
    # Beyond the last regular point its value holds: 16 is no multiple of the stride, 15 of 18 points.
    odd = slope((18, 9), share=0.4)
    found = Progress(odd["status"].values == 1).between(odd["loss"].values)
    assert np.isfinite(found).all()


def test_a_status_is_known_of_every_point():
    half = slope(share=0.4)
    drawn = np.asarray(figures.heatmap(half, "status").data[0].customdata)
    assert np.array_equal(drawn, half["status"].values.T)


def test_nothing_computed_is_refused_in_words():
    with pytest.raises(ValueError, match="none is there yet"):
        figures.heatmap(slope(share=0.0))


def test_several_seeds_are_refused_with_the_cure_and_one_is_drawn():
    several = seeded([[[0.0, 1.0], [2.0, 3.0]], [[4.0, 5.0], [6.0, 7.0]]])
    with pytest.raises(ValueError, match="choose with seed=5"):
        figures.heatmap(several)
    assert figures.heatmap(several, seed=6).data[0].customdata[1][0] == 5.0
    assert figures.contour(several, seed=5).data[0].customdata[0][0] == 0.0
    assert figures.compare(several, several, seed=6).data[1].customdata[0][0] == 4.0
    with pytest.raises(ValueError, match=r"among \[5, 6\]; got 7"):
        figures.surface(several, seed=7)
    with pytest.raises(ValueError, match="leave it out"):
        figures.heatmap(slope(), seed=0)


def test_a_band_is_lowest_median_and_highest():
    found = band_of(seeded([[1.0, 5.0, np.nan], [2.0, 3.0, np.inf], [9.0, 4.0, np.nan]]))
    assert (found.seeds, found.holes) == (3, 3)
    np.testing.assert_array_equal(found.low, [1, 3, np.nan])
    np.testing.assert_array_equal(found.median, [2, 4, np.nan])
    np.testing.assert_array_equal(found.high, [9, 5, np.nan])
    figure = figures.line(seeded([[1.0, 5.0], [2.0, 3.0], [9.0, 4.0]]))
    assert [trace.fill for trace in figure.data] == [None, "tonexty", None]
    assert list(figure.data[2].y) == [2, 4]


def test_a_line_of_one_seed_is_a_line():
    landscape = xr.Dataset({"loss": ("alpha", [3.0, 1.0, 2.0]), "status": ("alpha", np.array([1, 0, 1], np.int8))},
                           {"alpha": [0.0, 1.0, 2.0]})  # fmt: skip
    landscape["loss"][1] = np.nan
    figure = figures.line(landscape)
    assert list(figure.data[0].x) == [0, 2]
    assert figure.layout.title.text == "loss (66 % computed)"
    assert figures.line(landscape, log=True).layout.yaxis.type == "log"
    with pytest.raises(ValueError, match=r"explorer\.figures\.heatmap"):
        figures.line(slope())
    with pytest.raises(ValueError, match=r"explorer\.figures\.line"):
        figures.heatmap(landscape)


def entry(name, at, offset, path, loss=1.0):
    return {"name": name, "at": list(at), "offset": offset, "loss": loss, "plane_loss": 0.5, "path": path}


def with_checkpoints(*entries, **attrs):
    return slope(checkpoints=json.dumps(list(entries)), **attrs)


def test_a_path_is_dotted_where_it_is_far_from_the_plane():
    # In the plane the path is 5 long, 3-4-5: its ends are the farthest apart.
    landscape = with_checkpoints(
        entry("0", (0, 0), 0.0, True), entry("1", (3, 0), 1.0, True), entry("2", (3, 4), 4.0, True),
        entry("end", (1, 1), 2.0, False, loss=None),
    )  # fmt: skip
    found = checkpoints_of(landscape.attrs)
    far = fading([each for each in found if each.on_path], gram_of(landscape.attrs, 2))
    assert far == pytest.approx([0.5 / 5, 2.5 / 5], abs=1e-15)
    assert far[0] < FAR < far[1]
    figure = figures.path(landscape)
    lines = [trace for trace in figure.data if trace.type == "scatter" and trace.line.color == "#ffc46b"]
    assert [trace.line.dash for trace in lines] == ["solid", "dot"]
    np.testing.assert_array_equal(np.column_stack([lines[1].x, lines[1].y])[:2], [(3, 0), (3, 4)])
    assert figure.data[-1].hovertext[0] == "end<br>2 from the plane<br>loss in the plane 0.5"


def test_several_paths_have_a_legend_with_their_colors_and_patterns():
    entries = [
        entry(f"{run}, step {step}", (2 * step, step), float(run == "b"), True) | {"run": run, "step": step}
        for run in ("a", "b") for step in (0, 1, 2)
    ]  # fmt: skip
    made = {"kind": "principal", "thetas": 6, "runs": [3, 3], "explained": [0.7, 0.2, 0.1], "random_walk": [0.5, 0.25]}
    basis = json.dumps({"norms": [1.0, 1.0], "cosines": [0.0], "made": made})
    figure = figures.path(with_checkpoints(*entries, basis=basis))
    shown = [(trace.name, trace.line.color, trace.line.dash) for trace in figure.data if trace.showlegend]
    assert shown == [("a", "#ffc46b", "solid"), ("b", "#7fe3ff", "dash")]
    # Each path is 2 sqrt 5 long; b is 1 away from the plane, 0.22 of that: its own pattern, not dots.
    assert not any(trace.line.dash == "dot" for trace in figure.data if trace.type == "scatter")
    said = figure.layout.title.subtitle.text.replace("<br>", " ")
    assert "The plane holds 90.0 % of the spread of 2 paths together" in said
    assert "of 2 random walks with 6 points together it would be 75.0 %" in said
    solid = figures.surface(with_checkpoints(*entries, basis=basis), path=True)
    colors = [trace.line.color for trace in solid.data if trace.type == "scatter3d" and trace.mode == "lines"]
    assert colors[-2:] == ["#ffc46b", "#7fe3ff"]


def test_what_a_principal_plane_holds_is_said_where_it_is_known():
    made = {"kind": "principal", "thetas": 3, "explained": [0.75, 0.15, 0.1]}
    words = spread_words({"basis": json.dumps({"made": {**made, "random_walk": [0.5, 0.3, 0.2]}})})
    assert words == "The plane holds 90.0 % of the path's spread; of a random walk of 3 points it would be 80.0 %."
    assert "no random walks compare" in spread_words({"basis": json.dumps({"made": {**made, "runs": [1, 2]}})})
    for other in ({}, {"basis": "{"}, {"basis": '{"made": {"kind": "gaussian"}}'}, {"basis": '{"made": 3}'}):
        assert spread_words(other) == ""


def test_the_size_of_a_path_is_measured_in_theta():
    basis = json.dumps({"norms": [2.0, 3.0], "cosines": [0.5]})
    gram = gram_of({"basis": basis}, 2)
    np.testing.assert_allclose(gram, [[4, 3], [3, 9]], rtol=1e-15)
    places = [entry("0", (0, 0), 1.0, True), entry("1", (1, 1), 1.0, True)]
    path = checkpoints_of({"checkpoints": json.dumps(places)})
    # |d1 + d2|^2 = 4 + 2 * 3 + 9
    assert fading(path, gram) == pytest.approx([1 / np.sqrt(19)], rel=1e-15)


@pytest.mark.parametrize("text", ["[1]", "{", '[{"name": "a"}]', '{"a": 1}', '[{"name": "a", "at": "x", "offset": 1}]'])
def test_checkpoints_that_cannot_be_read_are_refused(text):
    with pytest.raises(ValueError, match="JSON list"):
        figures.path(slope(checkpoints=text))
    with pytest.raises(ValueError, match="checkpoints="):
        figures.path(slope())


def test_lengths_that_cannot_be_are_no_measure_of_a_path():
    bent = json.dumps({"norms": [1.0, 1.0], "cosines": [2.0]})
    entries = [entry(str(step), (step, step), 0.1, True) for step in (0, 1)]
    with pytest.raises(ValueError, match="expected norms and cosines of two basis vectors"):
        figures.path(with_checkpoints(*entries, basis=bent))
    # A file needs no measure where it draws none.
    assert "Plotly.newPlot" in encode(with_checkpoints(*entries, basis=bent), ".html").decode()


def test_names_are_shown_letter_for_letter():
    evil = "<a href='https://evil'>x</a>"
    landscape = slope(loss_name=evil).rename({"a": "<b>a</b>"})
    figure = figures.contour(landscape, marks=[{"at": (1, 1), "label": evil}])
    assert "<" not in figure.layout.title.text + figure.layout.xaxis.title.text + figure.data[-1].text[0]
    assert "<b>" not in figure.data[0].hovertemplate
    assert "<" not in figures.compare(slope(), slope(), titles=(evil, "b")).layout.annotations[0].text
