"""Resume: what a store must fulfil for a sweep to go on in it, and how one is made for a sweep."""

import json
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from explorer.checklist import Depth, still_asked
from explorer.errors import StoreError
from explorer.landscape import Status, miss_of
from explorer.plane import Plane
from explorer.store import FieldSpec, Store
from explorer.store.create import is_free
from explorer.store.layout import DTYPES
from explorer.store.schema import MOST_CHUNK_BYTES, MOST_CHUNKS
from explorer.sweeps.dataset import as_array, extra_dims
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.strategies import LOOP
from explorer.sweeps.job import Job
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.provenance import attributes, spec_of
from explorer.warned import warn

_WIDEST = max(DTYPES.values())


def opened(path: Path, job: Job, tolerance: float | None) -> tuple[Store, xr.Dataset] | None:
    """Return the store at `path` to go on in, with what it holds; what is damaged is queued again. None where there is
    nothing yet.

    Raises:
        StoreError: it holds another sweep, is damaged beyond repair, or of a format that is only read.
    """
    if is_free(path):
        return None
    store = Store.open(path, write=True)
    store.refuse_other(_spec(job, tolerance))
    landscape = sound_landscape(store)
    _refuse_other_numbers(store, landscape, job)
    return store, landscape


def created(path: Path, job: Job, tolerance: float | None, chunk: int) -> Store:
    """Return a new store for a sweep; or, where another process made it at the same moment, that one.

    Raises:
        StoreError: what the other process made is for another sweep, or the disk is full.
    """
    origin = as_array(job.plane.origin)
    bases = [as_array(plane.basis) for plane in job.planes]
    return Store.create(
        path,
        spec=_spec(job, tolerance),
        attrs=attributes(job) | ({} if tolerance is None else {"tolerance": tolerance}),
        dims=job.dims,
        fields={name: FieldSpec(origin.dtype.name, extra) for name, extra in extra_dims(job).items()},
        chunk=chunk,
        tensors={"origin": origin, "basis": bases[0] if len(bases) == 1 else np.stack(bases)},
    )


def saved_at_once(job: Job, points: int) -> int:
    """Return how many points are saved together, of so many as take about a second, within the limits of a store."""
    widest = max(int(np.prod([len(labels) for labels in dims.values()])) for dims in extra_dims(job).values())
    most = min(job.points, MOST_CHUNK_BYTES // (widest * _WIDEST))
    return min(most, max(points, -(-job.points // MOST_CHUNKS)))


def is_finished(landscape: xr.Dataset, *, report: Depth = True) -> bool:
    """Return whether a store's landscape has all its points and its last words."""
    attrs = landscape.attrs
    told = "tolerance" not in attrs or miss_of(attrs) is not None
    return bool(attrs["done_points"] == attrs["total_points"] and told and not still_asked(attrs, report))


def planes_of(path: str | Path) -> tuple[Plane, ...]:
    """Return the planes of a store, exactly as they were swept. Raises StoreError."""
    store = Store.open(Path(path))
    origin, basis = (torch.from_numpy(store.tensor(name)) for name in ("origin", "basis"))
    described = json.loads(str(store.attrs.get("planes", "null"))) or [json.loads(str(store.attrs["basis"]))]
    bases = basis.reshape(len(described), -1, basis.shape[-1])
    return tuple(
        Plane(origin, rows, tuple(words["labels"]), words["made"]) for rows, words in zip(bases, described, strict=True)
    )


def _spec(job: Job, tolerance: float | None) -> dict[str, object]:
    return spec_of(job) | ({} if tolerance is None else {"tolerance": tolerance})


def sound_landscape(store: Store) -> xr.Dataset:
    """Return what a store that is open for writing holds; damaged chunks are queued again, with a warning."""
    landscape = store.landscape()
    if "damaged" not in landscape.attrs:
        return landscape
    count = len(json.loads(landscape.attrs["damaged"]))
    store.verify()
    which, whose = ("1 chunk is", "its") if count == 1 else (f"{count} chunks are", "their")
    warn(f"{which} damaged in {store.path}; {whose} points are computed again")
    return store.landscape()


def _refuse_other_numbers(store: Store, landscape: xr.Dataset, job: Job) -> None:
    """Measure one finished point again: what terms and quantities do is in the user's code, which no spec can hold.

    Raises:
        StoreError: it comes out differently.
    """
    position = np.flatnonzero(landscape["status"].values == Status.EVALUATED)[:1]
    if not len(position):
        return
    again = Evaluation(job, Plan(LOOP, 1, 0, 0.0)).at(position)
    # Another device or chunk rounds differently, by some eps; half of the digits leave room for sums that cancel.
    slack = job.objective.rounding**0.5
    for name, field in again.items():
        values = landscape[name].values.reshape(job.points, *field.shape[1:])
        before, now = values[position[0]], as_array(field)[0]
        scale = np.abs(np.where(np.isfinite(values), values, 0.0)).max()
        if not np.allclose(before, now, rtol=slack, atol=slack * scale, equal_nan=True):
            raise StoreError(
                f"{store.path} holds another sweep: {name!r} at a finished point was {before.tolist()}, and is "
                f"{now.tolist()} now, though the spec is the same. Has the code of a term, a loss or a quantity "
                "changed, or does its factory draw random numbers without a seed? Use another place to write to"
            )
