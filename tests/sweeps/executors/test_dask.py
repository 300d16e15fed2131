"""Points on a Dask cluster: one of processes, as it is used; in-process ones for what is cheap to look at."""

import asyncio
import os
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from distributed import Client, Scheduler, SpecCluster, Worker, get_worker
from torch import Tensor

from explorer.errors import WorkerError
from explorer.sweeps.executors import on, refuse_unfit_executor
from explorer.sweeps.executors.dask_client import GPU
from tests.support.cluster_cases import expected, gather, local_cluster, recipe_of, slope, sourced, swept


def threads(theta: Tensor) -> Tensor:
    """A quantity: PyTorch's threads where it is measured."""
    return theta.sum() * 0 + torch.get_num_threads()


def name(theta: Tensor) -> Tensor:
    """A quantity: the number of the worker that measures it; -1 where none does."""
    try:
        return theta.sum() * 0 + int(get_worker().name)
    except ValueError:
        return theta.sum() * 0 - 1


def held(dask_worker: Worker) -> int:
    """Return how many results a worker holds."""
    return len(dask_worker.data)


def plugins(dask_worker: Worker) -> list[str]:
    """Return the parcels that a worker holds."""
    return [each for each in dask_worker.plugins if each.startswith("explorer")]


@pytest.fixture
def inside() -> Iterator[Client]:
    """Two workers in this process."""
    with local_cluster(2, processes=False, host=None) as cluster, Client(cluster) as client:
        yield client


def test_a_local_cluster_measures_what_is_measured_here(tmp_path: Path) -> None:
    made = tmp_path / "made"
    recipe = recipe_of(sourced(made=str(made)), quantities=("loss", "gradient", threads))
    here = len(made.read_text().splitlines())
    with local_cluster(2) as cluster, Client(cluster) as client:
        with on(client, recipe) as measure:
            for size in (4, 256):
                came = gather(measure, recipe, size)
                assert (came.times == 1).all()
                for quantity, values in expected(recipe).items():
                    np.testing.assert_array_equal(came.fields[quantity], values)
            assert all(len(found) == 1 for found in client.run(plugins).values())
        assert set(client.run(held).values()) == {0}
        assert list(client.run(plugins).values()) == [[], []]
    there = Counter(line.split()[0] for line in made.read_text().splitlines()[here:])
    assert str(os.getpid()) not in there
    assert set(there.values()) == {1}
    with pytest.raises(ValueError, match=r"connected dask.distributed.Client; got one that is closed"):
        refuse_unfit_executor(client)


@pytest.mark.slow
def test_a_worker_uses_as_many_threads_as_it_has() -> None:
    recipe = recipe_of(slope(), quantities=("loss", threads))
    with local_cluster(1, threads_per_worker=3) as cluster, Client(cluster) as client:
        assert set(swept(client, recipe, 64).fields["threads"]) == {3}
        assert set(swept(client, recipe, 64, threads=2).fields["threads"]) == {2}


def workers(*resources: dict[str, int]) -> SpecCluster:
    """A cluster in this process of workers with these resources, named 0, 1, ...; those that come later have none."""
    later = {"cls": Worker, "options": {"nthreads": 1, "dashboard": False}}
    spec = {
        number: {"cls": Worker, "options": {"nthreads": 1, "dashboard": False, "resources": each}}
        for number, each in enumerate(resources)
    }
    options = {"protocol": "inproc://", "dashboard": False, "dashboard_address": "127.0.0.1:0"}
    return SpecCluster(workers=spec, worker=later, scheduler={"cls": Scheduler, "options": options})


def test_points_go_to_workers_with_a_gpu_where_there_are_any() -> None:
    recipe = recipe_of(slope(), quantities=("loss", name))
    with workers({}, {GPU: 1}, {}, {GPU: 1}) as cluster, Client(cluster) as client:
        found = swept(client, recipe, 8)
        assert (found.times == 1).all()
        assert set(found.fields["name"]) <= {1, 3}
    with workers({}, {}) as cluster, Client(cluster) as client:
        assert set(swept(client, recipe, 8).fields["name"]) <= {0, 1}


def test_a_worker_with_a_gpu_measures_on_it(inside: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from explorer.sweeps.executors import dask_client

    asked = []

    def told(ticket: Any, pieces: Any) -> Any:
        asked.append(ticket.device)
        raise WorkerError("enough")

    monkeypatch.setattr(dask_client, "work", told)
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    recipe = recipe_of(slope())
    with workers({GPU: 1}) as cluster, Client(cluster) as client, pytest.raises(WorkerError, match="enough"):
        swept(client, recipe, 256)
    with pytest.raises(WorkerError, match="enough"):
        swept(inside, recipe, 256)
    assert set(asked) == {"cuda", "cpu"}


def test_no_worker_for_too_long_is_an_error() -> None:
    recipe = recipe_of(slope())
    with workers() as cluster, Client(cluster) as client:
        began = time.monotonic()
        with pytest.raises(WorkerError, match=r"expected workers on the cluster of inproc.*What came out is kept"):
            swept(client, recipe, 64, patience=1.0)
        assert time.monotonic() - began < 30


def test_a_worker_that_comes_late_is_used() -> None:
    recipe = recipe_of(slope())
    with workers() as cluster, Client(cluster) as client, on(client, recipe) as measure:
        # The parcel was brought before this one was there.
        cluster.scale(1)
        client.wait_for_workers(1, timeout=30)
        assert (gather(measure, recipe, 64).times == 1).all()


def test_an_asynchronous_client_is_refused() -> None:
    async def asked() -> None:
        options = {"dashboard_address": "127.0.0.1:0", "asynchronous": True}
        async with Client(processes=False, **options) as client:
            with pytest.raises(ValueError, match="got an asynchronous one"):
                refuse_unfit_executor(client)

    # On a thread of its own: in this one the browser tests may have a loop running.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, asked()).result(60)
