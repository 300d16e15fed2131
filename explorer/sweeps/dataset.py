"""Fields [N, ...] in grid order -> the Dataset of a landscape."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.sweeps.job import Job
from explorer.sweeps.provenance import count_nonfinite

NOT_COMPUTED, COMPUTED, INTERPOLATED, FAILED = 0, 1, 2, 3
"""Status of a point."""


def extra_dims(job: Job) -> dict[str, dict[str, list[str]]]:
    """Return, for every variable of a job's landscape, its dimensions beside those of the points, with their labels."""
    labels = list(job.grid.labels)
    built_in = {
        "loss": {},
        "terms": {"term": list(job.objective.term_names)},
        "gradient": {"direction": labels},
        "gradient_norm": {},
        "curvature": {"direction": labels, "direction_2": labels},
    }
    metrics = job.objective.metric_names if job.wanted.values else ()
    names = [name for name in built_in if name in job.wanted.names]
    return {name: built_in[name] for name in names} | {name: {} for name in (*metrics, *job.wanted.functions)}


def landscape(
    job: Job,
    fields: Mapping[str, NDArray[Any]],
    attrs: Mapping[str, str | int | float],
    status: NDArray[np.int8] | None = None,
) -> xr.Dataset:
    """Return the Dataset: dimensions in label order, coordinates of axes, directions and terms, `status`, attributes.

    Args:
        job: what was measured where.
        fields: name -> [N, ...] at the flat positions of the job's points.
        attrs: provenance; the count of entries that are not finite is added.
        status: [N]; all evaluated by default.
    """
    dims = job.dims
    shape = tuple(len(values) for values in dims.values())
    # Picking all of them one by one would take as long as a fast sweep.
    evaluated = fields if status is None else {name: field[status == COMPUTED] for name, field in fields.items()}
    nonfinite = count_nonfinite(evaluated)
    status = np.full(job.points, COMPUTED, dtype=np.int8) if status is None else status
    arrays = {name: field.reshape(shape + field.shape[1:]) for name, field in fields.items()}
    extra = extra_dims(job)
    variables: dict[str, Any] = {name: ((*dims, *extra[name]), array) for name, array in arrays.items()}
    variables["status"] = (tuple(dims), status.reshape(shape))
    labels = {dim: names for name in arrays for dim, names in extra[name].items()}
    return xr.Dataset(variables, {**dims, **labels}, {**attrs, "nonfinite": nonfinite})


def as_array(field: Tensor) -> NDArray[Any]:
    """Return a field as NumPy; half precision as float32, which every file format knows."""
    field = field.detach().cpu()
    return (field.float() if field.dtype in (torch.float16, torch.bfloat16) else field).numpy()
