"""Several sweeps on one store at once: they share the work, and come to the same landscape."""

import json
import subprocess
import sys
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import explorer
from explorer import Grid
from explorer.landscape import Status
from explorer.quantities import read_quantities
from explorer.store import Store
from explorer.sweeps.filling import fill
from explorer.sweeps.job import read_job
from explorer.sweeps.keep import InStore
from explorer.sweeps.run import Run
from explorer.sweeps.workers import Measured, here
from tests.support.cases import neuron

ROOT = Path(__file__).parents[2]
GRID = Grid({"w": (-2.0, 2.0, 31), "b": (-2.0, 2.0, 31)})
sweep = partial(explorer.sweep, report=False, progress=False)


@pytest.fixture(scope="module")
def case():
    objective = neuron().objective
    return objective, explorer.directions.axes(objective, "w", "b")


def begun(case, path, tolerance=None):
    """A store in which nothing is evaluated yet."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("explorer.sweeps.run.fill", None)
        with pytest.raises(TypeError):
            sweep(*case, GRID, quantities=("loss", "gradient"), store=path, tolerance=tolerance, chunk_size=31)


@pytest.mark.parametrize("tolerance", [None, 0.02])
@pytest.mark.parametrize("head_start", [0, 4])
def test_two_sweeps_in_turn_evaluate_hardly_anything_twice(case, tmp_path, tolerance, head_start):
    path = tmp_path / "x.zarr"
    begun(case, path, tolerance)
    job = read_job(*case, GRID, read_quantities(("loss", "gradient")), None, None)
    runs = [Run(job, tolerance, 31, stored=True) for _ in range(2)]
    keeps = [InStore(Store.open(path, write=True), 31) for _ in runs]
    fillings = [fill(run.visits, keep, here(run.evaluation)) for run, keep in zip(runs, keeps, strict=True)]
    evaluated = [next(fillings[0]) for _ in range(head_start)]
    running = dict(enumerate(fillings))
    while running:
        for number in list(running):
            try:
                evaluated.append(next(running[number]))
            except StopIteration:
                del running[number]
    whole = sweep(*case, GRID, tolerance=tolerance, quantities=("loss", "gradient"))
    needed = int((whole["status"].values == 1).sum())
    # Both may be at one and the same piece, above all where few are left: at the first and the last of a round.
    rounds = 1 if tolerance is None else 8
    assert needed <= sum(evaluated) <= needed + rounds * 4 * 31
    found = explorer.open_landscape(path)
    xr.testing.assert_allclose(found.drop_attrs(), whole.drop_attrs(), rtol=1e-12, atol=1e-12)


def test_what_failed_elsewhere_and_came_out_here_is_known(case, tmp_path):
    path = tmp_path / "x.zarr"
    begun(case, path)
    keep, other = InStore(Store.open(path, write=True), 31), Store.open(path, write=True)
    keep.take(Measured(np.array([3]), {"loss": np.array([0.5]), "gradient": np.zeros((1, 2))}))
    other.fail(np.array([3, 4]), "out of its depth")
    next(keep.pieces(np.arange(3, 7)))
    assert keep.status[3:6].tolist() == [Status.EVALUATED, Status.FAILED, Status.NOT_COMPUTED]


PROGRAM = """
import sys, time
import numpy as np, torch
torch.set_num_threads(1)
import explorer
from explorer.sweeps.evaluation.evaluation import Evaluation
from tests.support.cases import neuron
original, seen = Evaluation.at, []
def at(self, positions):
    seen.extend(positions.tolist())
    time.sleep(0.004 * len(positions))
    return original(self, positions)
Evaluation.at = at
objective = neuron().objective
grid = explorer.Grid({"w": (-2.0, 2.0, 31), "b": (-2.0, 2.0, 31)})
plane = explorer.directions.axes(objective, "w", "b")
print("ready", flush=True)
sys.stdin.readline()
explorer.sweep(objective, plane, grid, store=sys.argv[1], chunk_size=11, report=False, progress=False)
print(len(seen))
"""


@pytest.mark.slow
def test_sweeps_started_together_on_a_new_path_all_join_and_share(case, tmp_path):
    path = tmp_path / "x.zarr"
    words = [sys.executable, "-c", PROGRAM, str(path)]
    started = [
        subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdin is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        process.stdin.write("\n")
        process.stdin.flush()
    evaluated = [int(process.communicate(timeout=120)[0]) for process in started]
    assert [process.returncode for process in started] == [0, 0, 0]
    # Each had a part in it; all together evaluated little more than all points: what they met at.
    assert min(evaluated) > 100
    assert sum(evaluated) <= 1.2 * GRID.size
    assert (explorer.open_landscape(path)["status"] == 1).all()
    assert json.loads(explorer.open_landscape(path).attrs["nonfinite"])["loss"] == 0
