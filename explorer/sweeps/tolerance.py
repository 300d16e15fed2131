"""Tolerance: what may be asked of a sweep that evaluates only some of its points, and what that is going to cost."""

from explorer.grid import Grid
from explorer.quantities import Wanted
from explorer.refinement import start_size
from explorer.sweeps.job import Job
from explorer.sweeps.planning.plan import Plan

_AGAIN = 4
"""Times the points that are evaluated in any case: what a smooth surface takes, about."""


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


def first_points(job: Job) -> int:
    """Return how many points a smooth surface takes, about."""
    return min(job.points, _AGAIN * len(job.planes) * start_size(job.grid.shape))


def first_text(chosen: Plan, job: Job) -> str:
    """Return the estimate of a plan for so many points as a sentence."""
    return f"{chosen.text(first_points(job))}, of {job.points:,}, if the surface is smooth; up to all of them if not"
