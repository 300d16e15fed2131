import numpy as np
import pytest
import xarray as xr
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import Grid, Objective, directions, figures, sweep
from explorer.figures import color_scale, contour_levels, contour_lines
from explorer.figures.levels import valley_levels
from models import MODELS
from tests.support.cases import neuron

ROUND = 1e-12


@pytest.fixture(scope="module")
def slope():
    """L = 100 w + b on a grid that is neither square nor symmetric."""
    objective = Objective(MODELS["tanh_neuron"](), terms={"slope": lambda model: 100 * model.w + model.b})
    return sweep(objective, directions.axes(objective, "w", "b"), Grid({"w": (-1, 3, 5), "b": (0, 7, 8)}))


@pytest.fixture(scope="module")
def valley():
    objective = neuron().objective
    grid = Grid({"w": (-4, 4, 33), "b": (-2, 2, 17)})
    return sweep(objective, directions.axes(objective, "w", "b"), grid, quantities=("loss", "gradient"))


def plain(values, **coords):
    values = np.asarray(values, dtype=float)
    coords = coords or {"w": np.arange(values.shape[0]), "b": np.arange(values.shape[1])}
    return xr.Dataset({"loss": (tuple(coords), values)}, coords)


def test_heatmap_reads_back_the_right_way_up(slope):
    trace = figures.heatmap(slope, scale="linear").data[0]
    for row, b in enumerate(trace.y):
        for column, w in enumerate(trace.x):
            assert trace.customdata[row][column] == pytest.approx(100 * w + b, abs=ROUND)
    assert np.array_equal(trace.x, slope["w"])


def test_a_transposed_file_is_drawn_the_same_way(slope):
    turned = slope.transpose("b", "w", ...)
    first, second = (figures.heatmap(each).data[0] for each in (slope, turned))
    assert np.array_equal(first.x, second.x)
    assert np.array_equal(first.customdata, second.customdata)


def test_surface_reads_back_the_right_way_up(slope):
    trace = figures.surface(slope).data[0]
    expected = 100 * np.asarray(trace.x)[None, :] + np.asarray(trace.y)[:, None]
    np.testing.assert_allclose(trace.customdata, expected, rtol=0, atol=ROUND)


def test_contour_lines_lie_where_the_loss_has_their_level(slope):
    lines = contour_lines(slope, [-50.0, 150.0])
    assert [level for level, _ in lines] == [-50.0, 150.0]
    for level, line in lines:
        # L is linear, and so is the interpolation along the edges of cells.
        np.testing.assert_allclose(100 * line[:, 0] + line[:, 1], level, rtol=0, atol=1e-10)


@pytest.mark.parametrize("level", [0.15, 0.4, 1.0])
def test_contour_lines_of_a_valley(valley, level):
    case = neuron()
    lines = [line for _, line in contour_lines(valley, [level])]
    found = np.array([case.loss(w, b).item() for line in lines for w, b in line])
    # Between points h = 1/4 apart, linear interpolation is off by at most h^2/8 times the second derivative, which is
    # the mean of (2 s^2 - 4 r T s) x^2 <= (2 + 3.6) * mean(x^2) = 11, as |T s| <= 0.385 and |r| <= 2.3.
    assert len(found) > 0
    np.testing.assert_allclose(found, level, rtol=0, atol=11 / 4**2 / 8)


def test_holes_interrupt_contour_lines():
    values = np.add.outer(np.arange(5.0), np.zeros(5))
    values[2, 2] = np.nan
    lines = [line for _, line in contour_lines(plain(values), [1.5])]
    # Of the cells around the hole the far triangles remain: the line ends where it meets their diagonals.
    assert not any(((line[:, 1] > 1.5) & (line[:, 1] < 2.5)).any() for line in lines)
    assert len(lines) == 2


def test_contour_draws_cased_lines_over_the_colors(valley):
    figure = figures.contour(valley, levels=[0.2])
    assert [trace.type for trace in figure.data] == ["heatmap", "scatter", "scatter"]
    below, above = figure.data[1:]
    assert below.line.width > above.line.width
    assert np.array_equal(below.x, above.x, equal_nan=True)
    drawn = np.column_stack([above.x, above.y])
    expected = np.concatenate([line for _, line in contour_lines(valley, [0.2])])
    assert np.array_equal(drawn[~np.isnan(drawn[:, 0])], expected)


