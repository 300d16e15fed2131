"""Basins: descents from every point of the window, as a map that is worked on while somebody asks for it."""

import base64
import math
import time
from collections.abc import Iterator
from dataclasses import asdict, replace
from functools import lru_cache
from typing import Any

import numpy as np
import torch
import xarray as xr

from explorer.dashboard.common.coded_map import coded, scale_of
from explorer.dashboard.lesson.basin_words import sentence
from explorer.dashboard.lesson.certified_minima import minima
from explorer.dashboard.lesson.objectives import Question, objective_of, window_of
from explorer.dashboard.lesson.readers import BASINS, RATE
from explorer.dashboard.lesson.state import State
from explorer.dashboard.worker import WORKER
from explorer.descent.basin_map.dataset import basin_dataset
from explorer.descent.basin_map.engine import read_starts
from explorer.descent.basin_map.labels import labelled
from explorer.descent.basin_map.starts import Starts
from explorer.descent.basin_map.walks import Walks
from explorer.directions import axes
from explorer.figures.basin_kinds import NEITHER, Kind, ending_kinds, minimum_kinds, places_of
from explorer.figures.scale import color_scale
from explorer.grid import Grid
from explorer.plane import Plane
from explorer.study import Study
from explorer.sweeps.filling import fill
from explorer.sweeps.provenance import Attributes
from explorer.sweeps.visits import everywhere

COARSE = 41
"""Points a side of the first picture."""
RATES = 61
"""Learning rates of a map across rates: from 0.01 to 100, evenly in their logarithm."""
FIRST_RATE = 0.01
MOST_STEPS = 100_000_000
"""Steps of all starts together: a map that would take more has fewer points."""
FEWEST = 65
MORE_STEPS = 2000
"""What a learner is offered while many starts are still on their way."""
PATIENCE = 0.25
"""Seconds that one request works on a map."""
SLICE = 0.03
"""Seconds that it keeps others from evaluating."""


def basin_progress(state: State, study: Study, seen: int) -> dict[str, Any]:
    """Work on the state's map for a moment; return how far it is, and its picture where one newer than `seen` is there.

    Returns:
        share: of the descents that are done, 0 to 1; stage: how many pictures there have been; done; map: None or
        its axes, what is drawn, and what it says in words.
    """
    making = _making(_asked(state, study))
    making.advance(PATIENCE)
    found = making.found
    picture = None if found is None or making.stage <= seen else _picture(found, state)
    return {"share": making.share, "stage": making.stage, "done": making.done, "map": picture}


def name_of(state: State) -> str:
    """Return the optimizer of the state's map."""
    return state.basin or BASINS[0]


def points_of(state: State) -> int:
    """Return the points a side, as many as the state asks for unless all their steps would take too long."""
    descents = MOST_STEPS // (state.steps + 1)
    most = math.isqrt(descents) if state.across == "starts" else descents // RATES
    return min(state.n, max(FEWEST, most))


