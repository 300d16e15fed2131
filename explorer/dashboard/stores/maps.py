"""Maps: what the page draws of one store, or of two on one colour scale, as plain JSON."""

import shlex
from typing import Any

import numpy as np
import xarray as xr
from numpy.typing import NDArray

from explorer.dashboard.lesson import maps
from explorer.dashboard.stores.between_points import swept, thinned
from explorer.dashboard.stores.checkpoint_marks import checkpoints
from explorer.dashboard.stores.folder import Folder
from explorer.dashboard.stores.moved_planes import series_of, values_of
from explorer.dashboard.stores.shown import Shown, shown
from explorer.dashboard.stores.state import State
from explorer.errors import StoreError
from explorer.figures.colorbar import chosen_scale
from explorer.figures.field import Field, field_of
from explorer.figures.interpolated import JOINED, STAND_IN, note_of
from explorer.figures.lines import Band, band_of
from explorer.figures.projections import spread_words
from explorer.figures.scale import ColorScale
from explorer.landscape import STATUS, Status, gram_of, nested, quantities_of

MOST_POINTS = 513
"""Of a side, sent to the browser: more than its pixels."""


def payload(state: State, folder: Folder) -> dict[str, Any]:
    """Return the maps (or lines) of the stores that the state names, with notes on what could not be drawn as asked.

    Raises:
        StoreError: the first store cannot be drawn at all.
    """
    one = shown(state.store, state, folder)
    notes: list[str] = []
    both = [one, *_second(state, folder, one, notes)]
    notes += [words for each in both for words in _damage(each)]
    quantity = _quantity(state.quantity, both, notes)
    axes = one.axes
    series = series_of(one.opened, folder) if len(axes) == 2 else None
    drawn = (
        _bands(both, quantity, state.scale, notes)
        if len(axes) == 1
        else _fields(
            both, quantity, state.scale, notes, values_of(series, folder, quantity, [each.name for each in both])
        )
    )
    return {
        **drawn,
        "model": str(one.opened.attrs.get("model", ""))[:80],
        "quantity": quantity,
        "quantities": quantities_of(one.landscape),
        "axes": list(axes),
        "seed": one.seed,
        "seeds": one.seeds,
        "notes": notes,
        "interpolated": _interpolated(both, quantity),
        "series": series,
        "spread": spread_words(one.landscape.attrs),
        "sides": [_side(each) for each in both],
    }


def _interpolated(both: list[Shown], quantity: str) -> str:
    """Say how much of the stores was interpolated and how far off that may be; "" where nothing was."""
    told = [(each.name, note_of(each.landscape, quantity, _instead(each))) for each in both]
    said = [f"{name}: {note}." if len(told) > 1 else f"{note[:1].upper()}{note[1:]}." for name, note in told if note]
    return " ".join(said)


def _instead(each: Shown) -> str:
    return STAND_IN if len(each.axes) > 1 else JOINED


def _damage(each: Shown) -> list[str]:
    """Say what of a store cannot be drawn, and what to do."""
    opened, status = each.opened, each.landscape[STATUS].values
    damaged, failed = len(nested(each.landscape.attrs, "damaged", list)), int((status == Status.FAILED).sum())
    which = "1 chunk is" if damaged == 1 else f"{damaged} chunks are"
    cure = f"queue them again with  python -m explorer verify {shlex.quote(str(opened.store.path))}"
    notes = {
        f"{which} damaged: the points are left empty; {cure}": damaged,
        f"{failed} of {status.size} points could not be computed; the provenance has the reasons": failed,
    }
    return [f"{opened.name}: {words}." for words, count in notes.items() if count]


def _side(each: Shown) -> dict[str, Any]:
    """Return what the browser knows of a store beside its map: axes, window, fields to read between the points."""
    axes = each.axes
    gram = gram_of(each.landscape.attrs, len(axes))
    return {
        "name": each.name,
        "axes": list(axes),
        "window": [[float(each.landscape[axis][end]) for end in (0, -1)] for axis in axes],
        "gram": None if gram is None else gram.tolist(),
        **swept(each.landscape, axes),
    }


