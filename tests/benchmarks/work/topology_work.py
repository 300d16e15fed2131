"""Topologies of smooth random maps: by basins first, and by the plain flood, a point after another."""

from itertools import product

import numpy as np
import xarray as xr
from scipy.ndimage import gaussian_filter

from explorer import topology
from tests.benchmarks.harness.contenders import Floats, Work

SMOOTH = 6.0
"""Points over which the noise is smoothed."""


def landscape_of(points: int, axes: int = 2, smooth: float = SMOOTH) -> xr.Dataset:
    """Return a random map, smoothed, over so many points along each axis."""
    noise = np.random.default_rng(0).normal(size=(points,) * axes)
    labels = ("a", "b", "c")[:axes]
    field = gaussian_filter(noise, smooth) if smooth else noise
    return xr.Dataset({"loss": (labels, field)}, {label: np.linspace(-1, 1, points) for label in labels})


def by_plain_flood(field: Floats) -> Floats:
    """Return (birth, death) [Q, 2] of all pairs, sorted: points enter from the lowest to the highest, each is joined to
    those of its neighbours that have (union-find)."""
    padded = np.pad(field, 1, constant_values=np.inf)
    strides = np.array([int(np.prod(padded.shape[axis + 1 :])) for axis in range(padded.ndim)])
    around = [int(strides @ step) for step in product((-1, 0, 1), repeat=padded.ndim) if any(step)]
    heights, order = padded.ravel().tolist(), np.argsort(padded, axis=None, kind="stable")[: field.size].tolist()
    parent, found = [-1] * padded.size, []
    for point in order:
        parent[point] = point
        for beside in (point + step for step in around):
            if parent[beside] < 0:
                continue
            one, other = _root(parent, point), _root(parent, beside)
            older, younger = sorted((one, other), key=lambda each: heights[each])
            if one != other:
                parent[younger] = older
                found.append((heights[younger], heights[point]))
    return np.array(sorted(pair for pair in found if pair[0] < pair[1])).reshape(-1, 2)


def _root(parent: list[int], point: int) -> int:
    while parent[point] != point:
        parent[point] = parent[parent[point]]
        point = parent[point]
    return point


def pairs_of(tree: xr.Dataset) -> Floats:
    """Return (birth, death) [Q, 2] of a topology, sorted."""
    return np.array(sorted(zip(tree.birth.values.tolist(), tree.death.values.tolist(), strict=True))).reshape(-1, 2)


def plain(landscape: xr.Dataset) -> Work:
    """The plain flood."""
    field = landscape.loss.values
    return Work(lambda: by_plain_flood(field), by_plain_flood(field))


def by_basins(landscape: xr.Dataset) -> Work:
    """The whole of `explorer.topology`, errors of the pairs among it."""
    last: dict[str, xr.Dataset] = {}

    def run() -> xr.Dataset:
        last["found"] = topology(landscape)
        return last["found"]

    reference = by_plain_flood(landscape.loss.values)
    return Work(run, reference, note=lambda: f"{last['found'].sizes['minimum']} minima", values=pairs_of)
