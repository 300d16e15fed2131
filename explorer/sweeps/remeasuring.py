"""Remeasuring: a store is continued only where a point of it still comes out as it was."""

import json
import warnings

import numpy as np
import torch
import xarray as xr

from explorer.errors import StoreError
from explorer.landscape import Status
from explorer.store import Store
from explorer.sweeps.dataset import as_array
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.strategies import LOOP
from explorer.sweeps.job import Job
from explorer.sweeps.planning.plan import Plan


def sound_landscape(store: Store) -> xr.Dataset:
    """Return what a store holds; chunks that are damaged or missing are queued again, with a warning.

    Raises:
        StoreError: something is damaged that cannot be computed again.
    """
    found = store.landscape()
    if "damaged" not in found.attrs:
        return found
    count = len(json.loads(found.attrs["damaged"]))
    store.verify()
    which = "1 chunk is" if count == 1 else f"{count} chunks are"
    warnings.warn(
        f"{which} damaged or missing, of {store.chunks} in {store.path}, and computed again", RuntimeWarning, 4
    )
    return store.landscape()


def refuse_other_numbers(store: Store, found: xr.Dataset, job: Job) -> None:
    """Measure one finished point again: what terms and quantities do is in the user's code, which no spec can hold.

    Args:
        store, found: the store, and the landscape that it holds.
        job: what is to be measured.

    Raises:
        StoreError: it comes out differently.
    """
    computed = found["status"].values.reshape(-1)[store.index] == Status.EVALUATED
    if not computed.any():
        return
    position = store.index[computed][:1]
    again = Evaluation(job, Plan(LOOP, 1, 0, 0.0)).at(position)
    # Another device or chunk rounds differently, by some eps; half of the digits leave room for sums that cancel.
    slack = float(torch.finfo(job.objective.dtype).eps) ** 0.5
    for name, field in again.items():
        values = found[name].values.reshape(job.points, *field.shape[1:])
        before, now = values[position[0]], as_array(field)[0]
        scale = np.abs(np.where(np.isfinite(values), values, 0.0)).max()
        if not np.allclose(before, now, rtol=slack, atol=slack * scale, equal_nan=True):
            raise StoreError(
                f"{store.path} holds another sweep: {name!r} at a finished point was {before.tolist()}, and is "
                f"{now.tolist()} now, though the spec is the same. Has the code of a term, a loss or a quantity "
                "changed? Use another place to write to"
            )
