"""Points on threads and processes: the same numbers as here, the model once a process, clear refusals."""

import multiprocessing
import os
import pickle
import subprocess
import sys
import threading
from collections import deque
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pytest
import torch
from torch import Tensor

from explorer.errors import WorkerError
from explorer.sweeps.executors import on, refuse_unfit_executor
from tests.support import cluster_cases as cases
from tests.support.cases import neuron
from tests.support.cluster_cases import expected, gather, recipe_of, slope, sourced, swept

SPAWN = multiprocessing.get_context("spawn")


def threads(theta: Tensor) -> Tensor:
    """A quantity: PyTorch's threads where it is measured."""
    return theta.sum() * 0 + torch.get_num_threads()


def process(theta: Tensor) -> Tensor:
    """A quantity: the process in which it is measured."""
    return theta.sum() * 0 + os.getpid()


def assert_equal_to_here(came: cases.Came, recipe: cases.SweepRecipe) -> None:
    """On one machine a point's bits do not depend on who measures it: the same code on the same chunks of one point."""
    assert (came.times == 1).all()
    assert not came.lost.any()
    for name, values in expected(recipe).items():
        np.testing.assert_array_equal(came.fields[name], values)


def test_processes_measure_what_is_measured_here(pool: ProcessPoolExecutor) -> None:
    recipe = recipe_of(neuron().objective, quantities=("loss", "gradient"))
    with on(pool, recipe) as measure:
        # Several times, as a refinement does.
        for size in (7, 1000):
            came = gather(measure, recipe, size)
            assert (came.times == 1).all()
            for name, values in expected(recipe).items():
                # Chunks of other sizes round sums of seven terms differently.
                np.testing.assert_allclose(came.fields[name], values, rtol=1e-14, atol=1e-15)


def test_threads_measure_what_cannot_be_sent(pool: ProcessPoolExecutor) -> None:
    recipe = recipe_of(slope(), quantities=("loss", process))
    before = torch.get_num_threads()
    with ThreadPoolExecutor(2) as executor:
        assert_equal_to_here(swept(executor, recipe, 10), recipe)
    assert torch.get_num_threads() == before


def test_a_factory_is_called_once_in_a_process_and_a_worker_has_one_thread(
    pool: ProcessPoolExecutor, tmp_path: Path
) -> None:
    made = tmp_path / "made"
    recipe = recipe_of(sourced(made=str(made)), quantities=("loss", threads, process))
    here = made.read_text().splitlines()
    torch.set_num_threads(3)
    try:
        with on(pool, recipe) as measure:
            for _ in range(2):
                came = gather(measure, recipe, 4)
    finally:
        torch.set_num_threads(1)
    there = dict(line.split() for line in made.read_text().splitlines()[len(here) :])
    assert {str(int(each)) for each in np.unique(came.fields["process"])} <= set(there)
    assert str(os.getpid()) not in there
    assert len(made.read_text().splitlines()) == len(here) + len(there)
    assert (came.fields["threads"] == 1).all()
    # What is made with the threads of the driver is the same to the bit.
    assert set(there.values()) == {"3"}


def test_threads_of_a_worker_are_those_asked_for(pool: ProcessPoolExecutor) -> None:
    recipe = recipe_of(slope(), quantities=("loss", threads))
    assert (swept(pool, recipe, 64, threads=2).fields["threads"] == 2).all()


