"""Run: one sweep on its way: planned, then filled into memory or into a store."""

import json
import time
from contextlib import AbstractContextManager, closing, nullcontext
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import numpy as np
import xarray as xr

from explorer.checklist import Depth, still_asked
from explorer.landscape import MISS, Status
from explorer.refinement import Refined
from explorer.store import Store
from explorer.sweeps.afterwards.conclusion import conclusions
from explorer.sweeps.afterwards.projected_checkpoints import Checkpoints
from explorer.sweeps.dataset import landscape
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.strategies import LOOP
from explorer.sweeps.executors import AnyExecutor, SweepRecipe, on, workers_of
from explorer.sweeps.failures import failure_text, tell_failures
from explorer.sweeps.filling import fill
from explorer.sweeps.job import Job
from explorer.sweeps.journal import Journal
from explorer.sweeps.keep import InMemory, InStore, Keep
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.planning.known_plans import habit_of
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.progress import announced
from explorer.sweeps.provenance import Attributes, attributes
from explorer.sweeps.resume import created, is_finished, opened, saved_at_once
from explorer.sweeps.visits import Visits, everywhere, expected_text, expected_visits, within
from explorer.sweeps.workers import Measure, here

_SAVED_SECONDS = 1.0
"""That the points saved together should take: making them last, some milliseconds, then costs less than 1 %."""

_ELSEWHERE = 16
"""Points to try where the middle cannot be evaluated, before the whole is taken for broken."""


