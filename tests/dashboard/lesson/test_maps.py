"""The scene: what the maps draw is the landscape, the right way up, holes included."""

import numpy as np
import pytest
import torch
import xarray as xr

from experiments import STUDIES
from explorer.dashboard.lesson import maps
from explorer.dashboard.lesson.state import State, parse
from explorer.figures.levels import contour_levels, contour_lines
from explorer.figures.scale import color_scale
from tests.support.coded_maps import unpacked

NEURON = STUDIES["neuron"]


def readable(points_w: int = 5, points_b: int = 3) -> xr.DataArray:
    w, b = np.linspace(-1, 3, points_w), np.linspace(10, 11, points_b)
    return xr.DataArray(100 * w[:, None] + b[None, :], dims=("w", "b"), coords={"w": w, "b": b})


def test_rows_are_b_and_columns_w_on_a_grid_that_is_neither_square_nor_symmetric() -> None:
    values = readable()
    drawn = maps.drawn(values)
    assert drawn["shape"] == [3, 5]
    low, high = drawn["scale"]["low"], drawn["scale"]["high"]
    shown = low + unpacked(drawn) / (maps.HOLE - 1) * (high - low)
    # One code is 1/65534 of the scale; clipped ends are the quantiles of the scale.
    assert shown == pytest.approx(np.clip(values.values.T, low, high), abs=(high - low) / 65534)


def test_points_that_are_not_finite_are_holes_and_counted() -> None:
    values = readable(9, 7)
    values[2, 3], values[4, 1] = np.nan, np.inf
    drawn = maps.drawn(values)
    assert drawn["scale"]["holes"] == 2
    assert [list(place) for place in np.argwhere(unpacked(drawn) == maps.HOLE)] == [[1, 4], [3, 2]]


def test_the_map_is_the_sweep_to_the_last_code() -> None:
    state, _ = parse("target=noisy&loss=log_cosh&n=33", STUDIES)
    (drawn,) = maps.payload(state, NEURON)["maps"]
    swept = maps.landscape(state, NEURON, 33)["loss"].values.T
    scale = drawn["scale"]
    shown = np.exp(np.log(scale["low"]) + unpacked(drawn) / (maps.HOLE - 1) * np.log(scale["high"] / scale["low"]))
    # Half a code of the logarithmic scale.
    half = np.log(scale["high"] / scale["low"]) / 65534
    assert np.log(shown) == pytest.approx(np.log(np.clip(swept, scale["low"], scale["high"])), abs=half)


def test_moving_the_point_does_not_sweep_again() -> None:
    first = maps.payload(State(w=0.1), NEURON)
    assert maps.payload(State(w=0.2, b=0.3, hide=("code",), mode=("dark",)), NEURON) is first
    assert maps.payload(State(w=0.1, loss="mae"), NEURON) is not first


def test_the_field_is_the_gradient_by_autograd() -> None:
    arrows = maps.payload(State(), NEURON)["field"]["arrows"]
    objective = maps.objective_of(State(), NEURON)
    for w, b, dw, db in arrows[::37]:
        gradient = torch.func.grad(objective)(torch.tensor([w, b], dtype=torch.float64))
        # Places and arrows are sent with 4 digits; the gradient changes by less than 3 per unit here.
        assert [dw, db] == pytest.approx(gradient.tolist(), rel=1e-3, abs=5e-3)


def test_small_closed_loops_of_a_canyon_are_not_drawn() -> None:
    w, b = np.linspace(-4, 4, 161), np.linspace(-4, 4, 161)
    # A canyon far narrower than a cell, oblique: on the grid its bottom is a string of pits.
    values = xr.DataArray(
        (np.abs(w[:, None] - 0.37 * b[None, :]) + 0.001) ** 2, dims=("w", "b"), coords={"w": w, "b": b}
    )
    from explorer.figures.scale import color_scale

    scale = color_scale(values.values)
    raw = contour_lines(xr.Dataset({"loss": values}), contour_levels(scale))
    drawn = maps.contours(values, scale)
    closed = [line for _, line in drawn if line[0] == line[-1]]
    assert len(drawn) < len(raw)
    assert all(np.ptp(np.array(line), axis=0).max() >= 3 * 0.05 - 1e-3 for line in closed)


def test_contours_lose_vertices_but_not_their_course() -> None:
    values = maps.landscape(State(target="outliers", loss="mae"), NEURON, 161)["loss"]
    drawn = maps.contours(values, color_scale(values.values))
    # The objective itself, on every vertex and in the middle of every chord that was left.
    objective = maps.objective_of(State(target="outliers", loss="mae"), NEURON)
    for level, line in drawn:
        points = torch.tensor(line, dtype=torch.float64)
        places = torch.cat([points, (points[1:] + points[:-1]) / 2])
        # Off by 3/50 of a cell of 0.0375 at most, on a slope under 2; linear interpolation in a cell adds 0.0375^2.
        off = (torch.func.vmap(objective)(places) - level).abs().max()
        assert off < 3 / 50 * 0.0375 * 2 + 0.0375**2
    assert sum(len(line) for _, line in drawn) < 1500


def test_the_long_shallow_trough_has_contours_of_its_own() -> None:
    state, _ = parse("target=sloped_line&n=81", STUDIES)
    (drawn,) = maps.payload(state, NEURON)["maps"]
    assert drawn["scale"]["kind"] == "linear"
    # The loss at the end of the window, w = 10 on b = 0, is under 1/3: the trough is told only by levels below 0.5.
    low = [(level, line) for level, line in drawn["contours"] if level < 0.5]
    assert len({level for level, _ in low}) >= 3
    assert max(point[0] for _, line in low for point in line) > 8


def test_the_weighted_total_comes_from_the_swept_terms() -> None:
    reaction = STUDIES["reaction"]
    state = State(study="reaction", weight=7.0, n=33)
    maps.total_contours(state, reaction)
    before = maps._terms.cache_info().misses
    drawn = maps.total_contours(State(study="reaction", weight=3.0, n=33), reaction)
    assert maps._terms.cache_info().misses == before
    direct = maps.landscape(State(study="reaction", weight=3.0, n=33), reaction, 33)["loss"]
    assert drawn == maps.contours(direct, color_scale(direct.values))
