"""Scene: from a State to the landscape that the maps draw, as plain JSON."""

import base64
import math
from dataclasses import asdict, dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr
from torch import nn

from explorer.dashboard.lesson.state import State, target_set
from explorer.directions import axes
from explorer.figures.levels import contour_levels, contour_lines, valley_levels
from explorer.figures.scale import ColorScale, color_scale
from explorer.grid import Grid
from explorer.objective import Objective
from explorer.study import Minima, Minimum, Study, Window
from explorer.sweeps import sweep

HOLE = 65535
"""The code of a point that is not a finite number; finite ones take 0..65534."""
FIELD_POINTS = 19
CONTOUR_POINTS = 257
COMPARE_POINTS = 257
TERM_POINTS = 129


def loss_module(state: State, study: Study) -> nn.Module:
    """Return the loss that the state names, its delta set where it has one."""
    name = study.hidden.get(state.loss, state.loss)
    return study.losses[name](**({"delta": state.delta} if name == "huber" else {}))


def objective_of(state: State, study: Study) -> Objective:
    """Return the objective whose landscape the state shows (for terms: with the state's weight on the first).

    The same one for the same question: what is swept again and again is evaluated in the fastest way.
    """
    fields = ("study", "target", "loss", "delta", "points", "weight")
    asked = replace(State(), **{name: getattr(state, name) for name in fields})
    return _objective(Key(study.name, asked), Held(study))


@lru_cache(maxsize=32)
def _objective(key: "Key", held: "Held") -> Objective:
    state, study = key.state, held.study
    if study.terms:
        return Objective(study.model(), terms=study.terms, weights={next(iter(study.terms)): state.weight})
    targets = target_set(state, study)
    return Objective(study.model(), loss_module(state, study), (targets.x, targets.y))


def window_of(state: State, study: Study) -> Window:
    """Return the window of the axes: the one that is looked at, else the target set's, or the study's own."""
    if state.window:
        (alpha, beta), (a, b, c, d) = study.labels, state.window
        return {alpha: (a, b), beta: (c, d)}
    return target_set(state, study).window if study.targets else study.window


def landscape(state: State, study: Study, points: int, quantities: tuple[str, ...] = ("loss",)) -> xr.Dataset:
    """Sweep the state's objective over its window, `points` to a side."""
    objective = objective_of(state, study)
    window = window_of(state, study)
    grid = Grid({label: (*window[label], points) for label in study.labels})
    found = sweep(objective, axes(objective, *study.labels), grid, quantities=quantities, progress=False, report=False)
    # A loss that is to be guessed must not stand in the title of a figure or in the attributes of a file.
    return found.assign_attrs(loss_name="hidden") if state.loss in study.hidden else found


def payload(state: State, study: Study) -> dict[str, Any]:
    """Return everything the maps draw: window, coloured maps with contours, vector field, kink lines."""
    key = Key(study.name, _scene_state(state))
    return _payload(key, Held(study))


def _scene_state(state: State) -> State:
    """Keep the fields that change the landscape, so that moving the point finds the same entry."""
    names = ("study", "target", "loss", "delta", "n", "points", "view", "window")
    return replace(State(), **{name: getattr(state, name) for name in names})


@dataclass(frozen=True)
class Key:
    """What a cached answer depends on."""

    study: str
    state: State


@dataclass(frozen=True)
class Held:
    """A study carried past the cache: two of one name count as equal."""

    study: Study

    def __hash__(self) -> int:
        return hash(self.study.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Held) and other.study is self.study


@lru_cache(maxsize=48)
def _payload(key: Key, held: Held) -> dict[str, Any]:
    state, study = key.state, held.study
    window, own = window_of(state, study), window_of(replace(state, window=()), study)
    return {
        "window": {label: list(window[label]) for label in study.labels},
        "own_window": {label: list(own[label]) for label in study.labels},
        "maps": _term_maps(state, study) if study.terms else _loss_maps(state, study),
        "field": _field(state, study),
        "kinks": [list(line) for line in study.kinks(target_set(state, study))] if study.kinks else [],
    }


def _loss_maps(state: State, study: Study) -> list[dict[str, Any]]:
    if state.view != "compare":
        return [{"name": state.loss, **drawn(landscape(state, study, state.n)["loss"])}]
    points = min(state.n, COMPARE_POINTS)
    return [
        {"name": name, **drawn(landscape(replace(state, loss=name), study, points)["loss"])} for name in study.losses
    ]


def _term_maps(state: State, study: Study) -> list[dict[str, Any]]:
    """Each term by itself, with its raw values, from which any weighted total follows."""
    terms = landscape(state, study, min(state.n, TERM_POINTS), ("terms",))["terms"]
    return [
        {"name": name, **drawn(terms.sel(term=name)), "values": _packed(terms.sel(term=name), "<f4")}
        for name in study.terms
    ]


