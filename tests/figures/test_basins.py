import numpy as np
import pytest
import xarray as xr

import models
from experiments import TARGETS
from explorer import Grid, Objective, Plane, basins, directions, figures
from explorer.figures.basin_kinds import COLORS, NOT_COMPUTED, ending_kinds, minimum_kinds


@pytest.fixture(scope="module")
def found():
    data = TARGETS["two_readings"]
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (data.x, data.y))
    grid = Grid({"w": (-1.5, 4, 12), "b": (-2.5, 2, 9)})
    return basins(objective, directions.axes(objective, "w", "b"), grid, "gd", 0.5, 400, progress=False)


@pytest.fixture(scope="module")
def across_rates():
    data = TARGETS["two_points"]
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (data.x, data.y))
    plane = directions.axes(objective, "w", "b")
    line = Plane(plane.origin, plane.basis[:1], ("w",))
    return basins(objective, line, Grid({"w": (-4, 4, 5)}), "adam", [0.01, 0.1, 1.0], 30, progress=False)


def test_minima_are_kinds_with_names_and_colors(found):
    codes, kinds = minimum_kinds(found)
    assert [kind.name for kind in kinds] == [
        "θ*1 (2.15, -0.385), L = 0.162", "θ*2 (0.279, -0.204), L = 0.209", "no minimum reached", "diverged",
    ]  # fmt: skip
    assert [kind.color for kind in kinds[:2]] == list(COLORS[:2])
    np.testing.assert_array_equal(codes, np.where(found.minimum < 0, 2, found.minimum))


def test_what_diverged_or_is_missing_has_its_own_code(found):
    some = found.copy(deep=True)
    some["diverged"].values[0, 0] = True
    some["status"].values[1, 1] = 0
    assert minimum_kinds(some)[0][0, 0] == 3
    assert minimum_kinds(some)[0][1, 1] == NOT_COMPUTED
    endings, kinds = ending_kinds(some)
    assert [kind.name for kind in kinds] == ["settled", "still moving at the last step", "diverged"]
    expected = np.where(found.steps_to_tolerance.values >= 0, 0, 1)
    expected[0, 0], expected[1, 1] = 2, NOT_COMPUTED
    np.testing.assert_array_equal(endings, expected)


def test_the_map_of_minima_has_a_legend_and_their_places(found):
    figure = figures.basin(found)
    heatmap, *entries, marks = figure.data
    assert heatmap.z.shape == (9, 12)
    np.testing.assert_array_equal(heatmap.z, minimum_kinds(found)[0].T)
    names = np.array([kind.name for kind in minimum_kinds(found)[1]])
    np.testing.assert_array_equal(heatmap.text, names[minimum_kinds(found)[0]].T)
    assert [entry.name for entry in entries] == [kind.name for kind in minimum_kinds(found)[1][:3]]
    assert list(marks.text) == ["θ*1", "θ*2"]
    # An end counts as at its minimum from a loss 1e-4 above on: here within sqrt(2e-4 / 0.05).
    assert marks.x == pytest.approx([2.1547, 0.2788], abs=0.07)
    assert figure.layout.title.text == "Gradient descent, rate 0.5, 400 steps: minimum reached"


@pytest.mark.parametrize("show", ["loss", "steps"])
def test_numbers_are_on_a_color_scale_with_holes(found, show):
    some = found.copy(deep=True)
    some["diverged"].values[3, 2] = True
    heatmap = figures.basin(some, show).data[0]
    assert np.isnan(heatmap.z[2, 3])
    values = some.final_loss if show == "loss" else some.steps_to_tolerance.where(some.steps_to_tolerance >= 0)
    np.testing.assert_array_equal(heatmap.customdata, values.where(~some.diverged).values.T)


def test_rates_are_a_logarithmic_axis(across_rates):
    figure = figures.basin(across_rates, "diverged")
    assert figure.layout.yaxis.type == "log"
    assert figure.layout.yaxis.title.text == "learning rate"
    assert list(figure.data[0].y) == [0.01, 0.1, 1.0]
    assert figure.layout.title.text == "Adam, 30 steps: how paths end"


def test_a_map_in_the_making_says_so(found):
    some = found.copy(deep=True)
    some["status"].values[:6] = 0
    figure = figures.basin(some)
    assert figure.layout.title.text.endswith("(50 % computed)")
    assert np.isnan(figure.data[0].z[:, :6]).all()
    assert figure.data[0].text[0][0] == "not computed"


def test_what_cannot_be_drawn_is_refused(found, across_rates):
    with pytest.raises(ValueError, match="show to be one of minimum, loss, steps, diverged; got 'speed'"):
        figures.basin(found, "speed")
    with pytest.raises(ValueError, match="over two dimensions"):
        figures.basin(across_rates.isel(lr=0))


def test_a_landscape_that_is_no_basin_map_is_refused():
    plain = xr.Dataset({"loss": (("w", "b"), np.zeros((2, 2)))})
    with pytest.raises(ValueError, match=r"expected a map of explorer\.basins; got variables loss"):
        figures.basin(plain)
