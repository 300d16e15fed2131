"""Findings: what is said about a finished landscape: projected checkpoints, and the report."""

import json

import xarray as xr

from explorer.sweeps.job import Job
from explorer.sweeps.projections import Checkpoints, projected
from explorer.sweeps.provenance import Attributes
from explorer.sweeps.reporting import report as reported


def conclusions(job: Job, landscape: xr.Dataset, checkpoints: Checkpoints | None, *, report: bool) -> Attributes:
    """Return the attributes `checkpoints` and `report`, as far as they are asked for; JSON text."""
    found: Attributes = {}
    if checkpoints is not None:
        found["checkpoints"] = json.dumps(projected(job.objective, job.plane, checkpoints))
    if report:
        found["report"] = json.dumps(reported(job.objective, job.plane, job.grid, landscape))
    return found
