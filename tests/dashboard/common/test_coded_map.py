"""A coded map is its values, the right way up, holes included; its contours keep their course."""

import numpy as np
import pytest
import xarray as xr

from explorer.dashboard.common.coded_map import HOLE, contours, drawn
from explorer.figures.levels import contour_levels, contour_lines
from explorer.figures.scale import color_scale
from tests.support.page.coded_maps import unpacked


def readable(points_w: int = 5, points_b: int = 3) -> xr.DataArray:
    w, b = np.linspace(-1, 3, points_w), np.linspace(10, 11, points_b)
    return xr.DataArray(100 * w[:, None] + b[None, :], dims=("w", "b"), coords={"w": w, "b": b})


def test_rows_are_b_and_columns_w_on_a_grid_that_is_neither_square_nor_symmetric() -> None:
    values = readable()
    sent = drawn(values)
    assert sent["shape"] == [3, 5]
    low, high = sent["scale"]["low"], sent["scale"]["high"]
    shown = low + unpacked(sent) / (HOLE - 1) * (high - low)
    # One code is 1/65534 of the scale; clipped ends are the quantiles of the scale.
    assert shown == pytest.approx(np.clip(values.values.T, low, high), abs=(high - low) / 65534)


def test_points_that_are_not_finite_are_holes_and_counted() -> None:
    values = readable(9, 7)
    values[2, 3], values[4, 1] = np.nan, np.inf
    sent = drawn(values)
    assert sent["scale"]["holes"] == 2
    assert [list(place) for place in np.argwhere(unpacked(sent) == HOLE)] == [[1, 4], [3, 2]]


def test_small_closed_loops_of_a_canyon_are_not_drawn() -> None:
    w, b = np.linspace(-4, 4, 161), np.linspace(-4, 4, 161)
    # A canyon far narrower than a cell, oblique: on the grid its bottom is a string of pits.
    values = xr.DataArray(
        (np.abs(w[:, None] - 0.37 * b[None, :]) + 0.001) ** 2, dims=("w", "b"), coords={"w": w, "b": b}
    )
    scale = color_scale(values.values)
    raw = contour_lines(xr.Dataset({"loss": values}), contour_levels(scale))
    kept = contours(values, scale)
    closed = [line for _, line in kept if line[0] == line[-1]]
    assert len(kept) < len(raw)
    assert all(np.ptp(np.array(line), axis=0).max() >= 3 * 0.05 - 1e-3 for line in closed)