def _second(state: State, folder: Folder, one: Shown, notes: list[str]) -> list[Shown]:
    if not state.beside:
        return []
    try:
        other = shown(state.beside, state, folder)
        if len(other.axes) != len(one.axes):
            raise StoreError("one is over a line, the other over a plane")
    except StoreError as error:
        notes.append(f"{state.beside} cannot stand beside it: {error}.")
        return []
    return [other]


def _quantity(asked: str, both: list[Shown], notes: list[str]) -> str:
    names = [quantities_of(each.landscape) for each in both]
    common = [name for name in names[0] if all(name in each for each in names)]
    if not common:
        raise StoreError("expected a quantity to draw; there is none (in both stores)")
    if asked in common:
        return asked
    notes.append(f"quantity: one of {', '.join(common)} was expected, {asked!r} came; showing {common[0]} instead.")
    return common[0]


def _fields(
    both: list[Shown], quantity: str, kind: str, notes: list[str], others: list[NDArray[np.float64]]
) -> dict[str, Any]:
    """`others` are values beside those drawn that the scale is to be good for."""
    try:
        fields = [field_of(each.landscape, quantity) for each in both]
        measured = np.concatenate([*(field.measured for field in fields), *others])
        scale = _scale(measured, quantity, kind, notes)
    except ValueError as error:
        notes.append(f"Nothing to draw yet: {error}.")
        return {"maps": [], "bands": []}
    maps = [_map(each, field, scale) for each, field in zip(both, fields, strict=True)]
    return {"maps": maps, "bands": []}


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


def _map(each: Shown, field: Field, scale: ColorScale) -> dict[str, Any]:
    keep = [thinned(len(points), MOST_POINTS) for points in (field.first, field.second)]
    values = field.values[np.ix_(*keep)]
    codes = np.nan_to_num(np.round(scale.normalize(values) * (maps.HOLE - 1)), nan=maps.HOLE)
    holes = int((~np.isfinite(field.measured)).sum())
    return {
        "name": each.name,
        "title": str(each.landscape.attrs.get("model", "")),
        "x": field.first[keep[0]].tolist(),
        "y": field.second[keep[1]].tolist(),
        "labels": list(field.labels),
        "codes": maps.squeezed(codes.T.astype("<u2")),
        "shape": [len(keep[1]), len(keep[0])],
        "scale": {**maps.scale_of(scale), "holes": holes},
        "contours": [] if field.name == STATUS else _contours(field, scale),
        "computed": field.progress.share,
        "measured": float(field.progress.measured.mean()),
        "checkpoints": checkpoints(each.landscape.attrs),
    }


def _contours(field: Field, scale: ColorScale) -> list[list[Any]]:
    """Trace contours in steps of the grid, where thousandths are fine whatever the extent, and put them in place."""
    first, second, values = field.thinned
    if min(values.shape) < 2:
        return []
    steps = xr.DataArray(values, dims=("i", "j"), coords={"i": np.arange(len(first)), "j": np.arange(len(second))})
    return [[level, _placed(line, first, second)] for level, line in maps.contours(steps, scale)]


def _placed(line: list[list[float]], first: NDArray[np.float64], second: NDArray[np.float64]) -> list[list[float]]:
    path = np.array(line)
    places = [np.interp(path[:, axis], np.arange(len(points)), points) for axis, points in enumerate((first, second))]
    return [[float(f"{x:.6g}"), float(f"{y:.6g}")] for x, y in zip(*places, strict=True)]


def _bands(both: list[Shown], quantity: str, kind: str, notes: list[str]) -> dict[str, Any]:
    bands = [(each, band_of(each.landscape, quantity)) for each in both]
    try:
        values = np.concatenate([[band.low, band.high] for _, band in bands], axis=1)
        scale = _scale(values[np.isfinite(values)], quantity, kind, notes)
    except ValueError as error:
        notes.append(f"Nothing to draw yet: {error}.")
        return {"maps": [], "bands": []}
    return {"maps": [], "bands": [_band(each, band) | {"kind": scale.kind} for each, band in bands]}


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
