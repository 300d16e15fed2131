"""What a sweep measures where its caller names nothing."""

import inspect
from functools import partial

import numpy as np
import pytest

import explorer
from explorer import Grid, StoreError, directions
from explorer.sweeps import estimate
from models import MODELS
from tests.support.cases import neuron

sweep = partial(explorer.sweep, report=False, progress=False)
GRID = Grid({"w": (-1, 1, 4), "b": (-1, 1, 3)})


def distance(theta):
    return theta.norm()


@pytest.fixture
def case():
    objective = neuron().objective
    return objective, directions.axes(objective, "w", "b")


def fields(landscape):
    return set(landscape.data_vars) - {"status"}


def test_it_is_the_loss_alone(case, tmp_path):
    assert fields(sweep(*case, GRID)) == {"loss"}
    assert fields(sweep(*case, GRID, store=tmp_path / "x.zarr")) == {"loss"}
    for function in (explorer.sweep, estimate):
        assert inspect.signature(function).parameters["quantities"].default == ("loss",)


def test_a_store_keeps_its_own(case, tmp_path):
    first = sweep(*case, GRID, quantities=("loss", "gradient"), store=tmp_path / "x.zarr")
    again = sweep(*case, GRID, store=tmp_path / "x.zarr")
    assert fields(again) == fields(first) == {"loss", "gradient"}
    # Who names the default means it.
    with pytest.raises(StoreError, match=r'quantities: the store has \["gradient", "loss"\], asked for \["loss"\]'):
        sweep(*case, GRID, quantities=("loss",), store=tmp_path / "x.zarr")


class Touchy:
    """A term that does not stand a large w, as long as it is broken."""

    broken = True

    def __call__(self, model):
        if self.broken and bool(model.w > 0.5):
            raise ArithmeticError("out of its depth")
        return model.w**2 + 3 * model.b


def test_an_unfinished_store_goes_on_with_its_own(tmp_path):
    term = Touchy()
    objective = explorer.Objective(MODELS["tanh_neuron"](w=-1.0), terms={"touchy": term})
    run = partial(sweep, objective, directions.axes(objective, "w", "b"), GRID, store=tmp_path / "x.zarr")
    with pytest.warns(RuntimeWarning, match="points could not be evaluated .ArithmeticError"):
        run(quantities=("gradient",))
    term.broken = False
    found = run()
    assert (found["status"] == 1).all()
    assert fields(found) == {"gradient"}
    np.testing.assert_allclose(found["gradient"].sel(direction="b"), 3.0, rtol=1e-12)


def test_functions_cannot_be_known_by_name(case, tmp_path):
    sweep(*case, GRID, quantities=("loss", distance), store=tmp_path / "x.zarr")
    with pytest.raises(StoreError, match=r'by name only: distance; got none: pass quantities=\("loss", distance,\)'):
        sweep(*case, GRID, store=tmp_path / "x.zarr")
    assert fields(sweep(*case, GRID, quantities=("loss", distance), store=tmp_path / "x.zarr")) == {"loss", "distance"}
