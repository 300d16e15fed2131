"""Objectives that tell on which worker they are evaluated, or end it; for workers that import this module."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from explorer import Grid, Objective, directions
from explorer.quantities import Asked, read_quantities
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.executors import SweepRecipe, on
from explorer.sweeps.job import read_job
from explorer.sweeps.planning.calibration import plan
from explorer.sweeps.workers import Measure, Measured, arrays

HERE = __name__


class Slope(nn.Module):
    """L = w + 10 b: every point of a plane through both has a loss of its own."""

    def __init__(self, at: float = 0.0) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.tensor(at, dtype=torch.float64))
        self.b = nn.Parameter(torch.tensor(0.0, dtype=torch.float64))

    def forward(self) -> Tensor:
        return self.w + 10 * self.b


class UnreadableError(Exception):
    """Pickled, it cannot be unpickled."""

    def __init__(self, first: str, second: str) -> None:
        super().__init__(first)
        self.second = second


@dataclass(frozen=True)
class Trouble:
    """What happens when a point is evaluated; it looks at numbers, so points come one by one.

    Troubled are the points with w = `at` (and b = `b`, if that is given); in the process of the driver nothing happens.
    """

    driver: int
    wait: float = 0.0
    at: float | None = None
    b: float | None = None
    kind: str = "raise"
    log: str = ""
    """A file to which every worker writes its process and the point, before it evaluates it."""

    def __call__(self, model: nn.Module) -> Tensor:
        loss: Tensor = model()
        w, b = (float(getattr(model, name).detach()) for name in ("w", "b"))
        if self.log and os.getpid() != self.driver:
            note(Path(self.log), f"{os.getpid()} {float(loss.detach()):.6f}")
        time.sleep(self.wait)
        if os.getpid() != self.driver and w == self.at and self.b in (None, b):
            if self.kind == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            raise UnreadableError("a bad corner", "of the plane")
        return loss


def note(path: Path, text: str) -> None:
    """Append a line, whole: a single write to a file opened for appending is not torn."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(file, f"{text}\n".encode())
    os.close(file)


def slope(made: str = "", start: str = "", **trouble: Any) -> Objective:
    """Return the slope.

    Args:
        made: a file to which a line is written whenever this is called: the process, and PyTorch's threads.
        start: a file with the model's own w.
        trouble: as of `Trouble`.
    """
    if made:
        note(Path(made), f"{os.getpid()} {torch.get_num_threads()}")
    model = Slope(float(Path(start).read_text()) if start else 0.0)
    return Objective(model, terms={"slope": Trouble(**trouble) if trouble else Slope.forward})


def sourced(**keywords: Any) -> Objective:
    """Return the slope as the command line makes it: it knows its factory."""
    objective = slope(**keywords)
    objective.source = {"factory": f"{HERE}:slope", "kwargs": keywords}
    return objective


def recipe_of(objective: Objective, points: int = 16, quantities: tuple[Asked, ...] = ("loss",)) -> SweepRecipe:
    """Return the recipe of points x points in [0, points)^2: w and b are whole numbers."""
    plane = directions.axes(objective, "w", "b")
    grid = Grid({"w": (0, points - 1, points), "b": (0, points - 1, points)})
    job = read_job(objective, plane, grid, read_quantities(quantities), None, None)
    return SweepRecipe(job, plan(objective, plane, job.wanted, job.points, always=True))


def pieces_of(recipe: SweepRecipe, size: int) -> list[NDArray[np.int64]]:
    """Return all positions in pieces of `size`, scattered."""
    order = np.random.default_rng(0).permutation(recipe.job.points)
    return np.split(order, range(size, len(order), size))


def expected(recipe: SweepRecipe) -> Mapping[str, NDArray[Any]]:
    """Return the fields [N, ...] as they are measured here."""
    return {name: field.numpy() for name, field in evaluated(recipe)}


def evaluated(recipe: SweepRecipe) -> Iterator[tuple[str, Tensor]]:
    """Yield (name, field [N, ...]), measured here."""
    yield from Evaluation(recipe.job, recipe.plan).at(np.arange(recipe.job.points)).items()


@dataclass
class Came:
    """What came of all points, put where it belongs."""

    fields: dict[str, NDArray[Any]]
    times: NDArray[np.int64]
    """[N]: how often each came out."""
    lost: NDArray[np.bool_]
    """[N]: points of pieces with an error that did not come out."""
    reasons: set[str]


def gather(measure: Measure, recipe: SweepRecipe, size: int) -> Came:
    """Measure all points in pieces of `size`."""
    points = recipe.job.points
    came = Came({}, np.zeros(points, dtype=np.int64), np.zeros(points, dtype=bool), set())
    for found in measure(pieces_of(recipe, size)):
        take(came, found)
    return came


def swept(executor: Any, recipe: SweepRecipe, size: int, **how: Any) -> Came:
    """Measure all points in pieces of `size` on an executor; `how` is for `on`."""
    with on(executor, recipe, **how) as measure:
        return gather(measure, recipe, size)


def take(came: Came, found: Measured | None) -> None:
    """Put what came of a piece where it belongs."""
    if found is None:
        return
    np.add.at(came.times, found.positions, 1)
    for name, values in arrays(found.fields).items():
        empty = np.full((len(came.times), *values.shape[1:]), np.nan, dtype=values.dtype)
        came.fields.setdefault(name, empty)[found.positions] = values
    came.lost[found.lost] = True
    if found.error is not None:
        came.reasons.add(found.reason)


def local_cluster(workers: int, **options: Any) -> Any:
    """Return Dask's cluster of processes on this machine, with a thread each, on loopback, on ports that are free."""
    from distributed import LocalCluster

    quiet = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
    return LocalCluster(**{"n_workers": workers, "threads_per_worker": 1, "host": "127.0.0.1", **quiet, **options})
