"""A sweep into a store: coarse to fine, a chunk at a time, from where an earlier run stopped."""

import json
import time
import warnings
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch
import xarray as xr

from explorer.checklist import Depth, still_asked
from explorer.plane import Plane
from explorer.refinement import visiting_order
from explorer.store import Store
from explorer.store.create import is_free
from explorer.store.schema import STATUS, STATUS_SPEC, FieldSpec
from explorer.sweeps.conclusion import conclusions
from explorer.sweeps.dataset import as_array, extra_dims
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.strategies import LOOP
from explorer.sweeps.job import Indices, Job
from explorer.sweeps.pacing import chunk_of, lasting, rewritten_chunk
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.progress import announced
from explorer.sweeps.projected_checkpoints import Checkpoints
from explorer.sweeps.provenance import attributes, spec_of
from explorer.sweeps.refilling import refill
from explorer.sweeps.remeasuring import refuse_other_numbers, sound_landscape
from explorer.sweeps.salvaging import salvage
from explorer.sweeps.tolerance import first_points

_NEWS = 2.0
"""Seconds between two notes of rate and time left in the store's attributes."""


def sweep_into(
    path: Path,
    job: Job,
    chunk_size: int | None,
    checkpoints: Checkpoints | None,
    tolerance: float | None = None,
    *,
    progress: bool,
    report: Depth,
) -> xr.Dataset:
    """Measure what is missing in the store at `path` (made if it is not there) and return its landscape.

    Checkpoints are projected anew also where nothing is missing. Points that raise are marked as failed, with a
    warning; tried again at the next call.

    Raises:
        StoreError: it holds another sweep, is damaged beyond repair, or its disk is full.
        Exception: what the first point raises, where all of them do.
    """
    spec = spec_of(job) | ({} if tolerance is None else {"tolerance": tolerance})
    store = None if is_free(path) else Store.open(path, write=True)
    if store is not None:
        store.refuse_other(spec)
        found = sound_landscape(store)
        refuse_other_numbers(store, found, job)
        if is_finished(found, report=False):
            return _concluded(store, found, job, checkpoints, report=still_asked(found.attrs, report))
    points = job.points if tolerance is None else first_points(job)
    chosen = _plan(job, points, chunk_size)
    if store is None:
        chunk = rewritten_chunk(job) if tolerance is not None else chunk_size or chunk_of(job, chosen)
        store = _created(path, job, spec, chunk, tolerance)
    if tolerance is None:
        error = _fill(store, Evaluation(job, chosen), progress)
    else:
        error = refill(store, Evaluation(job, chosen), tolerance, lasting(chosen, points), progress=progress)
    found = store.landscape()
    if error is not None:
        _tell_failures(found, error)
    return _concluded(store, found, job, checkpoints, report=report)


def is_finished(found: xr.Dataset, *, report: Depth = True) -> bool:
    """Return whether a store's landscape has all its points and its last words."""
    whole = found.attrs["done_points"] == found.attrs["total_points"]
    told = "tolerance" not in found.attrs or "tolerance_error" in found.attrs
    return bool(whole and told and not still_asked(found.attrs, report))


def planes_of(path: str | Path) -> tuple[Plane, ...]:
    """Return the planes of a store, exactly as they were swept. Raises StoreError."""
    store = Store.open(Path(path))
    origin, basis = (torch.from_numpy(store.tensor(name)) for name in ("origin", "basis"))
    described = json.loads(str(store.attrs.get("planes", "null"))) or [json.loads(str(store.attrs["basis"]))]
    bases = basis.reshape(len(described), -1, basis.shape[-1])
    return tuple(
        Plane(origin, each, tuple(words["labels"]), words["made"]) for each, words in zip(bases, described, strict=True)
    )


def _plan(job: Job, points: int, chunk_size: int | None) -> Plan:
    try:
        return plan(job.objective, job.plane, job.wanted, points, chunk_size, low=job.low, always=True)
    except Exception:
        # It tries points of its own, and these may lie in a bad corner.
        looped = _looped(job, points, chunk_size or 1)
        if looped is None:
            raise
        return looped