def test_marks_are_drawn_where_they_are(valley):
    figure = figures.heatmap(valley, marks=[(1.0, -0.5), {"at": (0.5, 0.25), "label": "start"}])
    marks = figure.data[-1]
    assert (list(marks.x), list(marks.y), list(marks.text)) == ([1.0, 0.5], [-0.5, 0.25], ["", "start"])
    with pytest.raises(ValueError, match="expected marks"):
        figures.heatmap(valley, marks=[(1.0,)])


def test_axes_are_labelled_and_of_one_unit(slope):
    layout = figures.heatmap(slope).layout
    assert (layout.xaxis.title.text, layout.yaxis.title.text) == ("w", "b")
    assert (layout.yaxis.scaleanchor, layout.yaxis.scaleratio) == ("x", 1)
    stretched = plain(np.arange(6.0).reshape(2, 3), w=[0.0, 100.0], b=[0.0, 1.0, 2.0])
    assert figures.heatmap(stretched).layout.yaxis.scaleanchor is None


def test_color_bar_is_in_loss_units_and_states_the_floor(valley):
    axis = figures.heatmap(valley).layout.coloraxis
    scale = color_scale(valley["loss"])
    assert scale.kind == "log"
    np.testing.assert_allclose(10 ** np.array(axis.colorbar.tickvals)[[0, -1]], [scale.low, scale.high], rtol=1e-14)
    assert f"floor {scale.floor:.1e}" in axis.colorbar.title.text
    assert (axis.cmin, axis.cmax) == (np.log10(scale.low), np.log10(scale.high))


def test_values_that_are_not_finite_are_counted_holes(valley):
    holed = valley.copy(deep=True)
    holed["loss"][3, 2] = np.nan
    holed["loss"][4, 5] = np.inf
    figure = figures.heatmap(holed)
    assert "2 points not finite" in figure.layout.coloraxis.colorbar.title.text
    assert np.isnan(np.asarray(figure.data[0].z)).sum() == 2
    assert np.isnan(figure.data[0].z[2][3])


def test_compare_shares_one_scale(valley, slope):
    tenfold = valley.copy(deep=True)
    tenfold["loss"] = valley["loss"] * 10
    figure = figures.compare(valley, tenfold, titles=("once", "tenfold"))
    both = color_scale(np.concatenate([valley["loss"].values, tenfold["loss"].values]))
    assert {trace.coloraxis for trace in figure.data} == {"coloraxis"}
    assert figure.layout.coloraxis.cmax == pytest.approx(np.log10(both.high))
    assert [each.text for each in figure.layout.annotations] == ["once", "tenfold"]
    assert (figure.layout.yaxis.scaleanchor, figure.layout.yaxis2.scaleanchor) == ("x", "x2")
    assert len(figures.compare(valley, slope, tenfold).data) == 3
    with pytest.raises(ValueError, match="at least two"):
        figures.compare(valley)
    with pytest.raises(ValueError, match="2 titles"):
        figures.compare(valley, slope, titles=("one",))


@pytest.mark.parametrize("draw", [figures.heatmap, figures.contour, figures.surface])
def test_figures_do_not_change_the_landscape(valley, draw):
    before = valley.copy(deep=True)
    draw(valley).to_json()
    xr.testing.assert_identical(valley, before)


def test_a_term_is_drawn_by_its_name():
    terms = {"one": lambda model: model.w**2, "two": lambda model: model.b**2 + 1}
    objective = Objective(MODELS["tanh_neuron"](), terms=terms)
    plane = directions.axes(objective, "w", "b")
    found = sweep(objective, plane, Grid.square(points=3, labels=("w", "b")), quantities=("loss", "terms"))
    assert figures.heatmap(found, "two").data[0].customdata[2][1] == 2.0


@pytest.mark.parametrize(
    ("quantity", "message"), [("los", r"among \['loss', 'gradient', 'status'\]"), ("gradient", r"isel\(direction=0\)")]
)
def test_what_cannot_be_drawn_is_refused(valley, quantity, message):
    with pytest.raises(ValueError, match=message):
        figures.heatmap(valley, quantity)
    assert figures.heatmap(valley.isel(direction=0), "gradient").data[0].type == "heatmap"


def test_unknown_scales_are_refused(valley):
    with pytest.raises(ValueError, match='"auto", "log", "linear"'):
        figures.heatmap(valley, scale="logarithmic")


# The colour scale


def test_scale_is_logarithmic_from_1_2_decades_on():
    assert color_scale([1.0, 10**1.21]).kind == "log"
    assert color_scale([1.0, 10**1.19]).kind == "linear"
    assert color_scale([-1.0, 1e9]).kind == "linear"
    assert color_scale([1.0, 2.0], "log").kind == "log"
    assert color_scale([1.0, 1e9], "linear").kind == "linear"


