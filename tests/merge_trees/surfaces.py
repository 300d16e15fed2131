"""Landscapes of known minima and passes: formulas on a grid, and the lesson's target sets."""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import xarray as xr

import explorer
import models
from experiments import TARGETS
from explorer import Grid, Objective

Formula = Callable[..., np.ndarray]
EXACT = json.loads((Path(__file__).parents[1] / "support" / "certified_minima.json").read_text(encoding="utf-8"))
LOWEST = ((3.0, 2.0), (-2.805118086952745, 3.131312518250573), (-3.779310253377747, -3.283185991286170),
          (3.584428340330492, -1.848126526964404))  # fmt: skip
"""Himmelblau's minima, all of them 0 (Himmelblau, Applied Nonlinear Programming, 1972)."""
PASSES = ((3.3851542, 0.0738519), (0.0866775, 2.8842547), (-3.0730257, -0.0813530))
"""Its saddles over which they are joined, from the lowest up; a fourth closes a ring and joins nothing."""


def himmelblau(x, y):
    """(x^2 + y - 11)^2 + (x + y^2 - 7)^2."""
    return (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2


def himmelblau_curvature(x, y):
    """Its second derivatives [..., 2, 2]."""
    mixed = 4 * (x + y)
    rows = [[12 * x**2 + 4 * y - 42, mixed], [mixed, 12 * y**2 + 4 * x - 26]]
    return np.moveaxis(np.array(rows), (0, 1), (-2, -1))


def landscape_of(formula: Formula, points: tuple[int, ...], low: float = -6.0, high: float = 6.0) -> xr.Dataset:
    """Return a formula of as many coordinates as there are numbers of points, over a cube."""
    labels = ("a", "b", "c")[: len(points)]
    axes = {label: np.linspace(low, high, n) for label, n in zip(labels, points, strict=True)}
    field = formula(*np.meshgrid(*axes.values(), indexing="ij"))
    return xr.Dataset({"loss": (labels, field)}, axes, {"labels": json.dumps(labels)})


def neuron(name: str) -> tuple[Objective, explorer.Plane]:
    """Return one tanh neuron on a target set, squared error, and the plane of its weight and bias."""
    target = TARGETS[name]
    objective = Objective(models.MODELS["tanh_neuron"](), models.LOSSES["mse"](), (target.x, target.y))
    return objective, explorer.directions.axes(objective, "w", "b")


def swept(name: str, points: int, **how) -> xr.Dataset:
    """Return the sweep of a target set over its window."""
    window = TARGETS[name].window
    grid = Grid({label: (*window[label], points) for label in ("w", "b")})
    return explorer.sweep(*neuron(name), grid, progress=False, report=False, **how)


def exact_minima(name: str) -> list[tuple[float, float]]:
    """Return the certified minima of a target set that lie in its window; a line of minima counts as one."""
    if name == "one_point":
        return [(0.0, np.arctanh(0.6))]
    places = [(minimum["w"], minimum["b"]) for minimum in EXACT[name]["mse"]["minima"]]
    (left, right), (low, high) = (TARGETS[name].window[label] for label in ("w", "b"))
    return [(w, b) for w, b in places if left <= w <= right and low <= b <= high]
