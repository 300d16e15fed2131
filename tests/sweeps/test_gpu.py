"""The same landscape on a CUDA device: every way to evaluate points agrees with the processor's."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.func import grad

import models
from explorer import Grid, Objective, directions, sweep
from explorer.graphs import Rewrites
from explorer.numerics.rounding import exact_products
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from tests.support.kinds import KINDS
from tests.support.planes import random_plane

pytestmark = pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")

DOUBLE = [name for name, kind in KINDS.items() if kind.dtype is torch.float64]
# Sums in another order, in float64: some thousand roundings of 1e-16.
RTOL64 = 1e-11
# In float32 without TF32, over some million products; cuDNN's fast convolutions round a few times more.
RTOL32 = 5e-4


def close(found, expected, rtol):
    scale = float(np.abs(np.asarray(expected)).max()) or 1.0
    np.testing.assert_allclose(np.asarray(found) / scale, np.asarray(expected) / scale, rtol=0, atol=rtol)


def network():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(20, 32), nn.ReLU(), nn.Linear(32, 32), nn.ReLU(), nn.Linear(32, 5))
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(300, 20, generator=generator)
    return Objective(model, nn.CrossEntropyLoss(), (x, torch.randint(0, 5, (300,), generator=generator)))


def pictures():
    torch.manual_seed(0)
    model = models.ResidualNetwork(8, width=4, channels=3)
    x = torch.randn(40, 3, 8, 8)
    model.train()(x)
    return Objective(model, nn.CrossEntropyLoss(), (x, torch.arange(40) % 10))


@pytest.mark.parametrize("name", DOUBLE)
def test_any_model_on_the_device(name):
    objective = KINDS[name].objective(KINDS[name].made())
    if KINDS[name].term is not None:
        pytest.skip("a term's own tensors stay where they are")
    plane, grid = random_plane(objective), Grid.square(points=5)
    quantities = ("loss", "gradient", "gradient_norm")
    expected, found = (
        sweep(objective, plane, grid, quantities=quantities, device=device, progress=False, report=False)
        for device in ("cpu", "cuda")
    )
    assert found.attrs["device"].startswith("cuda")
    # CUDA's kernel of weight norm computes norms in float32.
    rtol = 1e-6 if name == "weight norm" else RTOL64
    for quantity in quantities:
        close(found[quantity], expected[quantity], rtol)


@pytest.mark.parametrize("make", [network, pictures])
@pytest.mark.parametrize("affine", [True, False])
@pytest.mark.parametrize("batched", [True, False])
def test_traced_strategies_on_the_device(make, affine, batched):
    objective = make()
    plane = directions.gaussian(objective)
    wanted = read_quantities(("loss", "gradient"))
    coords = torch.randn(7, 2, generator=torch.Generator().manual_seed(2)) / 3
    expected = measure_by(LOOP, objective, plane, wanted)(coords)
    there = objective.to(device="cuda"), plane.to(device="cuda")
    strategy = LADDER[0 if batched else 2].traced(Rewrites(affine=affine))
    with exact_products(torch.device("cuda")):
        found = measure_by(strategy, *there, wanted, size=4)(coords.cuda())
    for field, value in expected.items():
        close(found[field].cpu(), value, RTOL32)


def composite():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(1, 16), nn.Tanh(), nn.Linear(16, 1)).double()

    def fit(m):
        t = torch.linspace(-1, 1, 50, dtype=torch.float64, device=m[0].weight.device)[:, None]
        return (m(t) - t.sin()).square().mean()

    terms = {"fit": fit, "size": lambda m: m[0].weight.square().sum()}
    return Objective(model, terms=terms, weights={"size": 0.1})


@dataclass(frozen=True)
class Layers:
    """Norms of the gradient by layers, of the objective where it is."""

    name: str = "layers"

    def dims(self, objective, labels):
        return {"layer": list(objective.layout.shapes)}

    def bytes(self, point):
        return point.evaluation

    def measure(self, objective, plane, many):
        return many(
            lambda theta: torch.stack([g.norm() for g in objective.layout.unflatten(grad(objective)(theta)).values()])
        )


def biggest(theta):
    return float(np.abs(theta.cpu().numpy()).max())


@pytest.mark.parametrize("strategy", [*LADDER, *(LADDER[i].traced(Rewrites()) for i in (0, 2))], ids=lambda s: s.name)
def test_term_gradients_on_the_device(strategy):
    objective = composite()
    plane, wanted = directions.gaussian(objective), read_quantities(("loss", "gradient", "term_gradients"))
    coords = torch.randn(7, 2, generator=torch.Generator().manual_seed(2), dtype=torch.float64) / 3
    expected = measure_by(LOOP, objective, plane, wanted)(coords)
    there = objective.to(device="cuda"), plane.to(device="cuda")
    found = measure_by(strategy, *there, wanted, size=4)(coords.cuda())
    for field, value in expected.items():
        close(found[field].cpu(), value, RTOL64)


def test_own_quantities_on_the_device():
    objective = composite()
    plane, grid, quantities = directions.gaussian(objective), Grid.square(points=9), ("loss", Layers(), biggest)
    expected, found = (
        sweep(objective, plane, grid, quantities=quantities, device=device, progress=False, report=False)
        for device in ("cpu", "cuda")
    )
    assert found.attrs["strategy"] == "vmap; biggest: loop"
    for quantity in ("loss", "layers", "biggest"):
        close(found[quantity], expected[quantity], RTOL64)


def test_float32_networks_on_the_device():
    objective = network()
    plane, grid, wanted = directions.gaussian(objective), Grid.square(points=41), ("loss", "gradient")
    expected, found = (
        sweep(objective, plane, grid, quantities=wanted, device=device, progress=False, report=False)
        for device in ("cpu", "cuda")
    )
    for quantity in wanted:
        close(found[quantity], expected[quantity], RTOL32)


@pytest.mark.parametrize("make", [network, pictures])
@pytest.mark.parametrize("low", [torch.bfloat16, torch.float16])
def test_mixed_precision_on_the_device(make, low):
    objective = make()
    plane, grid = directions.gaussian(objective), Grid.square(points=9)
    exact, mixed = (
        sweep(objective, plane, grid, quantities=("loss",), device="cuda", dtype=dtype, progress=False, report=False)
        for dtype in (None, low)
    )
    # Each of a handful of layers rounds its products once: 2^-9 or 2^-12 of them, and adds.
    assert 0 < float(np.abs(np.log(mixed["loss"]) - np.log(exact["loss"])).max()) < 64 * torch.finfo(low).eps
    assert mixed.attrs["mixed_precision_error"] < 0.05


def test_a_tolerance_on_the_device():
    objective = network()
    plane, grid = directions.gaussian(objective), Grid.square(points=65)
    full, few = (
        sweep(objective, plane, grid, quantities=("loss",), device="cuda", tolerance=t, progress=False, report=False)
        for t in (None, 0.01)
    )
    assert few.attrs["evaluated_points"] < grid.size / 4
    apart = np.abs(np.log(few["loss"]) - np.log(full["loss"])).max()
    assert apart <= 0.01 * float(np.ptp(np.log(full["loss"].values)))
