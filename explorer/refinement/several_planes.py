"""Lockstep: several planes refined side by side, so that their points are evaluated together."""

from collections.abc import Callable

import numpy as np

from explorer.refinement.nested_nodes import Indices, grid_levels, level_of_points
from explorer.refinement.one_plane import Refined, refining
from explorer.refinement.splines import Floats


def refined(
    shape: tuple[int, ...], planes: int, tolerance: float, loss_at: Callable[[Indices], Floats]
) -> list[Refined]:
    """Refine so many planes, each by itself, and return what came of each.

    Args:
        shape: points along each axis.
        planes: how many; the flat positions of one come after those of the one before.
        tolerance: as for `refining`.
        loss_at: evaluates flat positions [n], of any planes; NaN for what has no value. Called seldom.
    """
    size = int(np.prod(shape))
    running = {number: refining(shape, tolerance) for number in range(planes)}
    answers: dict[int, Floats | None] = dict.fromkeys(running)
    found: dict[int, Refined] = {}
    while running:
        asked: dict[int, Indices] = {}
        for number, answer in answers.items():
            try:
                asked[number] = running[number].send(answer)  # type: ignore[arg-type]
            except StopIteration as stop:
                found[number] = stop.value
                del running[number]
        if asked:
            losses = loss_at(np.concatenate([number * size + positions for number, positions in asked.items()]))
            ends = np.cumsum([len(positions) for positions in asked.values()])[:-1]
            answers = dict(zip(asked, np.split(losses, ends), strict=True))
    return [found[number] for number in range(planes)]


def visiting_order(shape: tuple[int, ...], planes: int) -> Indices:
    """Return the flat positions [planes * N] level by level, all planes at the same pace."""
    order = np.argsort(level_of_points(shape), kind="stable")
    positions: Indices = (order[:, None] + int(np.prod(shape)) * np.arange(planes)).reshape(-1)
    return positions


def start_size(shape: tuple[int, ...]) -> int:
    """Return how many points a refinement evaluates before it leaves any out."""
    levels = grid_levels(shape)
    return int(np.prod([len(nodes) for nodes in levels[min(1, len(levels) - 1)]]))
