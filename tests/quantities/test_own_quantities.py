"""Quantities of one's own: a function of theta, one with dimensions, an object that measures as it likes."""

import json
import pickle
from dataclasses import dataclass, field
from functools import partial

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import grad

import explorer
from explorer import Grid, Objective
from explorer.objective import data
from explorer.quantities import Footprint, Summed, Whole, read_quantities
from explorer.store import Store
from explorer.sweeps.evaluation.evaluation import Evaluation
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from explorer.sweeps.job import read_job
from explorer.sweeps.planning.calibration import plan
from tests.support.traced_cases import random_plane

sweep = partial(explorer.sweep, report=False, progress=False)
GRID = Grid({"alpha": (-1, 1, 4), "beta": (-1, 1.5, 3)})
X = torch.linspace(-1, 1, 22, dtype=torch.float64).reshape(11, 2)
Y = X.prod(1, keepdim=True)


def objective(given=(X, Y), **options):
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    return Objective(model, nn.MSELoss(), given, **options)


def thetas_of(plane):
    return [plane.at(point.tolist()) for point in GRID.coords]


def assert_close(found, expected):
    np.testing.assert_allclose(found, np.array(expected).reshape(found.shape), rtol=1e-12, atol=1e-14)


@dataclass(frozen=True)
class Norms:
    """Norms of the halves of theta."""

    name: str = "norms"
    dims: dict = field(default_factory=lambda: {"half": ["first", "second"]})

    def __call__(self, theta):
        middle = len(theta) // 2
        return torch.stack([theta[:middle].norm(), theta[middle:].norm()])


@dataclass(frozen=True)
class LayerSlopes:
    """Norm of the gradient in each layer, of whichever objective is swept."""

    name: str = "layer_slopes"

    def dims(self, objective, labels):
        return {"layer": list(objective.layout.shapes)}

    def bytes(self, point: Footprint) -> int:
        return point.evaluation

    def measure(self, objective, plane, many):
        def at(theta):
            slopes = objective.layout.unflatten(grad(objective)(theta)).values()
            return torch.stack([slope.norm() for slope in slopes])

        return many(at)


@dataclass(frozen=True)
class Moments:
    """Mean of the loss and of its square over the blocks: what adds up by shares."""

    name: str = "moments"

    def dims(self, objective, labels):
        return {"power": ["1", "2"]}

    def bytes(self, point: Footprint) -> int:
        return point.evaluation

    def at_block(self, plane, many):
        return lambda part, thetas: many(lambda theta: torch.stack([part(theta), part(theta) ** 2]))(thetas)


def layers_by_hand(made, plane):
    rows = []
    for theta in thetas_of(plane):
        leaf = theta.clone().requires_grad_()
        slope = torch.autograd.grad(made(leaf), leaf)[0]
        rows.append([float(each.norm()) for each in made.layout.unflatten(slope).values()])
    return rows


def test_one_object_adds_a_quantity_with_dimensions_in_memory_and_in_a_store(tmp_path):
    made = objective()
    plane = random_plane(made)
    expected = {
        "norms": [[float(half.norm()) for half in theta.split([6, 7])] for theta in thetas_of(plane)],
        "layer_slopes": layers_by_hand(made, plane),
        "moments": [[float(made(theta)), float(made(theta)) ** 2] for theta in thetas_of(plane)],
    }
    dims = {"norms": "half", "layer_slopes": "layer", "moments": "power"}
    quantities = ("loss", Norms(), LayerSlopes(), Moments())
    store = tmp_path / "x.zarr"
    for found in (
        sweep(made, plane, GRID, quantities=quantities),
        sweep(made, plane, GRID, quantities=quantities, store=store, chunk_size=5),
        sweep(made, plane, GRID, quantities=quantities, store=store, chunk_size=5),
        explorer.open_landscape(store),
    ):
        for name, values in expected.items():
            assert found[name].dims == ("alpha", "beta", dims[name])
            assert_close(found[name].values, values)
        assert found["half"].values.tolist() == ["first", "second"]
        assert found["layer"].values.tolist() == list(made.layout.shapes)
        assert json.loads(found.attrs["quantities"]) == ["loss", "norms", "layer_slopes", "moments"]
    assert Store.open(store).fields["layer_slopes"].extra == {"layer": list(made.layout.shapes)}


