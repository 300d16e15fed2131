"""Findings: what is said about a finished landscape: projected checkpoints, and the report."""

import json

import xarray as xr

from explorer.checklist import Depth, findings
from explorer.checkpoints import Trajectory
from explorer.plane import Plane
from explorer.sweeps.afterwards.mixed_precision_error import mixed_precision
from explorer.sweeps.afterwards.projected_checkpoints import Checkpoints, projected
from explorer.sweeps.job import Job
from explorer.sweeps.provenance import Attributes


def conclusions(job: Job, landscape: xr.Dataset, checkpoints: Checkpoints | None, *, report: Depth) -> Attributes:
    """Return the attributes `checkpoints` and `report`, as far as they are asked for, as JSON text; and, of mixed
    precision, its error."""
    found: Attributes = {}
    checkpoints = _with_ends(checkpoints, job.plane)
    if checkpoints is not None:
        found["checkpoints"] = json.dumps(projected(job.objective, job.plane, checkpoints))
    if job.low is not None and "mixed_precision_checked" not in landscape.attrs:
        found |= mixed_precision(job, landscape)
    if report:
        whole = landscape.assign_attrs(found)
        found["report"] = json.dumps(findings(job.objective, job.plane, job.grid, whole, depth=report))
    return found


def _with_ends(checkpoints: Checkpoints | None, plane: Plane) -> Checkpoints | None:
    """Return the checkpoints and those that the plane was laid through; a trajectory has its own first and last."""
    given = {"": checkpoints} if isinstance(checkpoints, Trajectory) else dict(checkpoints or {})
    is_path = plane.made.get("kind") == "principal" and any(isinstance(each, Trajectory) for each in given.values())
    if not plane.ends or is_path:
        return checkpoints
    return {**plane.ends, **given}
