"""A sweep into a store: coarse to fine, a chunk at a time, from where an earlier run stopped."""

import json
import time
import warnings
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from explorer.plane import Plane
from explorer.sweeps.calibration import Plan, plan
from explorer.sweeps.dataset import as_array, extra_dims
from explorer.sweeps.disk.anatomy import FieldSpec
from explorer.sweeps.evaluation import Evaluation
from explorer.sweeps.findings import conclusions
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.progress import announced
from explorer.sweeps.projections import Checkpoints
from explorer.sweeps.provenance import attributes, count_nonfinite, spec_of
from explorer.sweeps.remeasuring import refuse_other_numbers
from explorer.sweeps.store import Store

_CHUNK_SECONDS = 1.0
"""That a chunk of the store should take: making it last, some milliseconds, then costs less than 1 %."""
_NEWS = 2.0
"""Seconds between two notes of rate and time left in the store's attributes."""


def sweep_into(
    path: Path, job: Job, chunk_size: int | None, checkpoints: Checkpoints | None, *, progress: bool, report: bool
) -> xr.Dataset:
    """Measure what is missing in the store at `path` (made if it is not there) and return its landscape.

    Raises:
        StoreError: it holds another sweep, is damaged, or its disk is full.
    """
    spec = spec_of(job)
    store = Store.open(path, write=True) if path.exists() else None
    if store is not None:
        store.refuse_other(spec)
        refuse_other_numbers(store, job)
        if _finished(store, report):
            return store.landscape()
    chosen = plan(job.objective, job.plane, job.wanted, job.points, chunk_size, always=True)
    if store is None:
        store = _created(path, job, spec, chunk_size or _chunk(job, chosen))
    _fill(store, Evaluation(job, chosen), progress)
    return _concluded(store, job, checkpoints, report)


def planes_of(path: str | Path) -> tuple[Plane, ...]:
    """Return the planes of a store, exactly as they were swept. Raises StoreError."""
    store = Store.open(Path(path))
    origin, basis = (torch.from_numpy(store.tensor(name)) for name in ("origin", "basis"))
    described = json.loads(str(store.attrs.get("planes", "null"))) or [json.loads(str(store.attrs["basis"]))]
    bases = basis.reshape(len(described), -1, basis.shape[-1])
    return tuple(
        Plane(origin, each, tuple(words["labels"]), words["made"]) for each, words in zip(bases, described, strict=True)
    )


def _finished(store: Store, report: bool) -> bool:
    return bool((store.done == 1).all()) and "nonfinite" in store.attrs and ("report" in store.attrs or not report)


def _created(path: Path, job: Job, spec: dict[str, object], chunk: int) -> Store:
    origin = as_array(job.plane.origin)
    bases = [as_array(plane.basis) for plane in job.planes]
    return Store.create(
        path,
        spec=spec,
        attrs=attributes(job),
        dims=job.dims,
        index=job.order,
        fields={name: FieldSpec(origin.dtype.name, extra) for name, extra in extra_dims(job).items()},
        chunk=min(chunk, job.points),
        tensors={"origin": origin, "basis": bases[0] if len(bases) == 1 else np.stack(bases)},
    )


def _chunk(job: Job, chosen: Plan) -> int:
    """Return how many points are saved together: whole evaluations that take about a second."""
    each = chosen.seconds / job.points
    lasting = max(1, round(_CHUNK_SECONDS / (each * chosen.chunk))) if each > 0 else 1
    return min(job.points, chosen.chunk * lasting)


def _fill(store: Store, evaluation: Evaluation, progress: bool) -> None:
    job, chosen = evaluation.job, evaluation.plan
    store.set_attrs(evaluation.describe())
    missing = [int(chunk) for chunk in np.flatnonzero(store.done != 1)]
    points = sum(len(store.positions(chunk)) for chunk in missing)
    began, told, finished = time.perf_counter(), 0.0, 0
    spent = float(store.attrs.get("seconds", 0.0))
    text = chosen.text(job.points) + (f"; {job.points - points:,} done" if points < job.points else "")
    seconds = chosen.seconds * points / job.points
    with announced(job.points, seconds, text, done=job.points - points, progress=progress) as bar:
        for chunk in missing:
            positions = store.positions(chunk)
            _measure(store, evaluation, chunk, positions)
            finished += len(positions)
            bar.update(len(positions))
            elapsed = time.perf_counter() - began
            if elapsed - told > _NEWS or chunk == missing[-1]:
                told = elapsed
                store.set_attrs({"seconds": spent + elapsed, "progress": _news(finished, points, elapsed)})


def _measure(store: Store, evaluation: Evaluation, chunk: int, positions: Indices) -> None:
    """Measure a chunk, or mark it as failed and go on: one bad corner of a plane must not cost the rest of it.

    Where nothing at all has succeeded yet it is no corner, and the error is told as it is.
    """
    try:
        fields = evaluation.at(positions)
    except Exception as error:
        if not (store.done == 1).any():
            raise
        store.fail(chunk, f"{type(error).__name__}: {error}")
        warnings.warn(
            f"{len(positions)} points could not be evaluated ({type(error).__name__}: {error}); they are marked as "
            "failed, and tried again when the sweep is called again",
            RuntimeWarning,
            stacklevel=5,
        )
        return
    store.put(chunk, {name: as_array(field) for name, field in fields.items()})


def _news(finished: int, points: int, elapsed: float) -> str:
    rate = finished / elapsed
    return json.dumps({"points_per_second": rate, "seconds_left": (points - finished) / rate, "updated": time.time()})


def _concluded(store: Store, job: Job, checkpoints: Checkpoints | None, report: bool) -> xr.Dataset:
    found = store.landscape()
    names = [str(name) for name in found.data_vars if name != "status"]
    store.set_attrs({"nonfinite": count_nonfinite({name: found[name].values for name in names})})
    store.set_attrs(conclusions(job, found.assign_attrs(store.attrs), checkpoints, report=report))
    return store.landscape()