def test_a_function_may_name_dimensions():
    def pair(theta):
        return theta[:2].tolist()

    pair.dims = {"entry": ["first", "second"]}
    made = objective()
    plane = random_plane(made)
    found = sweep(made, plane, GRID, quantities=(pair,))
    assert_close(found["pair"].values, [theta[:2].tolist() for theta in thetas_of(plane)])
    assert found["pair"].dims == ("alpha", "beta", "entry")


class Read:
    """Batches that are read again for every pass, which are counted."""

    passes = 0

    def __iter__(self):
        self.passes += 1
        for first in range(0, 11, 4):
            yield X[first : first + 4], Y[first : first + 4]


def test_blocks_of_streamed_data_add_up_in_one_pass_for_all(monkeypatch):
    batches = Read()
    monkeypatch.setattr(data, "room", lambda device: 0)
    streamed = objective(batches)
    assert streamed.streamed
    plane = random_plane(streamed)
    measure = measure_by(LOOP, streamed, plane, read_quantities(("loss", "gradient", "curvature", Moments())))
    before = batches.passes
    found = measure(torch.from_numpy(GRID.coords))
    assert batches.passes == before + 1
    rows = [[(part.share, float(part(theta))) for part in streamed.parts()] for theta in thetas_of(plane)]
    assert_close(found["moments"].numpy(), [[sum(s * v**power for s, v in row) for power in (1, 2)] for row in rows])
    assert_close(found["loss"].numpy(), [sum(s * v for s, v in row) for row in rows])


def biggest(theta):
    """By NumPy, which `vmap` refuses."""
    return float(np.abs(theta.numpy()).max())


def branching(theta):
    return theta.sum() if theta.norm() > 1 else -theta.sum()


def test_one_that_cannot_be_batched_does_not_slow_down_the_others(monkeypatch):
    made = objective()
    plane = random_plane(made)
    calls = []
    original = made.problem.loss.forward
    monkeypatch.setattr(made.problem.loss, "forward", lambda *given: calls.append(1) or original(*given))
    alone = sweep(made, plane, GRID, quantities=("loss", "gradient", "curvature"))
    batched = len(calls)
    calls.clear()
    found = sweep(made, plane, GRID, quantities=("loss", "gradient", "curvature", biggest, branching))
    assert len(calls) == batched < 12
    assert found.attrs["strategy"] == "vmap; biggest, branching: loop"
    assert alone.attrs["strategy"] == "vmap"
    for name in ("loss", "gradient", "curvature"):
        assert np.array_equal(found[name], alone[name])
    assert_close(found["biggest"].values, [biggest(theta) for theta in thetas_of(plane)])
    assert_close(found["branching"].values, [float(branching(theta)) for theta in thetas_of(plane)])


@dataclass(frozen=True)
class Heavy(LayerSlopes):
    name: str = "heavy"

    def bytes(self, point):
        return 1 << 40


def test_one_that_takes_much_memory_does_not_change_how_the_others_are_measured():
    made = objective()
    plane = random_plane(made)
    alone, found = (sweep(made, plane, GRID, quantities=("loss", *more)) for more in ((), (Heavy(),)))
    assert found.attrs["strategy"] == "vmap; heavy: loop"
    assert np.array_equal(found["loss"], alone["loss"])
    assert_close(found["heavy"].values, layers_by_hand(made, plane))


