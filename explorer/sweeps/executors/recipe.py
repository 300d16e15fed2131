"""Recipe: what workers measure, as something that can be sent to them."""

from dataclasses import dataclass, replace
from typing import Protocol

import torch

from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.job import Job
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.planning.plan import Plan
from explorer.sweeps.workers import Measurable


class Recipe(Protocol):
    """What workers measure; picklable. An `Objective` in it that has a source travels as its words."""

    @property
    def device(self) -> torch.device:
        """Where it would be measured without workers."""

    @property
    def seconds_each(self) -> float:
        """That a point is expected to take; 0 where nobody knows."""

    @property
    def chunk(self) -> int:
        """Points that are measured at once: a task has a multiple of them."""

    def packed(self) -> "Recipe":
        """Return the same with its tensors in the host's memory, ready to be pickled."""

    def source(self, device: torch.device) -> Measurable:
        """Return what measures points on a worker's device."""


@dataclass(frozen=True, eq=False)
class SweepRecipe:
    """The points of a job, by the plan."""

    job: Job
    plan: Plan
    planned_points: int | None = None
    """That the plan's seconds are for; all by default."""
    planned_on: str | None = None
    """The type of device that the plan was made for; the job's by default."""

    @property
    def device(self) -> torch.device:
        """The job's."""
        return self.job.objective.device

    @property
    def seconds_each(self) -> float:
        """As planned."""
        return self.plan.seconds / (self.planned_points or self.job.points)

    @property
    def chunk(self) -> int:
        """As planned."""
        return self.plan.chunk

    def packed(self) -> "SweepRecipe":
        """Return the same in the host's memory, without what the job has worked out for itself."""
        return replace(self, job=moved(self.job, torch.device("cpu")), planned_on=self.device.type)

    def source(self, device: torch.device) -> Measurable:
        """Return the evaluation on a device; planned there if the plan is one for another type of device."""
        job, chosen = moved(self.job, device), self.plan
        if (self.planned_on or device.type) != device.type:
            chosen = plan(job.objective, job.plane, job.wanted, job.points, low=job.low)
        return Evaluation(job, chosen)


def moved(job: Job, device: torch.device) -> Job:
    """Return a job on another device, without what it has worked out for itself."""
    objective = job.objective
    # One with a source is made anew on the worker's device, wherever this one is.
    if not objective.source and not _is_on(objective.device, device):
        objective = objective.to(device=device)
    return replace(job, objective=objective, planes=tuple(each.to(device=device) for each in job.planes))


def _is_on(found: torch.device, wanted: torch.device) -> bool:
    return found.type == wanted.type and wanted.index in (None, found.index)
