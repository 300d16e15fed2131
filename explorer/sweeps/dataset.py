"""Fields [N, ...] in grid order -> the Dataset of a landscape."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
import xarray as xr
from numpy.typing import NDArray
from torch import Tensor

from explorer.landscape import as_dataset
from explorer.sweeps.job import Job


def extra_dims(job: Job) -> dict[str, dict[str, list[str]]]:
    """Return, for every variable of a job's landscape, its dimensions beside those of the points, with their labels."""
    return job.wanted.dims(job.objective, job.grid.labels)


def landscape(
    job: Job,
    fields: Mapping[str, NDArray[Any]],
    attrs: Mapping[str, str | int | float],
    status: NDArray[np.int8] | None = None,
) -> xr.Dataset:
    """Return the landscape of a job from its fields [N, ...] at flat positions; arguments as of `as_dataset`."""
    return as_dataset(job.dims, extra_dims(job), fields, status, attrs)


def as_array(field: Tensor) -> NDArray[Any]:
    """Return a field as NumPy; half precision as float32, which every file format knows."""
    field = field.detach().cpu()
    return (field.float() if field.dtype in (torch.float16, torch.bfloat16) else field).numpy()