def test_a_model_that_cannot_be_batched_does_not_slow_down_functions(tmp_path):
    class Branching(nn.Tanh):
        def forward(self, x):
            return super().forward(x) if x.sum().item() < 1e9 else x

    model = nn.Sequential(nn.Linear(2, 3), Branching(), nn.Linear(3, 1)).double()
    made = Objective(model, nn.MSELoss(), (X, Y))
    seen = []

    def norm(theta):
        seen.append(theta.shape)
        return theta.norm()

    plane = random_plane(made)
    for options in ({}, {"store": tmp_path / "x.zarr"}):
        seen.clear()
        found = sweep(made, plane, GRID, quantities=("loss", norm), chunk_size=12, **options)
        assert found.attrs["strategy"] == "loop; norm: vmap"
        # Once for a chunk of all points, and for what is tried before: not once for a point.
        assert len(seen) < 12
        assert_close(found["loss"].values, [float(made(theta).detach()) for theta in thetas_of(plane)])
        assert_close(found["norm"].values, [float(theta.norm()) for theta in thetas_of(plane)])


def test_every_point_of_every_way_is_where_it_belongs():
    made = objective()
    plane, wanted = random_plane(made), read_quantities(("loss", biggest, Norms()))
    job = read_job(made, plane, GRID, wanted, None, None)
    evaluation = Evaluation(job, plan(made, plane, wanted, job.points, chunk=5))
    positions = np.array([7, 0, 11, 3, 4, 9, 2])
    found = evaluation.at(positions)
    thetas = [thetas_of(plane)[position] for position in positions]
    assert_close(found["biggest"].numpy(), [biggest(theta) for theta in thetas])
    assert_close(found["loss"].numpy(), [float(made(theta).detach()) for theta in thetas])
    whole = evaluation.at(np.arange(job.points))
    assert len(whole["norms"]) == job.points
    assert_close(whole["biggest"].numpy(), [*map(biggest, thetas_of(plane))])


def test_mixed_precision_leaves_functions_exact():
    made = objective().to(dtype=torch.float32)
    plane = random_plane(made)
    found = sweep(made, plane, GRID, quantities=("loss", biggest), dtype=torch.bfloat16)
    assert "bfloat16" in found.attrs["strategy"]
    expected = [biggest(theta) for theta in thetas_of(plane)]
    # A rounding or two of float32; one of bfloat16 would be 4e-3.
    np.testing.assert_allclose(found["biggest"].values.reshape(-1), expected, rtol=4e-7)
    assert found.attrs["mixed_precision_checked"] > 0
    without = sweep(made, plane, GRID, quantities=("gradient",), dtype=torch.bfloat16)
    assert without.attrs["mixed_precision_checked"] == 0
    with pytest.raises(ValueError, match="for mixed precision"):
        sweep(made, plane, GRID, quantities=("loss", Moments()), dtype=torch.bfloat16)


def test_with_a_tolerance_own_quantities_are_at_evaluated_points_alone():
    made = objective()
    plane, grid = random_plane(made), Grid({"alpha": (-1, 1, 41), "beta": (-1, 1, 41)})
    found = sweep(made, plane, grid, quantities=("loss", Norms()), tolerance=0.05)
    interpolated = (found["status"] == 2).values
    assert interpolated.any()
    assert np.isnan(found["norms"].values[interpolated]).all()
    assert np.isfinite(found["norms"].values[~interpolated]).all()


def test_a_job_and_its_plan_travel_to_another_process():
    made = objective()
    plane, wanted = random_plane(made), read_quantities(("loss", "term_gradients", "curvature", biggest, LayerSlopes()))
    job = read_job(made, plane, GRID, wanted, None, None)
    chosen = plan(made, plane, wanted, job.points)
    there = Evaluation(*pickle.loads(pickle.dumps((job, chosen))))
    positions = np.arange(job.points)
    here = Evaluation(job, chosen).at(positions)
    for name, values in there.at(positions).items():
        assert torch.equal(values, here[name])


def test_kinds_are_told_apart_by_what_they_have():
    assert isinstance(LayerSlopes(), Whole)
    assert isinstance(Moments(), Summed)
    assert not isinstance(Norms(), (Whole, Summed))