def drawn(values: xr.DataArray) -> dict[str, Any]:
    """Code one map: uint16 along its colour scale, the scale in loss units, labelled contours."""
    scale = color_scale(values.values)
    alpha, beta = values.dims
    return {
        "codes": coded(values, scale),
        "shape": [values.sizes[beta], values.sizes[alpha]],
        "scale": scale_of(scale),
        "contours": contours(values, scale),
    }


def coded(values: xr.DataArray, scale: ColorScale) -> str:
    """Code values over two axes along a scale: rows are the second axis (drawn upwards), columns the first."""
    codes = np.nan_to_num(np.round(scale.normalize(values.values) * (HOLE - 1)), nan=HOLE)
    codes = np.where(np.isfinite(values.values), codes, HOLE)
    return squeezed(codes.T.astype("<u2"))


def scale_of(scale: ColorScale) -> dict[str, Any]:
    """Return what the legend says, in loss units."""
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


def _thinned(line: np.ndarray[Any, Any], cell: list[float]) -> np.ndarray[Any, Any]:
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


def _is_bead(line: np.ndarray[Any, Any], cell: list[float]) -> bool:
    """Whether a line closes within three cells: where a canyon is narrower than the grid, a contour falls into a
    string of such loops, which look like minima and are none."""
    closed = np.array_equal(line[0], line[-1])
    return closed and bool((np.ptp(line, axis=0) < 3 * np.array(cell)).all())


def _packed(values: xr.DataArray, dtype: str) -> str:
    """Rows are the second axis (drawn upwards), columns the first, whatever the order in memory."""
    alpha, beta = values.dims
    return base64.b64encode(values.transpose(beta, alpha).values.astype(dtype).tobytes()).decode()


def squeezed(codes: np.ndarray[Any, Any]) -> str:
    """Differences of differences along each row, low bytes before high ones: gzip then finds a third of the size."""
    for _ in range(2):
        codes = np.diff(codes, axis=1, prepend=np.zeros((len(codes), 1), codes.dtype))
    return base64.b64encode(np.ascontiguousarray(codes).view(np.uint8).reshape(-1, 2).T.tobytes()).decode()


def _field(state: State, study: Study) -> dict[str, Any]:
    """The gradient on a coarse grid, [alpha, beta, dL/dalpha, dL/dbeta] a point."""
    if study.terms:
        return {"arrows": []}
    found = landscape(state, study, FIELD_POINTS, ("loss", "gradient"))
    alpha, beta = study.labels
    flat = found["gradient"].transpose(alpha, beta, "direction").values.reshape(-1, 2)
    where = np.stack(np.meshgrid(found[alpha].values, found[beta].values, indexing="ij"), -1).reshape(-1, 2)
    arrows = np.concatenate([where, flat], axis=1)
    # Places with the digits that tell them apart in a small window.
    return {"arrows": [[*arrow[:2], *(float(f"{value:.4g}") for value in arrow[2:])] for arrow in arrows.tolist()]}


def total_contours(state: State, study: Study) -> list[list[Any]]:
    """Contours of the weighted total, summed from the swept terms: nothing is evaluated again."""
    terms = _terms(Key(study.name, _scene_state(state)), Held(study))
    first = next(iter(study.terms))
    weights = xr.DataArray([state.weight if name == first else 1.0 for name in study.terms], dims="term")
    total = (terms * weights).sum("term")
    return contours(total, color_scale(total.values))


@lru_cache(maxsize=8)
def _terms(key: Key, held: Held) -> xr.DataArray:
    return landscape(key.state, held.study, min(key.state.n, TERM_POINTS), ("terms",))["terms"].drop_vars("term")


def minima(state: State, study: Study) -> list[dict[str, Any]]:
    """Return the certified minima of every map drawn, in the maps' order; of terms, the one the study's facts tell."""
    if study.terms and {"w_star", "b_star"} <= study.facts.keys():
        exact = Minimum((study.facts["w_star"], study.facts["b_star"]), 0.0, None, "the exact solution")
        return [asdict(Minima((exact,)))] * (1 + len(study.terms))
    if study.minima is None or not study.targets:
        return []
    names = list(study.losses) if state.view == "compare" else [state.loss]
    return [_minima(_minima_key(replace(state, loss=name), study), Held(study)) for name in names]


def _minima_key(state: State, study: Study) -> Key:
    """Return what minima depend on: not on the resolution, and on delta for Huber only."""
    huber = study.hidden.get(state.loss, state.loss) == "huber"
    delta = state.delta if huber else State.delta
    return Key(study.name, _scene_state(replace(state, n=State.n, view=State.view, window=(), delta=delta)))


@lru_cache(maxsize=256)
def _minima(key: Key, held: Held) -> dict[str, Any]:
    assert held.study.minima is not None
    found = held.study.minima(target_set(key.state, held.study), loss_module(key.state, held.study))
    return asdict(found)
