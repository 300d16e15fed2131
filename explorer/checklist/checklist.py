"""The report: all findings on a landscape, and their rendering as text."""

import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import xarray as xr

from explorer.checklist.center import check_center
from explorer.checklist.circumstances import check_batchnorm, check_data, check_seeds, check_trajectory
from explorer.checklist.curvature import check_curvature
from explorer.checklist.directions import check_directions, check_gradient
from explorer.checklist.finding import Finding
from explorer.checklist.finite import check_finite
from explorer.checklist.inspection import Inspection
from explorer.checklist.interpolated import check_interpolation
from explorer.checklist.precision import check_precision
from explorer.checklist.radius import check_radius
from explorer.grid import Grid
from explorer.landscape import ReportEntry, report_of
from explorer.objective import Objective
from explorer.plane import Plane

_CHECKS: tuple[Callable[[Inspection], Finding | None], ...] = (
    check_center,
    check_directions,
    check_gradient,
    check_curvature,
    check_finite,
    check_interpolation,
    check_precision,
    check_radius,
    check_trajectory,
    check_batchnorm,
    check_data,
    check_seeds,
)

_MARKS = {"ok": "ok", "warn": "look", "info": "note"}


def report(objective: Objective, plane: Plane, grid: Grid, landscape: xr.Dataset) -> list[dict[str, Any]]:
    """Return the findings on a landscape, JSON-ready: {"name", "status": "ok" | "warn" | "info", "text", "values"}.

    Evaluates some dozens of points and at most about a hundred products with the Hessian. What an objective does not
    allow, such as a second derivative, is said and left out.

    Args:
        objective, plane, grid: what was swept; of several planes the first.
        landscape: what came of it, with a dimension `seed` for several planes.
    """
    about = Inspection(objective, plane, grid, landscape)
    found = [_outcome(check, about) for check in _CHECKS]
    return [each.as_dict() for each in found if each is not None]


def report_text(landscape: xr.Dataset, width: int = 100) -> str:
    """Return the report in a landscape's attributes as lines of text, each marked ok, look or note; "" without one."""
    return "\n".join(_lines(each, width) for each in report_of(landscape.attrs))


def _outcome(check: Callable[[Inspection], Finding | None], about: Inspection) -> Finding | None:
    try:
        return check(about)
    # A report must not cost the landscape that it is on: whatever a model refuses here, its sweep has succeeded.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        name = check.__name__.removeprefix("check_")
        return Finding(name, "info", f"The {name} could not be looked at: {reason}")


def _lines(finding: ReportEntry, width: int) -> str:
    indents: Sequence[str] = (f"{_MARKS[finding.status]:<6}", " " * 6)
    return textwrap.fill(finding.text, width, initial_indent=indents[0], subsequent_indent=indents[1])