@dataclass(frozen=True)
class Wrong(LayerSlopes):
    def measure(self, objective, plane, many):
        return lambda thetas: thetas.norm()


def first_two(theta):
    return theta[:2]


def accuracy(theta):
    return theta.sum()


REFUSED = {
    "another shape than its dims": (Wrong(), r"expected 'layer_slopes' of shape \(1, 4\), the points"),
    "an array without dims": (first_two, "to be a scalar; got shape .* name the dimensions"),
    "another length": (Norms(dims={"half": ["one"]}), r"an array of shape \(1,\), as its dims say; got shape \(2,\)"),
    "an axis as dimension": (
        Norms(dims={"alpha": ["first", "second"]}),
        "dimensions of 'norms' with names of their own",
    ),
    "the seed": (Norms(dims={"seed": ["first", "second"]}), "dimensions of 'norms' with names of their own"),
    "no labels": (Norms(dims={"half": []}), "dimensions of 'norms' with names of their own"),
    "numbers as labels": (Norms(dims={"half": [1, 2]}), "texts as labels"),
    "other labels for directions": (Norms(dims={"direction": ["x", "y"]}), "one set of labels for the dimension"),
    "a reserved name": (Norms(name="direction"), "a name of its own"),
    "the name of a built-in one": (Norms(name="curvature"), "a name of its own"),
    "no identifier": (Norms(name="two words"), "a name of its own"),
    "the name of a metric": (accuracy, "other names than the metrics; got 'accuracy'"),
    "no quantity at all": (3, "objects with name, dims, bytes and measure; got 3"),
}


@pytest.mark.parametrize(("given", "message"), REFUSED.values(), ids=REFUSED)
def test_what_is_not_clear_is_refused(given, message):
    made = objective(metrics={"accuracy": lambda p, t: (p - t).abs().mean()})
    with pytest.raises(ValueError, match=message):
        sweep(made, random_plane(made), GRID, quantities=("loss", "gradient", given))


def test_strategies_agree_on_own_quantities():
    made = objective()
    plane, wanted = random_plane(made), read_quantities((Norms(), LayerSlopes(), Moments()))
    coords = torch.from_numpy(GRID.coords)
    looped = measure_by(LOOP, made, plane, wanted)(coords)
    for name, values in measure_by(LADDER[0], made, plane, wanted)(coords).items():
        assert_close(values.numpy(), looped[name].numpy())


@pytest.mark.parametrize(
    ("result", "message"),
    [
        (lambda theta: torch.complex(theta[0], theta[1]), "in real numbers; got torch.complex128: give its real"),
        (lambda theta: "text", "a number or a tensor; got str"),
        (lambda theta: {"a": theta[0]}, "a number or a tensor; got dict"),
        (lambda theta: None, "a number or a tensor; got NoneType"),
    ],
    ids=["complex", "text", "mapping", "nothing"],
)
def test_a_result_that_is_no_number_is_told_by_its_name(result, message):
    def odd(theta):
        return result(theta)

    made = objective()
    with pytest.raises(ValueError, match=rf"expected odd\(theta\) .*{message}"):
        sweep(made, random_plane(made), GRID, quantities=("loss", odd))


def test_both_parts_of_a_complex_result_are_taken():
    def turned(theta):
        return torch.view_as_real(torch.complex(theta[0], theta[1]) * 1j)

    turned.dims = {"part": ["real", "imaginary"]}
    made = objective()
    plane = random_plane(made)
    found = sweep(made, plane, GRID, quantities=("loss", turned)).turned
    thetas = torch.stack(thetas_of(plane)).numpy()
    # Many points at once are one product of matrices, one point a sum.
    np.testing.assert_allclose(found.sel(part="real").values.ravel(), -thetas[:, 1], rtol=1e-13, atol=1e-15)
    np.testing.assert_allclose(found.sel(part="imaginary").values.ravel(), thetas[:, 0], rtol=1e-13, atol=1e-15)
