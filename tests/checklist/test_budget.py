"""What a report may take, by a clock that moves only with every pass through the objective."""

import json
import math
import time

import pytest
import torch
from torch import nn

import explorer
from explorer import Grid, Objective, directions
from explorer.checklist import checklist, findings, inspection, still_asked
from explorer.checklist.budget import Budget, OverBudgetError, budget_for
from tests.support.cases import least_squares

LEFT = "seconds_left"
NAMES = ["center", "directions", "gradient", "curvature", "finite", "precision", "radius", "data"]
COSTLY = {"center", "gradient", "curvature", "precision", "radius"}


class Clock:
    """Seconds that have passed: so many with every pass, forward, backward or backward through a backward."""

    now, seconds = 0.0, 0.0

    def __call__(self):
        return self.now

    def tick(self):
        self.now += self.seconds


CLOCK = Clock()


class Slow(torch.autograd.Function):
    @staticmethod
    def forward(ctx, value):
        CLOCK.tick()
        return value.clone()

    @staticmethod
    def backward(ctx, slope):
        return Slow.apply(slope)


class Weights(nn.Module):
    def __init__(self):
        super().__init__()
        self.w = nn.Parameter(torch.zeros(40, dtype=torch.float64))


def bowl(model):
    return 1 + Slow.apply(model.w * torch.linspace(1, 2, 40).to(model.w)).square().sum()


@pytest.fixture(scope="module")
def case():
    CLOCK.seconds = 0.0
    objective = Objective(Weights(), terms={"bowl": bowl})
    plane, grid = directions.gaussian(objective, normalize=None, skip=()), Grid.square(points=5)
    return objective, plane, grid, explorer.sweep(objective, plane, grid, progress=False, report=False)


def looked_at(case, each, swept, depth=True):
    """The findings of a landscape that took so many seconds, where a pass takes `each`; and what they took."""
    *where, landscape = case
    CLOCK.seconds, began = each, CLOCK.now
    found = findings(*where, landscape.assign_attrs(seconds=swept), depth=depth, clock=CLOCK)
    assert [finding["name"] for finding in found] == NAMES
    return {finding["name"]: finding for finding in found}, CLOCK.now - began


def left_of(found):
    return {name: finding["values"][LEFT] for name, finding in found.items() if LEFT in finding["values"]}


@pytest.mark.parametrize("swept", [0.0, 1.0, 4.0, 100.0, 1000.0])
@pytest.mark.parametrize("each", [0.0, 1e-4, 0.003, 0.01, 0.02, 0.1, 0.3, 1.0, 7.0])
def test_a_report_takes_half_a_second_or_a_fifth_of_the_sweep(case, each, swept):
    found, took = looked_at(case, each, swept)
    # At least as long as 25 evaluations is a sweep of 25 points: nobody else begins a first one that is too long.
    if swept >= 25 * each:
        assert took <= max(0.5, swept / 5)
    for name, seconds in left_of(found).items():
        assert seconds > 0
        assert "was not looked at, as it takes about" in found[name]["text"]
        assert 'report="full" looks at all.' in found[name]["text"]
        assert found[name]["status"] == "info"


def test_what_says_most_for_least_is_looked_at_first(case):
    orders = [set(left_of(looked_at(case, each, 25 * each)[0])) for each in (1e-4, 0.009, 0.02, 0.03, 0.1)]
    rest = [set(), {"curvature"}, {"radius", "curvature"}, {"radius", "curvature", "precision"}, COSTLY - {"center"}]
    assert orders == rest
    # The first evaluation is known to be too long by the sweep that was made of such.
    assert set(left_of(looked_at(case, 0.3, 25 * 0.02)[0])) == COSTLY


def test_the_picture_alone_is_told_where_all_directions_take_too_long(case):
    found, _ = looked_at(case, 0.02, 0.5)
    curvature = found["curvature"]
    assert set(curvature["values"]) == {"in_plane", LEFT}
    # Ten products with the Hessian, of two passes each.
    assert curvature["values"][LEFT] == pytest.approx(10 * 2 * 0.02, rel=1e-9)
    said = 'in the picture; that of all directions was not looked at, as it takes about 0.4 s: report="full" looks at'
    assert said in curvature["text"]


def test_the_full_report_takes_what_it_takes(case):
    found, took = looked_at(case, 1.0, 1.0, "full")
    assert left_of(found) == {}
    assert took > 50
    quick, _ = looked_at(case, 1e-4, 1.0)
    assert quick == found


