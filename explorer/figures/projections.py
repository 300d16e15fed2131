"""Projections: how far the checkpoints of a landscape are from the plane in which they are drawn."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from explorer.landscape import Attrs, Projected, agreed, basis_of, nested
from explorer.numerics.text import one_decimal, percent

FAR = 0.25
"""Offset of a segment, in units of the path's size in the plane, above which the picture under it is another place's.

At this share the path leaves the plane at asin(0.25) = 14 degrees or more, seen from its far end.
"""


def spread_words(attrs: Attrs) -> str:
    """Say how much of its trajectories' spread a principal plane holds, beside random walks; "" for other planes."""
    made = basis_of(attrs).made
    count = len(nested(attrs, "labels", list)) or 2
    spreads = {name: agreed(made.get(name), list[float]) for name in ("explained", "random_walk")}
    shares = {name: sum(each[:count]) for name, each in spreads.items() if each is not None}
    thetas, runs = agreed(made.get("thetas"), int), len(agreed(made.get("runs"), list) or [0])
    if "explained" not in shares or thetas is None:
        return ""
    of = "the path's spread" if runs == 1 else f"the spread of {runs} paths together"
    walks = f"a random walk of {thetas} points" if runs == 1 else f"{runs} random walks with {thetas} points together"
    said = f"The plane holds {percent(shares['explained'], one_decimal)} of {of}"
    if "random_walk" not in shares:
        return f"{said}; the paths begin at different places, so no random walks compare with them."
    return f"{said}; of {walks} it would be {percent(shares['random_walk'], one_decimal)}."


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
