"""Maps: from a State to the landscape that the maps draw, as plain JSON."""

from dataclasses import replace
from functools import lru_cache
from typing import Any

import numpy as np
import xarray as xr

from explorer.dashboard.common.coded_map import contours, drawn, packed
from explorer.dashboard.lesson.objectives import Question, objective_of, target_set, window_of
from explorer.dashboard.lesson.state import State
from explorer.directions import axes
from explorer.figures.scale import color_scale
from explorer.grid import Grid
from explorer.study import Study
from explorer.sweeps import sweep

FIELD_POINTS = 19
COMPARE_POINTS = 257
TERM_POINTS = 129


def landscape(state: State, study: Study, points: int, quantities: tuple[str, ...] = ("loss",)) -> xr.Dataset:
    """Sweep the state's objective over its window, `points` to a side."""
    objective = objective_of(state, study)
    window = window_of(state, study)
    grid = Grid({label: (*window[label], points) for label in study.labels})
    found = sweep(objective, axes(objective, *study.labels), grid, quantities=quantities, progress=False, report=False)
    # A loss that is to be guessed must not stand in the title of a figure or in the attributes of a file.
    return found.assign_attrs(loss_name="hidden") if state.loss in study.hidden else found


def drawn_maps(state: State, study: Study) -> dict[str, Any]:
    """Return everything the maps draw: window, coloured maps with contours, vector field, kink lines.

    What does not change the landscape, like the point, finds the same answer again.
    """
    return _drawn_maps(_asked(state, study))


def _asked(state: State, study: Study) -> Question:
    return Question(study, state.only("parameters", "n", "points", "view", "window"))


@lru_cache(maxsize=48)
def _drawn_maps(asked: Question) -> dict[str, Any]:
    state, study = asked.state, asked.study
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
        {"name": name, **drawn(terms.sel(term=name)), "values": packed(terms.sel(term=name))} for name in study.terms
    ]


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
    terms = _terms(_asked(state, study))
    first = next(iter(study.terms))
    weights = xr.DataArray([state.weight if name == first else 1.0 for name in study.terms], dims="term")
    total = (terms * weights).sum("term")
    return contours(total, color_scale(total.values))


@lru_cache(maxsize=8)
def _terms(asked: Question) -> xr.DataArray:
    points = min(asked.state.n, TERM_POINTS)
    return landscape(asked.state, asked.study, points, ("terms",))["terms"].drop_vars("term")