def test_nothing_is_computed_twice(case, monkeypatch):
    seen, derived = [], []
    measure, derive = Objective.__call__, inspection.gradient_and_product
    monkeypatch.setattr(
        Objective, "__call__", lambda self, theta: seen.append((theta.dtype, *theta.tolist())) or measure(self, theta)
    )
    monkeypatch.setattr(
        inspection, "gradient_and_product", lambda *given, **how: derived.append(given) or derive(*given, **how)
    )
    looked_at(case, 0.0, 1.0, "full")
    assert len(seen) == len(set(seen)) > 20
    assert len(derived) == 1


def test_a_piece_that_does_not_fit_is_not_begun():
    clock = Clock()
    budget = Budget(10.0, evaluation=1.0, clock=clock)
    assert budget.price({"evaluation": 2, "product": 1}) == 6.0
    clock.seconds = 3.0
    with budget.spend("evaluation"):
        clock.tick()
    assert (budget.left, budget.price({"evaluation": 1}), budget.price({"product": 1})) == (7.0, 3.0, 12.0)
    with pytest.raises(OverBudgetError), budget.spend("product"):
        clock.tick()
    # The shortest counts: the first one often prepares something for all.
    clock.seconds = 2.0
    with budget.spend("evaluation"):
        clock.tick()
    assert (budget.left, budget.price({"evaluation": 1})) == (5.0, 2.0)
    assert Budget(clock=clock).left == math.inf


@pytest.mark.parametrize(("depth", "swept", "left"), [(True, 1.0, 0.5), (True, 10.0, 2.0), ("full", 1.0, math.inf)])
def test_the_budget_is_half_a_second_or_a_fifth_of_the_sweep(depth, swept, left):
    budget = budget_for(depth, {"seconds": swept}, 100, Clock())
    assert budget.left == left
    assert budget.price({"evaluation": 1}) == (0.0 if depth == "full" else swept / 100)


def told(*values):
    return json.dumps([{"name": "a", "status": "ok", "text": "b", "values": each} for each in values])


@pytest.mark.parametrize(
    ("attrs", "quick", "full"),
    [
        ({}, True, "full"),
        ({"report": told({}, {"share": 1})}, False, False),
        ({"report": told({}, {LEFT: 0.3})}, False, "full"),
        ({"report": "[{"}, False, False),
    ],
)
def test_a_quick_report_is_one_until_a_full_one_is_asked_for(attrs, quick, full):
    assert (still_asked(attrs, True), still_asked(attrs, "full"), still_asked(attrs, False)) == (quick, full, False)


def test_a_finished_store_with_a_quick_report_gets_the_full_one(tmp_path, monkeypatch):
    monkeypatch.setattr("explorer.checklist.budget._SECONDS", 0.0)
    monkeypatch.setattr("explorer.checklist.budget._SHARE", 0.0)
    objective = least_squares().objective
    where = objective, directions.gaussian(objective), Grid.square(points=5)

    def again(depth):
        found = explorer.sweep(*where, store=tmp_path / "x.zarr", progress=False, report=depth)
        assert found.attrs["report"] == explorer.open_landscape(tmp_path / "x.zarr").attrs["report"]
        return left_of({each["name"]: each for each in json.loads(found.attrs["report"])})

    assert set(again(True)) == COSTLY
    assert set(again(True)) == COSTLY
    assert again("full") == {}
    # A quick one does not take its place.
    assert again(True) == {}
    assert explorer.open_landscape(tmp_path / "x.zarr").attrs["runs"] == 1


@pytest.mark.slow
def test_the_seconds_told_are_of_the_right_order():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(784, 128), nn.ReLU(), nn.Linear(128, 128), nn.ReLU(), nn.Linear(128, 10))
    objective = Objective(model, nn.CrossEntropyLoss(), (torch.randn(8000, 784), torch.arange(8000) % 10))
    where = objective, directions.gaussian(objective), Grid.square(points=5)
    landscape = explorer.sweep(*where, progress=False, report=False).assign_attrs(seconds=0.0)
    left = left_of({finding["name"]: finding for finding in findings(*where, landscape, depth=True)})
    assert left.keys() >= {"curvature", "radius"}
    about, took = inspection.Inspection(*where, landscape), dict.fromkeys(left, 0.0)
    for check in checklist._CHECKS:
        began = time.perf_counter()
        check.look(about)
        took[check.name] = took.get(check.name, 0.0) + time.perf_counter() - began
    for name, seconds in left.items():
        # Rays and iterations may end sooner than they must; a neighbor on the machine may slow down either.
        assert took[name] / 3 <= seconds <= 5 * took[name], (name, seconds, took[name])
