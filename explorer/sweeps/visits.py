"""Visits: which points of a sweep are evaluated, in which order. A generator yields flat positions and is sent their
losses, which decide what it asks for next."""

from collections.abc import Generator
from typing import Any

from numpy.typing import NDArray

from explorer.grid import Grid
from explorer.quantities import Wanted
from explorer.refinement import Refined, refined, start_size
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.planning.plan import Plan

Visits = Generator[Indices, NDArray[Any], list[Refined] | None]
"""Yields positions [n], each once, and is sent their losses [n], NaN for what has none; returns what came of each plane
where it left points out."""

_AGAIN = 4
"""Times the points that are evaluated in any case: what a smooth surface takes, about."""


def everywhere(order: Indices) -> Visits:
    """Visit all points, in this order."""
    yield order
    return None


def within(job: Job, tolerance: float) -> Visits:
    """Visit as few points as the tolerance allows; the others are interpolated."""
    return refined(job.grid.shape, len(job.planes), tolerance)


def check_tolerance(tolerance: float | None, wanted: Wanted, grid: Grid) -> None:
    """Do nothing if these can be swept within the tolerance; without one they can.

    Raises:
        ValueError: it is no share, or there is nothing to interpolate, or more than a plane.
    """
    if tolerance is None:
        return
    if not 0 < tolerance < 1:
        raise ValueError(f"expected a tolerance above 0 and below 1, such as 0.01; got {tolerance}")
    if "loss" not in wanted.names:
        raise ValueError(
            f'expected "loss" among the quantities of a sweep with a tolerance; got {sorted(wanted.names)}: it is the '
            "loss that is interpolated, so add it or leave tolerance out"
        )
    if len(grid.axes) > 2:
        raise ValueError(
            f"expected a line or a plane for a sweep with a tolerance; got {len(grid.axes)} axes: leave tolerance out"
        )


def expected_visits(job: Job, tolerance: float | None) -> int:
    """Return about how many points are evaluated: all, or what a smooth surface takes."""
    if tolerance is None:
        return job.points
    return min(job.points, _AGAIN * len(job.planes) * start_size(job.grid.shape))


def expected_text(job: Job, plan: Plan, tolerance: float | None, done: int) -> str:
    """Return the estimate of a plan for the expected visits, some of which are done, as a sentence."""
    expected = expected_visits(job, tolerance)
    text = plan.text(expected, max(0, expected - done))
    if tolerance is not None:
        return f"{text}, of {job.points:,}, if the surface is smooth; up to all of them if not"
    return text
