"""The checklist: all findings on a landscape, as many as fit into what they may take."""

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from explorer.checklist.budget import Depth, OverBudgetError, Pieces, budget_for
from explorer.checklist.center import check_center
from explorer.checklist.circumstances import (
    check_batchnorm,
    check_data,
    check_seeds,
    check_trajectory,
    evaluations_at_ends,
)
from explorer.checklist.constant import check_constant, evaluations_of_terms
from explorer.checklist.curvature import check_curvature, check_curvature_over_all, products_in_the_picture
from explorer.checklist.directions import check_directions, check_gradient
from explorer.checklist.finding import LEFT, Finding, not_looked_at
from explorer.checklist.finite import check_finite
from explorer.checklist.inspection import Inspection
from explorer.checklist.interpolated import check_interpolation
from explorer.checklist.precision import check_precision, evaluations_in_the_other
from explorer.checklist.radius import check_radius, evaluations_along_the_rays
from explorer.checklist.spectrum_ends import products_over_all
from explorer.grid import Grid
from explorer.landscape import Status, dims_of, status_of
from explorer.objective import Objective
from explorer.plane import Plane


@dataclass(frozen=True)
class _Check:
    """Something to look at; of two with one name the second says more, and takes the place of the first."""

    name: str
    look: Callable[[Inspection], Finding | None]
    takes: Callable[[Inspection], Pieces] = lambda about: {}
    """At most; nothing where there is nothing to look at."""


_CHECKS = (
    _Check("directions", check_directions),
    _Check("finite", check_finite),
    _Check("constant", check_constant, evaluations_of_terms),
    _Check("interpolation", check_interpolation),
    _Check("trajectory", check_trajectory),
    _Check("batchnorm", check_batchnorm, evaluations_at_ends),
    _Check("data", check_data),
    _Check("seeds", check_seeds),
    _Check("center", check_center, lambda about: {"evaluation": 2}),
    _Check("gradient", check_gradient, lambda about: {"gradient": 1}),
    _Check("curvature", check_curvature, products_in_the_picture),
    _Check("precision", check_precision, evaluations_in_the_other),
    _Check("radius", check_radius, evaluations_along_the_rays),
    _Check("curvature", check_curvature_over_all, products_over_all),
)
"""In the order in which they are looked at: what costs least for what it says comes first."""

_TOLD = (
    "center",
    "directions",
    "gradient",
    "curvature",
    "finite",
    "constant",
    "interpolation",
    "precision",
    "radius",
    "trajectory",
    "batchnorm",
    "data",
    "seeds",
)
"""In the order in which they are told."""


def findings(
    objective: Objective,
    plane: Plane,
    grid: Grid,
    landscape: xr.Dataset,
    *,
    depth: Depth = "full",
    clock: Callable[[], float] = time.perf_counter,
) -> list[dict[str, Any]]:
    """Return the findings on a landscape, JSON-ready: {"name", "status": "ok" | "warn" | "info", "text", "values"}.

    All of them evaluate some dozens of points and at most about a hundred products with the Hessian. What does not fit
    into half a second, or a fifth of the sweep's seconds, is left out unless asked for, and told with what it would
    take. What an objective does not allow, such as a second derivative, is said and left out.

    Args:
        objective, plane, grid: what was swept; of several planes the first.
        landscape: what came of it, with a dimension `seed` for several planes.
        depth: True for what takes little, "full" for all.
        clock: seconds that have passed.
    """
    points = int(np.count_nonzero(status_of(landscape, dims_of(landscape)) == Status.EVALUATED))
    about = Inspection(objective, plane, grid, landscape, budget_for(depth, landscape.attrs, points, clock))
    found: dict[str, Finding] = {}
    left: list[_Check] = []
    for check in _CHECKS:
        try:
            finding = _outcome(check, about)
        except OverBudgetError:
            left.append(check)
        else:
            found |= {check.name: finding} if finding is not None else {}
    for check in left:
        found.setdefault(check.name, _left_out(check.name, about))
    return [found[name].as_dict() for name in _TOLD if name in found]


def _outcome(check: _Check, about: Inspection) -> Finding | None:
    """Return what is found. Raises OverBudgetError where it is not looked at."""
    try:
        if about.budget.price(check.takes(about)) > max(about.budget.left, 0.0):
            raise OverBudgetError
        return check.look(about)
    except OverBudgetError:
        raise
    # A report must not cost the landscape that it is on: whatever a model refuses here, its sweep has succeeded.
    except Exception as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0][:200]
        return Finding(check.name, "info", f"The {check.name} could not be looked at: {reason}")


def _left_out(name: str, about: Inspection) -> Finding:
    seconds = sum(about.budget.price(check.takes(about)) for check in _CHECKS if check.name == name)
    return Finding(name, "info", f"The {name} {not_looked_at(seconds)}.", {LEFT: seconds})
