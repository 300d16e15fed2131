"""Filling: the one loop of every sweep. Which points are visited, how they are measured and where they are kept are
three choices, each made alone."""

from collections.abc import Generator

from explorer.refinement import Refined
from explorer.sweeps.keep import Keep
from explorer.sweeps.visits import Visits
from explorer.sweeps.workers import Measure


def fill(visits: Visits, keep: Keep, measure: Measure) -> Generator[int, None, list[Refined] | None]:
    """Yield the number of points that were just measured, 0 for a sign of life; return what the visits return.

    Whoever stops asking, or is interrupted, loses nothing: what was measured is saved.

    Args:
        visits: ask for points, and are told their losses.
        keep: knows which of them are there already, and takes in the others.
        measure: measures them, in any order.
    """
    losses = None
    try:
        while True:
            try:
                asked = visits.send(losses)  # type: ignore[arg-type]
            except StopIteration as stop:
                keep.finish(stop.value)
                outcomes: list[Refined] | None = stop.value
                return outcomes
            # Pieces are cut as they are measured, so that what others have done meanwhile is left out.
            for measured in measure(keep.pieces(asked)):
                if measured is not None:
                    keep.take(measured)
                yield 0 if measured is None else measured.points
            losses = keep.losses(asked)
    finally:
        keep.save()
