"""Projections: the checkpoints of a landscape where they fall in its plane, and how far from it they really are."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

FAR = 0.25
"""Offset of a segment, in units of the path's size in the plane, above which the picture under it is another place's.

At this share the path leaves the plane at asin(0.25) = 14 degrees or more, seen from its far end.
"""


@dataclass(frozen=True)
class Projected:
    """A theta drawn at the nearest point of the plane."""

    name: str
    at: tuple[float, ...]
    """Coordinates [K] of that point."""
    offset: float
    """Its distance from the plane, in the units of theta."""
    loss: float | None
    """Its own loss."""
    plane_loss: float | None
    """The loss at `at`, which is what the picture shows there."""
    on_path: bool
    """Whether it is one of a trajectory, in order."""
    run: str = ""
    """The trajectory's name, where there are several."""
    step: int | None = None
    """Of the training, where it is known."""


def projections_of(attrs: Mapping[str, Any]) -> list[Projected]:
    """Return the checkpoints in a landscape's attributes; none where there are none.

    Raises:
        ValueError: they are not a JSON list of {"name", "at", "offset", ...}.
    """
    try:
        return [_read(each) for each in json.loads(str(attrs.get("checkpoints", "[]")))]
    except (TypeError, KeyError, ValueError, AttributeError) as error:
        raise ValueError(
            f'expected checkpoints as a JSON list of {{"name", "at", "offset", "loss"}}; they cannot be read: {error}'
        ) from None


def _read(entry: Mapping[str, Any]) -> Projected:
    loss, plane_loss = (None if entry.get(key) is None else float(entry[key]) for key in ("loss", "plane_loss"))
    at = tuple(float(value) for value in entry["at"])
    step = None if entry.get("step") is None else int(entry["step"])
    run = str(entry.get("run", ""))
    return Projected(
        str(entry["name"]), at, float(entry["offset"]), loss, plane_loss, entry.get("path") is True, run, step
    )


def runs_of(found: Sequence[Projected]) -> dict[str, list[Projected]]:
    """Return the trajectories among checkpoints: name -> its points in order; "" where it has none."""
    runs: dict[str, list[Projected]] = {}
    for each in found:
        if each.on_path:
            runs.setdefault(each.run, []).append(each)
    return runs


def spread_words(attrs: Mapping[str, Any]) -> str:
    """Say how much of its trajectories' spread a principal plane holds, beside random walks; "" for other planes."""
    try:
        made = json.loads(str(attrs.get("basis", "{}")))["made"]
        count = len(json.loads(str(attrs.get("labels", "[]")))) or 2
        known = [name for name in ("explained", "random_walk") if name in made]
        shares = {name: 100 * sum(map(float, made[name][:count])) for name in known}
        thetas, runs = int(made["thetas"]), len(made.get("runs", [0]))
    except (TypeError, KeyError, ValueError):
        return ""
    if "explained" not in shares:
        return ""
    of = "the path's spread" if runs == 1 else f"the spread of {runs} paths together"
    walks = f"a random walk of {thetas} points" if runs == 1 else f"{runs} random walks with {thetas} points together"
    said = f"The plane holds {shares['explained']:.1f} % of {of}"
    if "random_walk" not in shares:
        return f"{said}; the paths begin at different places, so no random walks compare with them."
    return f"{said}; of {walks} it would be {shares['random_walk']:.1f} %."


def gram_of(attrs: Mapping[str, Any], axes: int) -> NDArray[np.float64]:
    """Return the inner products [K, K] of the basis vectors, from the norms and cosines in the attribute `basis`.

    Orthonormal where the landscape does not tell.

    Raises:
        ValueError: they are there and make no positive definite matrix.
    """
    try:
        basis = json.loads(str(attrs.get("basis", "{}")))
        norms = np.array(basis.get("norms", [1.0] * axes), dtype=np.float64)
        cosines = np.eye(axes)
        for (i, j), cosine in zip(combinations(range(axes), 2), basis.get("cosines", []), strict=False):
            cosines[i, j] = cosines[j, i] = cosine
        gram: NDArray[np.float64] = norms[:, None] * cosines * norms[None, :]
        np.linalg.cholesky(gram)
    except (TypeError, ValueError, AttributeError) as error:
        raise ValueError(f"expected norms and cosines of {axes} basis vectors; they cannot be used: {error}") from None
    return gram


def size_of(path: Sequence[Projected], gram: NDArray[np.float64]) -> float:
    """Return the largest distance in the plane between a path's points, in the units of theta: it does not depend on
    how often the path was recorded."""
    places = np.array([each.at for each in path], dtype=np.float64).reshape(len(path), -1)
    steps = (places[:, None] - places[None]) @ np.linalg.cholesky(gram)
    return float(np.linalg.norm(steps, axis=-1).max(initial=0.0))


def fading(path: Sequence[Projected], gram: NDArray[np.float64]) -> list[float]:
    """Return, for each segment of a path, its mean offset over the path's size in the plane [T - 1]."""
    size = size_of(path, gram)
    means = [(one.offset + other.offset) / 2 for one, other in pairwise(path)]
    return [mean / size if size > 0 else (0.0 if mean == 0 else float("inf")) for mean in means]