class Making:
    """A map in the making: a coarse picture, then the one that was asked for. Nothing is done unless somebody asks."""

    def __init__(self, state: State, study: Study) -> None:
        self._state, self._study = state, study
        self._work = self._stages()
        self.found: xr.Dataset | None = None
        self.stage, self.share, self.done = 0, 0.0, False

    def advance(self, seconds: float) -> None:
        """Work for about so long, or until it is finished; between slices the worker pauses."""
        until = time.monotonic() + seconds
        while not self.done and time.monotonic() < until:
            self._slice()
            WORKER.pause()

    def _slice(self) -> None:
        end = time.monotonic() + SLICE
        while not self.done and time.monotonic() < end:
            self.done = next(self._work, "done") == "done"

    def _stages(self) -> Iterator[None]:
        points = points_of(self._state)
        for side in (COARSE, points) if points > COARSE else (points,):
            yield from self._drawn(side)
            self.stage += 1

    def _drawn(self, side: int) -> Iterator[None]:
        starts = starts_of(self._state, self._study, side)
        walks, evaluations = Walks(starts, _known(self._state, self._study)), 0
        whole = -(-starts.size // walks.chunk) * (starts.steps + 1)
        self.share = 0.0
        yield
        keep = labelled(walks)
        for points in fill(everywhere(starts.order), keep, walks.measure):
            if not points:
                evaluations += 1
                self.share = evaluations / whole
                yield
        how: Attributes = {"strategy": walks.name, "chunk_size": walks.chunk}
        self.found = basin_dataset(starts, keep.fields, keep.status, walks.minima, how)


def starts_of(state: State, study: Study, side: int) -> Starts:
    """Return where the descents of the state's map begin, `side` points to a side."""
    objective, window = objective_of(state, study), window_of(state, study)
    plane = axes(objective, *study.labels)
    if state.across == "starts":
        grid = Grid({label: (*window[label], side) for label in study.labels})
        return read_starts(objective, plane, grid, name_of(state), state.lr, state.steps, None, 1e-8)
    # A line along the first parameter, the second being the point's own.
    line = Plane(plane.at([0.0, state.b]), plane.basis[:1], study.labels[:1])
    grid = Grid({study.labels[0]: (*window[study.labels[0]], side)})
    rates = np.geomspace(FIRST_RATE, RATE[1], min(side, RATES)).tolist()
    return read_starts(objective, line, grid, name_of(state), rates, state.steps, None, 1e-8)


def _known(state: State, study: Study) -> list[torch.Tensor] | None:
    """Return the study's certified minima; None where it tells none, or a line of them: they are then looked for."""
    found = minima(state, study)
    if not found or found[0]["line"] is not None:
        return None
    return [torch.tensor(point["theta"], dtype=torch.float64) for point in found[0]["points"]]


def _asked(state: State, study: Study) -> Question:
    """Keep the fields that change the map: the learning rate, or where rates are an axis the second parameter."""
    names = ("parameters", "n", "points", "weight", "window", "steps", "across")
    kept = state.only(*names, "lr" if state.across == "starts" else "b")
    return Question(study, replace(kept, basin=name_of(state)))


@lru_cache(maxsize=12)
def _making(asked: Question) -> Making:
    return Making(asked.state, asked.study)


def _picture(found: xr.Dataset, state: State) -> dict[str, Any]:
    grid = found["final_loss"]
    return {
        "labels": list(grid.dims),
        "axes": [[float(grid[dim].values[0]), float(grid[dim].values[-1])] for dim in grid.dims],
        "shape": [grid.sizes[dim] for dim in reversed(grid.dims)],
        "says": sentence(found, state.show),
        "title": found.attrs["optimizer_title"],
        "points": points_of(state),
        "lost": float((found["minimum"] < 0).mean()) if state.steps < MORE_STEPS else 0.0,
        "marks": [] if state.across == "rates" else [[i, *place] for i, place in places_of(found).items()],
        **_shown(found, state.show),
    }


def _shown(found: xr.Dataset, show: str) -> dict[str, Any]:
    if show in ("minimum", "diverged"):
        codes, kinds = (minimum_kinds if show == "minimum" else ending_kinds)(found)
        return {"kinds": [asdict(kind) for kind in kinds], "codes": base64.b64encode(codes.T.tobytes()).decode()}
    field = found["final_loss"] if show == "loss" else found["steps_to_tolerance"].where(lambda steps: steps >= 0)
    field = field.where(~found["diverged"])
    if not bool(np.isfinite(field.values).any()):
        return {"kinds": [asdict(Kind("nothing to show", NEITHER))], "codes": _nothing(field)}
    scale = color_scale(field.values)
    return {"kinds": [], "codes": coded(field.values, scale), "scale": scale_of(scale)}


def _nothing(field: xr.DataArray) -> str:
    return base64.b64encode(bytes(field.size)).decode()
