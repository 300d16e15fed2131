"""Coded map: values over two axes as the browser takes them: small codes along a colour scale, and contours."""

import base64
import math
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.figures.levels import contour_levels, contour_lines, valley_levels
from explorer.figures.scale import ColorScale, color_scale

HOLE = 65535
"""The code of a point that is not a finite number; finite ones take 0..65534."""
CONTOUR_POINTS = 257


def drawn(values: xr.DataArray) -> dict[str, Any]:
    """Return one map: uint16 codes along its colour scale, the scale in the values' units, labelled contours."""
    scale = color_scale(values.values)
    alpha, beta = values.dims
    return {
        "codes": coded(values.values, scale),
        "shape": [values.sizes[beta], values.sizes[alpha]],
        "scale": scale_of(scale),
        "contours": contours(values, scale),
    }


def coded(values: NDArray[np.float64], scale: ColorScale) -> str:
    """Code values [first axis, second axis] along a scale: rows are the second axis (drawn upwards), columns the
    first."""
    codes = np.nan_to_num(np.round(scale.normalize(values) * (HOLE - 1)), nan=HOLE)
    return squeezed(codes.T.astype("<u2"))


def squeezed(codes: NDArray[Any]) -> str:
    """Differences of differences along each row, low bytes before high ones: gzip then finds a third of the size."""
    for _ in range(2):
        codes = np.diff(codes, axis=1, prepend=np.zeros((len(codes), 1), codes.dtype))
    return base64.b64encode(np.ascontiguousarray(codes).view(np.uint8).reshape(-1, 2).T.tobytes()).decode()


def packed(values: xr.DataArray) -> str:
    """Return float32 values: rows are the second axis (drawn upwards), whatever the order in memory."""
    alpha, beta = values.dims
    return base64.b64encode(values.transpose(beta, alpha).values.astype("<f4").tobytes()).decode()


def scale_of(scale: ColorScale) -> dict[str, Any]:
    """Return what the legend says, in the values' units."""
    return {name: getattr(scale, name) for name in ("kind", "low", "high", "floor", "decades", "holes")}


def contours(values: xr.DataArray, scale: ColorScale) -> list[list[Any]]:
    """Return [level, [[alpha, beta], ...]] polylines, drawn from at most 257 points a side."""
    stride = max(1, (max(values.shape) - 1) // (CONTOUR_POINTS - 1))
    thin = xr.Dataset({"loss": values[::stride, ::stride]})
    cell = [float(np.ptp(thin[label].values)) / (thin.sizes[label] - 1) for label in values.dims]
    levels = contour_levels(scale)
    lines = contour_lines(thin, [*valley_levels(scale, levels), *levels])
    kept = [(level, _thinned(line, cell)) for level, line in lines if not _is_bead(line, cell)]
    # To thousandths, or where the window is small to a hundredth of a cell.
    digits = max(3, 2 - math.floor(math.log10(min(cell))))
    return [[level, np.round(line, digits).tolist()] for level, line in kept]


def _thinned(line: NDArray[Any], cell: list[float]) -> NDArray[Any]:
    """Leave out every second vertex that lies within 1/50 of a cell of the chord past it, three times over.

    Contours have two vertices a cell, far more than the eye or the wire needs where they are nearly straight.
    """
    for _ in range(3):
        before, here, after = line[:-2:2] / cell, line[1:-1:2] / cell, line[2::2] / cell
        chord, arm = after - before, here - before
        area = np.abs(chord[:, 0] * arm[:, 1] - chord[:, 1] * arm[:, 0])
        straight = area <= np.hypot(*chord.T) / 50
        keep = np.ones(len(line), bool)
        keep[1:-1:2] = ~straight
        line = line[keep]
    return line


def _is_bead(line: NDArray[Any], cell: list[float]) -> bool:
    """Whether a line closes within three cells: where a canyon is narrower than the grid, a contour falls into a
    string of such loops, which look like minima and are none."""
    closed = np.array_equal(line[0], line[-1])
    return closed and bool((np.ptp(line, axis=0) < 3 * np.array(cell)).all())
