"""Traced evaluations beside their slow twin, the plain loop over points through the model's own code."""

import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, Plane
from explorer.graphs import Rewrites, onednn_is_available
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LADDER, LOOP, measure_by
from explorer.sweeps.planning import calibration
from tests.support.planes import random_plane

QUANTITIES = ("loss", "terms", "gradient")
ROUNDINGS = 1000
"""Of the largest value of a field: sums of at most n = 100 products err by n eps of the sum of their sizes (Higham,
Accuracy and Stability of Numerical Algorithms, section 3.1), through five layers forward and five back."""
_AS_MANY_AS_ONE = 4
"""Points at once; seven points are then a full chunk and one to be padded."""


def points(objective: Objective, directions: int = 2) -> torch.Tensor:
    """Seven coordinates of order 1, the center among them."""
    generator = torch.Generator().manual_seed(5)
    coords = torch.randn(7, directions, generator=generator, dtype=torch.float64)
    coords[0] = 0
    return coords.to(objective.dtype)


def choices(objective: Objective, *, every: bool = False) -> list:
    """Traced strategies for an objective's type: the two that are tried first, or every one."""
    if not every:
        rewrites = Rewrites(products="oneDNN" if onednn_is_available(objective.theta) else "as written")
        return [LOOP.traced(rewrites), LADDER[1].traced(rewrites)]
    products = ["as written"]
    products += ["oneDNN"] if onednn_is_available(objective.theta) else []
    found = [LOOP.traced(Rewrites(products=each)) for each in products]
    found += [LADDER[1].traced(Rewrites(products=each)) for each in products]
    return [*found, LOOP.traced(Rewrites(affine=False)), LADDER[1].traced(Rewrites(affine=False))]


def measured(strategy, objective, plane, coords, quantities=QUANTITIES):
    measure = measure_by(strategy, objective, plane, read_quantities(quantities), size=_AS_MANY_AS_ONE)
    return measure(coords)


def assert_traced_is_plain(objective: Objective, directions: int = 2, *, every: bool = False) -> None:
    """Traced strategies are possible, and yield what the plain loop yields, holes at the same points."""
    plane, coords = random_plane(objective, directions=directions), points(objective, directions)
    expected = measured(LOOP, objective, plane, coords)
    for strategy in choices(objective, every=every):
        assert_same(measured(strategy, objective, plane, coords), expected, strategy.name)


def assert_same(found, expected, name="", roundings=ROUNDINGS):
    assert found.keys() == expected.keys()
    for field, value in expected.items():
        assert found[field].dtype == value.dtype, (name, field)
        finite = value.isfinite()
        assert torch.equal(torch.nan_to_num(found[field])[~finite], torch.nan_to_num(value)[~finite]), (name, field)
        scale = value[finite].abs().max() if finite.any() else torch.zeros(())
        limit = roundings * torch.finfo(value.dtype).eps * scale
        assert (found[field] - value)[finite].abs().max() <= limit if finite.any() else True, (name, field)


def network(samples=20, dtype=torch.float64, classes=3, **options) -> Objective:
    """A network with one hidden layer and cross-entropy."""
    generator = torch.Generator().manual_seed(1)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 8), nn.ReLU(), nn.Linear(8, classes)).to(dtype)
    x = torch.randn(samples, 5, generator=generator, dtype=torch.float64).to(dtype)
    y = torch.randint(0, classes, (samples,), generator=generator)
    return Objective(model, nn.CrossEntropyLoss(), (x, y), **options)


def always_traced(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let every sweep take a traced evaluation where there is one that agrees."""
    for name, value in {"_PATIENCE": 0.0, "_SHORT": 0, "_LONG": 0.0, "_CLOSE": float("inf"), "_SHARE": 1000.0}.items():
        monkeypatch.setattr(calibration, name, value)
    monkeypatch.setattr(calibration, "_seconds", lambda timing: timing.seconds - 1e6 * bool(timing.strategy.rewrites))


def swept(objective: Objective, plane: Plane, **options):
    """A small sweep, one axis for each direction."""
    grid = Grid(dict.fromkeys(plane.labels, (-1, 1, 3)))
    how = {"quantities": ("loss", "gradient"), "report": False, "progress": False} | options
    return explorer.sweep(objective, plane, grid, **how)


def plain(objective: Objective, plane: Plane, quantities=("loss", "gradient")):
    """The fields of `swept`, by the plain loop."""
    grid = Grid(dict.fromkeys(plane.labels, (-1, 1, 3)))
    return measured(LOOP, objective, plane, torch.from_numpy(grid.coords).to(plane.origin), quantities)


def assert_swept_is_plain(found, objective, plane):
    expected = plain(objective, plane, tuple(name for name in QUANTITIES if name in found))
    fields = {name: torch.from_numpy(found[name].values).reshape(value.shape) for name, value in expected.items()}
    assert_same(fields, expected)