@dataclass(frozen=True, eq=False)
class Run:
    """A sweep and how it is to be run; arguments as of `sweep`."""

    job: Job
    tolerance: float | None = None
    chunk_size: int | None = None
    progress: bool = True
    stored: bool = False
    """Into a store: points that raise are marked there, and the first picture is a coarse one."""
    executor: AnyExecutor | None = None

    @property
    def expected(self) -> int:
        """About how many points are evaluated."""
        return expected_visits(self.job, self.tolerance)

    @cached_property
    def plan(self) -> Plan:
        """How points are evaluated here, found by timing."""
        job = self.job
        try:
            return plan(
                job.objective, job.plane, job.wanted, self.expected, self.chunk_size, low=job.low, always=self._timed
            )
        except Exception:
            # It tries points of its own, and these may lie in a bad corner.
            looped = self._looped() if job.low is None else None
            if looped is None:
                raise
            return looped

    @property
    def lasting(self) -> int:
        """How many points take about a second, of all workers together."""
        workers = 1 if self.executor is None else workers_of(self.executor)
        each = self.plan.seconds / self.expected / workers
        chunks = max(1, round(_SAVED_SECONDS / (each * self.plan.chunk))) if each > 0 else 1
        return self.plan.chunk * chunks

    @cached_property
    def evaluation(self) -> Evaluation:
        """What measures points in this process."""
        return Evaluation(self.job, self.plan)

    @property
    def visits(self) -> Visits:
        """Which points are evaluated, in which order: coarse to fine where somebody may look on."""
        if self.tolerance is not None:
            return within(self.job, self.tolerance)
        return everywhere(self.job.order if self.stored else np.arange(self.job.points))

    @property
    def measuring(self) -> AbstractContextManager[Measure]:
        """How pieces are measured, as long as a context lasts."""
        if self.executor is None:
            return nullcontext(here(self.evaluation))
        return on(self.executor, SweepRecipe(self.job, self.plan, self.expected))

    def fill(self, keep: Keep, journal: Journal | None = None) -> list[Refined] | None:
        """Measure what is not there yet; return what the visits return."""
        done = int(np.count_nonzero(keep.status == Status.EVALUATED))
        seconds = self.plan.seconds * max(0.0, 1 - done / self.expected)
        text = expected_text(self.job, self.plan, self.tolerance, done)
        with (
            self.measuring as measure,
            announced(self.job.points, seconds, text, done=done, progress=self.progress) as bar,
            closing(fill(self.visits, keep, measure)) as filling,
        ):
            while True:
                try:
                    points = next(filling)
                except StopIteration as stop:
                    bar.update(self.job.points - bar.n)
                    outcomes: list[Refined] | None = stop.value
                    return outcomes
                bar.update(points)
                if journal is not None:
                    journal.note(points)

    @property
    def _timed(self) -> bool:
        """Whether it has to be known how long a point takes, even where all of them take little."""
        return self.stored or self.executor is not None

    def _looped(self) -> Plan | None:
        """Return the plain loop, if it can measure the middle of the grid, or another of a few points all over it."""
        shape = self.job.grid.shape
        middle = int(np.ravel_multi_index([n // 2 for n in shape], shape))
        looped = Plan(LOOP, self.chunk_size or 1, 0, 0.0)
        evaluation = Evaluation(self.job, looped)
        for position in (middle, *self.job.order[:_ELSEWHERE]):
            began = time.perf_counter()
            try:
                evaluation.at(np.array([position]))
            except Exception:
                continue
            return replace(looped, seconds=(time.perf_counter() - began) * self.expected)
        return None


def swept(run: Run) -> xr.Dataset:
    """Return the landscape of a run, measured into memory."""
    began, job = time.perf_counter(), run.job
    keep = InMemory(job.points, lambda: run.evaluation.size)
    outcomes = run.fill(keep)
    seconds = time.perf_counter() - began
    if run.tolerance is None:
        habit_of(job.objective, job.wanted, len(job.plane.basis)).spent += seconds
    said = attributes(job) | run.evaluation.describe() | {"seconds": seconds} | _outcome(run, keep, outcomes)
    whole = bool((keep.status == Status.EVALUATED).all())
    if keep.error is not None:
        tell_failures(keep.status, keep.error)
        said["failed"] = json.dumps({"0": failure_text(keep.error)})
    return landscape(job, keep.fields, said, None if whole else keep.status)


def swept_into(path: Path, run: Run, checkpoints: Checkpoints | None, *, report: Depth) -> xr.Dataset:
    """Measure what is missing in the store at `path` (made if it is not there) and return its landscape.

    Checkpoints are projected anew also where nothing is missing. Points that raise are marked as failed, with a
    warning; tried again at the next call.

    Raises:
        StoreError: it holds another sweep, is damaged beyond repair, or its disk is full.
        Exception: what the first point raises, where all of them do.
    """
    there = opened(path, run.job, run.tolerance)
    if there is None:
        size = saved_at_once(run.job, run.chunk_size or run.lasting)
        store = created(path, run.job, run.tolerance, size)
    else:
        store, found = there
        if is_finished(found, report=False):
            return _concluded(store, found, run.job, checkpoints, report=still_asked(found.attrs, report))
    keep = InStore(store, min(run.lasting, store.chunk_size))
    journal = Journal(store, run.evaluation.describe(), run.expected - keep.done)
    outcomes = run.fill(keep, journal)
    journal.write(**_outcome(run, keep, outcomes))
    found = store.landscape()
    if keep.error is not None:
        tell_failures(found["status"].values, keep.error, ", and tried again when the sweep is called again")
    return _concluded(store, found, run.job, checkpoints, report=report)


def _outcome(run: Run, keep: Keep, outcomes: list[Refined] | None) -> Attributes:
    """Return what came of a tolerance, as attributes: of several planes the worst error and the sums."""
    if outcomes is None:
        return {}
    worst = max(outcomes, key=lambda outcome: outcome.error)
    return {
        "tolerance": float(run.tolerance or 0.0),
        MISS: worst.error,
        "tolerance_checked": sum(outcome.checked for outcome in outcomes),
        "tolerance_scale": worst.scale,
        "evaluated_points": int(np.count_nonzero(keep.status == Status.EVALUATED)),
    }


def _concluded(
    store: Store, found: xr.Dataset, job: Job, checkpoints: Checkpoints | None, *, report: Depth
) -> xr.Dataset:
    """Write down what is said about a landscape, and return it."""
    attrs = conclusions(job, found, checkpoints, report=report)
    # A finished store of which nothing new is said stays as it is, to the byte.
    if any(store.attrs.get(name) != value for name, value in attrs.items()):
        store.set_attrs(attrs)
    return found.assign_attrs(attrs)