def test_another_objective_there_is_told_by_what_differs(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    start = tmp_path / "w"
    start.write_text("0.0")
    recipe = recipe_of(sourced(start=str(start)))
    start.write_text("1.0")
    with pytest.raises(WorkerError, match=r"makes another here: theta_sha256: the driver has .*, here .*same code"):
        swept(pool, recipe, 64)


def test_a_factory_that_raises_there_is_told(pool: ProcessPoolExecutor, tmp_path: Path) -> None:
    start = tmp_path / "w"
    start.write_text("0.0")
    recipe = recipe_of(sourced(start=str(start)))
    start.unlink()
    with pytest.raises(WorkerError, match=r"cluster_cases:slope; it raised FileNotFoundError.*same files.*process \d+"):
        swept(pool, recipe, 64)


def test_points_that_raise_are_holes_and_their_error_comes_home(pool: ProcessPoolExecutor) -> None:
    recipe = recipe_of(slope(driver=os.getpid(), at=3))
    came = swept(pool, recipe, 8)
    bad = np.arange(recipe.job.points) // 16 == 3
    np.testing.assert_array_equal(came.lost, bad)
    np.testing.assert_array_equal(came.times, ~bad)
    # It cannot be unpickled, which would break the pool, so its words travel.
    assert came.reasons == {"RuntimeError: UnreadableError: a bad corner"}


def test_a_task_is_small_whatever_the_objective_takes() -> None:
    class Counting(Executor):
        """Runs at once, and measures what would have to be sent."""

        sizes: ClassVar[list[int]] = []

        def submit(self, function: Any, /, *given: Any, **named: Any) -> Future[Any]:
            self.sizes.append(len(pickle.dumps((function, given, named))))
            future: Future[Any] = Future()
            future.set_result(function(*given, **named))
            return future

    x = torch.randn(10_000, 50, generator=torch.Generator().manual_seed(0))
    model = torch.nn.Linear(50, 1)
    objective = cases.Objective(model, torch.nn.MSELoss(), (x, x[:, :1]))
    plane, grid = cases.directions.gaussian(objective), cases.Grid.square(points=5)
    job = cases.read_job(objective, plane, grid, cases.read_quantities(("loss",)), None, None)
    recipe = cases.SweepRecipe(job, cases.plan(objective, plane, job.wanted, job.points, always=True))
    assert (swept(Counting(), recipe, 5).times == 1).all()
    assert max(Counting.sizes) < 2000


def test_a_killed_process_ends_the_sweep_after_what_came_out() -> None:
    recipe = recipe_of(slope(driver=os.getpid(), wait=0.02, at=15, kind="kill"))
    order = np.arange(recipe.job.points)
    came = cases.Came({}, np.zeros(len(order), dtype=np.int64), np.zeros(len(order), dtype=bool), set())
    with ProcessPoolExecutor(1, mp_context=SPAWN) as executor, on(executor, recipe) as measure:
        found = measure(np.split(order, range(8, len(order), 8)))
        with pytest.raises(WorkerError, match=r"BrokenProcessPool.*What came out is kept.*__main__"):
            deque(map(partial(cases.take, came), found))
        assert 0 < came.times.sum() <= 240
        assert not came.times[order // 16 == 15].any()
        with pytest.raises(ValueError, match="takes work"):
            refuse_unfit_executor(executor)


def test_what_is_no_executor_is_refused() -> None:
    recipe = recipe_of(slope())
    for other in (4, "tcp://127.0.0.1:8786", object(), ProcessPoolExecutor):
        with pytest.raises(TypeError, match=r"expected a concurrent.futures.Executor or a dask.distributed.Client"):
            swept(other, recipe, 64)


def test_a_pool_that_is_shut_down_is_refused() -> None:
    recipe = recipe_of(slope())
    executor = ThreadPoolExecutor(1)
    executor.shutdown()
    with pytest.raises(ValueError, match="expected an executor that takes work"):
        swept(executor, recipe, 64)


def test_a_pool_that_forks_is_refused_where_it_would_use_cuda() -> None:
    forking = ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("fork"))
    with pytest.raises(ValueError, match=r'spawns its processes.*on cuda:0.*get_context\("spawn"\)'):
        refuse_unfit_executor(forking, torch.device("cuda:0"))
    forking.shutdown()


FORKING = """
import torch
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
import numpy as np
from explorer.sweeps.executors import on
from tests.support.cases import neuron
from tests.support.cluster_cases import expected, gather, recipe_of

torch.set_num_threads(2)
large = torch.ones(500, 500, requires_grad=True)
(large @ large).sum().backward()
recipe = recipe_of(neuron().objective, quantities=("loss", "gradient"))
with ProcessPoolExecutor(2, mp_context=get_context("fork")) as executor, on(executor, recipe) as measure:
    came = gather(measure, recipe, 16)
for name, values in expected(recipe).items():
    np.testing.assert_allclose(came.fields[name], values, rtol=1e-14, atol=1e-15)
print("the same")
"""


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere forking is not the default, or not there")
def test_a_pool_that_forks_after_pytorch_had_threads_measures_the_same() -> None:
    done = subprocess.run([sys.executable, "-c", FORKING], capture_output=True, text=True, timeout=100)
    assert done.stdout.strip() == "the same", done.stderr


def test_a_recipe_that_cannot_be_pickled_is_refused(pool: ProcessPoolExecutor) -> None:
    lock = threading.Lock()
    recipe = recipe_of(cases.Objective(cases.Slope(), terms={"slope": lambda model: (lock, model())[1]}))
    with pytest.raises(ValueError, match=r"can be pickled.*TypeError.*module:factory"):
        swept(pool, recipe, 64)


def test_the_parcels_file_is_private_and_goes_with_the_context(pool: ProcessPoolExecutor) -> None:
    from explorer.sweeps.executors.parcel import pack
    from explorer.sweeps.executors.pool import parcel_file

    with parcel_file(pack(recipe_of(slope()))) as path:
        assert path.stat().st_size > 0
        assert path.parent.stat().st_mode & 0o077 == 0
    assert not path.parent.exists()
