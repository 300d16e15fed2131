"""Lockstep: several planes refined side by side, so that their points are evaluated together."""

from collections.abc import Generator

import numpy as np

from explorer.refinement.nested_nodes import Indices, grid_levels
from explorer.refinement.one_plane import Refined, refining
from explorer.refinement.splines import Floats


def refined(shape: tuple[int, ...], planes: int, tolerance: float) -> Generator[Indices, Floats, list[Refined]]:
    """Yield flat positions [n] on any of so many planes to be evaluated, each once, and be sent their losses [n], NaN
    for what has none; return what came of each plane, refined by itself.

    Args:
        shape: points along each axis.
        planes: how many; the flat positions of one come after those of the one before.
        tolerance: as for `refining`.
    """
    size = int(np.prod(shape))
    running = {number: refining(shape, tolerance) for number in range(planes)}
    answers: dict[int, Floats | None] = dict.fromkeys(running)
    finished: dict[int, Refined] = {}
    while running:
        asked: dict[int, Indices] = {}
        for number, answer in answers.items():
            try:
                asked[number] = running[number].send(answer)  # type: ignore[arg-type]
            except StopIteration as stop:
                finished[number] = stop.value
                del running[number]
        if asked:
            losses = yield np.concatenate([number * size + positions for number, positions in asked.items()])
            ends = np.cumsum([len(positions) for positions in asked.values()])[:-1]
            answers = dict(zip(asked, np.split(losses, ends), strict=True))
    return [finished[number] for number in range(planes)]


def start_size(shape: tuple[int, ...]) -> int:
    """Return how many points a refinement evaluates before it leaves any out."""
    levels = grid_levels(shape)
    return int(np.prod([len(nodes) for nodes in levels[min(1, len(levels) - 1)]]))