def _looped(job: Job, points: int, chunk: int) -> Plan | None:
    """Return the plain loop, if it can measure the middle of the grid."""
    middle = np.ravel_multi_index([n // 2 for n in job.grid.shape], job.grid.shape)
    looped, began = Plan(LOOP, chunk, 0, 0.0), time.perf_counter()
    try:
        Evaluation(job, looped).at(np.array([middle]))
    except Exception:
        return None
    return replace(looped, seconds=(time.perf_counter() - began) * points)


def _created(path: Path, job: Job, spec: dict[str, object], chunk: int, tolerance: float | None) -> Store:
    origin = as_array(job.plane.origin)
    asked = {} if tolerance is None else {"tolerance": tolerance}
    bases = [as_array(plane.basis) for plane in job.planes]
    return Store.create(
        path,
        spec=spec,
        attrs=attributes(job) | asked,
        dims=job.dims,
        index=job.order if tolerance is None else visiting_order(job.grid.shape, len(job.planes)),
        fields={name: FieldSpec(origin.dtype.name, extra) for name, extra in extra_dims(job).items()}
        | ({STATUS: STATUS_SPEC} if asked else {}),
        chunk=min(chunk, job.points),
        tensors={"origin": origin, "basis": bases[0] if len(bases) == 1 else np.stack(bases)},
    )


def _fill(store: Store, evaluation: Evaluation, progress: bool) -> Exception | None:
    """Measure what is missing; return the first error of a point that could not be."""
    job, chosen = evaluation.job, evaluation.plan
    # Counted, so that a reader who knows the store can tell what was computed again from what was there before.
    store.set_attrs(evaluation.describe() | {"runs": int(store.attrs.get("runs", 0)) + 1})
    missing = [int(chunk) for chunk in np.flatnonzero(store.done != 1)]
    points = sum(len(store.positions(chunk)) for chunk in missing)
    began, told, finished = time.perf_counter(), 0.0, 0
    spent = float(store.attrs.get("seconds", 0.0))
    text = chosen.text(job.points) + (f"; {job.points - points:,} done" if points < job.points else "")
    seconds = chosen.seconds * points / job.points
    failed: Exception | None = None
    with announced(job.points, seconds, text, done=job.points - points, progress=progress) as bar:
        for chunk in missing:
            positions = store.positions(chunk)
            error = _measure(store, evaluation, chunk, positions)
            failed = failed or error
            finished += len(positions)
            bar.update(len(positions))
            elapsed = time.perf_counter() - began
            if elapsed - told > _NEWS or chunk == missing[-1]:
                told = elapsed
                store.set_attrs({"seconds": spent + elapsed, "progress": _news(finished, points, elapsed)})
    return failed


def _measure(store: Store, evaluation: Evaluation, chunk: int, positions: Indices) -> Exception | None:
    """Measure a chunk, or what can be measured of it, and go on: one bad corner must not cost the rest of a plane."""
    found = salvage(evaluation, positions)
    if found.error is None:
        store.put(chunk, found.fields)
    else:
        reason = f"{type(found.error).__name__}: {found.error}"
        store.fail(chunk, reason, fields=found.fields or None, holes=found.holes)
    return found.error


def _tell_failures(found: xr.Dataset, error: Exception) -> None:
    """Warn of points that failed. Where all of them did it is no corner, and the error is told as it is."""
    done, total = int(found.attrs["done_points"]), int(found.attrs["total_points"])
    if not done:
        raise error
    warnings.warn(
        f"{total - done:,} of {total:,} points could not be evaluated ({type(error).__name__}: {error}); they are "
        "marked as failed, and tried again when the sweep is called again",
        RuntimeWarning,
        stacklevel=4,
    )


def _news(finished: int, points: int, elapsed: float) -> str:
    rate = finished / elapsed
    return json.dumps({"points_per_second": rate, "seconds_left": (points - finished) / rate, "updated": time.time()})


def _concluded(
    store: Store, found: xr.Dataset, job: Job, checkpoints: Checkpoints | None, *, report: Depth
) -> xr.Dataset:
    """Write down what is said about a landscape, and return it."""
    attrs = conclusions(job, found, checkpoints, report=report)
    # A finished store of which nothing new is said stays as it is, to the byte.
    if any(store.attrs.get(name) != value for name, value in attrs.items()):
        store.set_attrs(attrs)
    return found.assign_attrs(attrs)