def test_an_exact_zero_gets_the_floor():
    values = np.concatenate([np.zeros(500), np.full(500, 2.0)])
    scale = color_scale(values)
    assert (scale.kind, scale.low, scale.high, scale.floor) == ("log", 2e-6, 2.0, 2e-6)
    assert scale.decades == pytest.approx(6, abs=1e-14)
    assert scale.normalize([0.0, 2e-3, 2.0]) == pytest.approx([0, 0.5, 1], abs=1e-14)


def test_scale_is_clipped_at_the_quantiles():
    values = np.linspace(1, 1001, 1001)
    scale = color_scale(values)
    # The value at quantile q of 1, 2, ..., 1001 is 1 + 1000 q.
    assert (scale.low, scale.high) == pytest.approx((5.0, 986.0), rel=1e-14)
    assert scale.floor == 1.0
    assert scale.normalize([1.0, 5.0, 986.0, 1001.0]) == pytest.approx([0, 0, 1, 1], abs=1e-15)


def test_normalize_keeps_shape_and_marks_holes():
    scale = color_scale([[1.0, np.nan], [np.inf, 3.0]], "linear")
    assert scale.holes == 2
    found = scale.normalize([[1.0, np.nan], [-np.inf, 3.0]])
    assert np.array_equal(np.isnan(found), [[False, True], [True, False]])


def test_equal_values_have_the_lowest_color():
    assert color_scale(np.full(9, 3.0)).normalize([3.0, np.nan])[0] == 0.0
    figures.heatmap(plain(np.full((3, 3), 3.0))).to_json()
    assert contour_levels(color_scale(np.full(9, 3.0))) == []


@settings(deadline=None, max_examples=80)
@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=30), st.sampled_from(["auto", "linear"]))
def test_normalize_is_monotone_within_zero_and_one(values, kind):
    scale = color_scale(values, kind)
    found = scale.normalize(np.sort(values))
    assert ((found >= 0) & (found <= 1)).all()
    assert (np.diff(found) >= 0).all()


def test_scales_that_cannot_be_are_refused():
    with pytest.raises(ValueError, match="all 2 are NaN"):
        color_scale([np.nan, np.inf])
    with pytest.raises(ValueError, match="the lowest is -1"):
        color_scale([-1.0, 5.0], "log")


# Contour levels


def test_levels_are_round_numbers():
    assert contour_levels(color_scale([0.05, 3.0])) == [0.1, 0.2, 0.5, 1.0, 2.0]
    assert contour_levels(color_scale([0.0, 10.0], "linear"), 5) == [2.0, 4.0, 6.0, 8.0]
    assert contour_levels(color_scale([-0.35, 0.35], "linear"), 8) == pytest.approx(
        [-0.3, -0.2, -0.1, 0, 0.1, 0.2, 0.3]
    )


@settings(deadline=None, max_examples=100)
@given(st.floats(1e-8, 1e3), st.floats(1.3, 8), st.integers(1, 20), st.sampled_from(["log", "linear"]))
def test_levels_are_inside_ascending_and_not_too_many(low, decades, count, kind):
    scale = color_scale([low, low * 10**decades], kind)
    levels = contour_levels(scale, count)
    assert all(scale.low < level < scale.high for level in levels)
    assert levels == sorted(set(levels))
    assert len(levels) <= count + 1


def test_no_levels_at_all_are_refused():
    with pytest.raises(ValueError, match="at least 1 level"):
        contour_levels(color_scale([1.0, 2.0]), 0)


def test_levels_of_a_valley_halve_their_height_above_the_bottom():
    values = np.linspace(0.29, 3.0, 200)
    scale = color_scale(values)
    levels = contour_levels(scale)
    low = valley_levels(scale, levels)
    assert scale.kind == "linear"
    assert len(low) == 4
    assert scale.floor < low[0]
    assert low[-1] < levels[0]
    ratios = np.diff(np.array([*low, levels[0]]) - scale.floor, prepend=np.nan)[1:] / (np.array(low) - scale.floor)
    # Each gap is the height of the level below it; two digits leave 5 % in both: 2 * 1.05 / 0.95 - 1 = 1.21 at most.
    assert ratios == pytest.approx(np.ones(4), abs=0.21)
    assert valley_levels(color_scale(np.geomspace(1e-3, 1, 50)), [0.1]) == []
    assert valley_levels(scale, []) == []
