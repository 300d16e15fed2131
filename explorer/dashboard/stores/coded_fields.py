"""Coded fields: values of one store or two, on one colour scale, as the browser takes them: maps, or bands of lines."""

from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.dashboard.common.coded_map import coded, contours, scale_of
from explorer.dashboard.stores.between_points import thinned
from explorer.dashboard.stores.checkpoint_marks import checkpoints
from explorer.dashboard.stores.shown import Shown
from explorer.figures.colorbar import chosen_scale
from explorer.figures.field import Field, field_of
from explorer.figures.lines import Band, band_of
from explorer.figures.scale import ColorScale
from explorer.landscape import STATUS, Status

MOST_POINTS = 513
"""Of a side, sent to the browser: more than its pixels."""


def coded_fields(
    both: list[Shown], quantity: str, kind: str, notes: list[str], others: list[NDArray[np.float64]]
) -> list[dict[str, Any]]:
    """Return a map for each store; none where there is nothing to draw yet, which a note says.

    Args:
        both: one store, or two over planes.
        quantity: that all have.
        kind: of the scale that is asked for; where it cannot be, a note says so.
        notes: added to.
        others: values beside those drawn that the scale is to be good for.
    """
    try:
        fields = [field_of(each.landscape, quantity) for each in both]
        scale = _scale(np.concatenate([*(field.measured for field in fields), *others]), quantity, kind, notes)
    except ValueError as error:
        notes.append(f"Nothing to draw yet: {error}.")
        return []
    return [coded_field(each.name, each.landscape, field, scale) for each, field in zip(both, fields, strict=True)]


def coded_bands(both: list[Shown], quantity: str, kind: str, notes: list[str]) -> list[dict[str, Any]]:
    """Return for each store the line over its one axis, with the band of its seeds; otherwise as `coded_fields`."""
    bands = [(each, band_of(each.landscape, quantity)) for each in both]
    try:
        values = np.concatenate([[band.low, band.high] for _, band in bands], axis=1)
        scale = _scale(values[np.isfinite(values)], quantity, kind, notes)
    except ValueError as error:
        notes.append(f"Nothing to draw yet: {error}.")
        return []
    return [_band(each, band) | {"kind": scale.kind} for each, band in bands]


def _scale(values: NDArray[np.float64], quantity: str, kind: str, notes: list[str]) -> ColorScale:
    if quantity == STATUS:
        return ColorScale("linear", float(min(Status)), float(max(Status)), float(min(Status)), 0.0, 0)
    try:
        return chosen_scale(values, kind)
    except ValueError:
        if kind == "auto":
            raise
        notes.append(f"scale: {quantity} has values that a logarithmic scale cannot show; linear instead.")
        return chosen_scale(values, "auto")


def coded_field(name: str, landscape: xr.Dataset, field: Field, scale: ColorScale) -> dict[str, Any]:
    """Return the map of a field, of a landscape that is called so."""
    keep = [thinned(len(points), MOST_POINTS) for points in (field.first, field.second)]
    holes = int((~np.isfinite(field.measured)).sum())
    return {
        "name": name,
        "title": str(landscape.attrs.get("model", "")),
        "x": field.first[keep[0]].tolist(),
        "y": field.second[keep[1]].tolist(),
        "labels": list(field.labels),
        "codes": coded(field.values[np.ix_(*keep)], scale),
        "shape": [len(keep[1]), len(keep[0])],
        "scale": {**scale_of(scale), "holes": holes},
        "contours": [] if field.name == STATUS else _contours(field, scale),
        "computed": field.progress.share,
        "measured": float(field.progress.measured.mean()),
        "checkpoints": checkpoints(landscape.attrs),
    }


def _contours(field: Field, scale: ColorScale) -> list[list[Any]]:
    """Trace contours in steps of the grid, where thousandths are fine whatever the extent, and put them in place."""
    first, second, values = field.thinned
    if min(values.shape) < 2:
        return []
    steps = xr.DataArray(values, dims=("i", "j"), coords={"i": np.arange(len(first)), "j": np.arange(len(second))})
    return [[level, _placed(line, first, second)] for level, line in contours(steps, scale)]


def _placed(line: list[list[float]], first: NDArray[np.float64], second: NDArray[np.float64]) -> list[list[float]]:
    path = np.array(line)
    places = [np.interp(path[:, axis], np.arange(len(points)), points) for axis, points in enumerate((first, second))]
    return [[float(f"{x:.6g}"), float(f"{y:.6g}")] for x, y in zip(*places, strict=True)]


def _band(each: Shown, band: Band) -> dict[str, Any]:
    there = np.isfinite(band.median)
    rows = {name: getattr(band, name)[there].tolist() for name in ("points", "low", "median", "high")}
    return {
        "name": each.name,
        "label": band.label,
        "seeds": band.seeds,
        "holes": band.holes,
        "computed": band.progress.share,
        **rows,
    }
