"""Mixed precision: products in a short type, everything else in the objective's own."""

import json

import pytest
import torch
from torch import nn

from explorer import Grid, Objective, directions, sweep
from explorer.graphs import Rewrites
from explorer.graphs.rewrites.mixed_precision import in_mixed_precision
from explorer.graphs.trace.operations import annotated, traced
from explorer.sweeps.evaluation.strategies import LOOP
from tests.support.planes import random_plane
from tests.support.samples import drawn, labels
from tests.support.step_cases import HIDDEN_FROM_A_TRACE, with_step
from tests.support.traced_cases import measured, network, plain, points, swept

aten = torch.ops.aten
LOW = torch.bfloat16
SLOPES = ("loss", "gradient")
UNIT = 2.0**-8
"""Half the distance from 1 to the next number of bfloat16, which has 8 significant bits."""


def float32(samples=20):
    return network(samples, torch.float32)


def types(graph, *examples):
    """Operation -> types of its floating results."""
    found = {}
    for node in annotated(graph, *examples).graph.nodes:
        dtype = getattr(node.meta.get("tensor_meta"), "dtype", None)
        if isinstance(dtype, torch.dtype) and dtype.is_floating_point:
            found.setdefault(node.target, []).append(dtype)
    return found


def mixed(function, *examples):
    return in_mixed_precision(annotated(traced(function, *examples), *examples), LOW)


def test_every_product_is_short_and_the_loss_is_not():
    weights = [drawn(8, 5).float(), drawn(3, 8).float()]

    def loss(x, first, last):
        return torch.log_softmax(torch.relu(x @ first.t()) @ last.t(), 1).square().mean()

    examples = (drawn(6, 5).float(), *weights)
    found = types(mixed(loss, *examples), *examples)
    assert found[aten.mm.default] == [LOW, LOW]
    assert found[aten.relu.default] == [LOW]
    assert found[aten._log_softmax.default] == found[aten.mean.default] == [torch.float32]
    assert mixed(loss, *examples)(*examples).dtype is torch.float32


def test_sums_after_a_pooling_are_not_short():
    pooled = nn.Sequential(nn.Conv2d(2, 3, 3, bias=False), nn.MaxPool2d(2))
    weight = pooled[0].weight.detach()

    def loss(x, weight):
        return torch.func.functional_call(pooled, {"0.weight": weight}, (x,)).mean((2, 3)).square().sum()

    examples = (drawn(2, 2, 6, 6).float(), weight)
    graph = mixed(loss, *examples)
    found = types(graph, *examples)
    assert found[aten.convolution.default] == [LOW]
    assert found[aten.mean.dim] == [torch.float32]
    assert graph(*examples).dtype is torch.float32


def test_integers_stay_integers():
    def picked(x, weight, index):
        return (x @ weight).index_select(0, index).sum() + index.sum()

    examples = (drawn(4, 3).float(), drawn(3, 2).float(), torch.tensor([0, 2]))
    graph = mixed(picked, *examples)
    expected = (examples[0].to(LOW) @ examples[1].to(LOW)).float()[[0, 2]].sum() + 2
    assert torch.equal(graph(*examples), expected)


@pytest.mark.parametrize("quantities", [("loss",), ("loss", "gradient")])
def test_a_sweep_in_mixed_precision(quantities):
    objective = float32()
    plane = random_plane(objective)
    found = swept(objective, plane, dtype=LOW, quantities=quantities)
    assert found.loss.dtype == "float32"
    assert "bfloat16" in found.attrs["strategy"]
    assert objective.dtype is torch.float32
    expected = plain(objective, plane)["loss"]
    apart = abs(torch.from_numpy(found.loss.values).ravel() - expected)
    # It was short, and is close: a handful of roundings of scores of the size of the loss.
    assert 0 < apart.max() < 16 * UNIT * expected.max()
    assert all("bfloat16" in each["strategy"] for each in json.loads(found.attrs["calibration"]))


def test_the_error_stays_below_its_bound():
    """|error of the loss| <= mean(2 |r| e + e^2), e that of the outputs.

    The first layer is affine: it is computed in float32 and rounded once, u; its tanh is computed of that and rounded
    again, so that h is off by d = u |z| + u, as tanh has no slope above 1. A product of rounded factors, summed in
    float32 and rounded at the end, is off by (3 u + u^2) of the sum of sizes: with d, and the bias,
    e = (1 + 3 u)^2 |W| d + 4 u |W| |h| + 4 u |b|.
    """
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(5, 16), nn.Tanh(), nn.Linear(16, 1))
    x, y = drawn(30, 5).float(), drawn(30, 1).float()
    objective = Objective(model, lambda p, t: (p - t).square().mean(), (x, y))
    plane, coords = random_plane(objective), points(objective)
    found = measured(LOOP.traced(Rewrites(low=LOW)), objective, plane, coords, ("loss",))["loss"]
    for point, loss in zip(coords, found, strict=True):
        first, bias, last, shift = objective.layout.unflatten(plane.at(point)).values()
        z = x @ first.t() + bias
        h, slope = torch.tanh(z), 1 + 3 * UNIT
        off = UNIT * z.abs() + UNIT
        e = slope**2 * off @ last.abs().t() + 4 * UNIT * (h.abs() @ last.abs().t() + shift.abs())
        r = h @ last.t() + shift - y
        assert abs(loss - r.square().mean()) <= (2 * r.abs() * e + e.square()).mean()


@pytest.mark.parametrize("quantity", ["gradient_norm", "curvature"])
def test_refused_for_what_is_not_traced(quantity):
    objective = float32()
    with pytest.raises(ValueError, match="mixed precision"):
        swept(objective, random_plane(objective), dtype=LOW, quantities=("loss", quantity))


@pytest.mark.parametrize("name", ["a mask", "NumPy"])
def test_refused_for_models_that_cannot_be_traced(name):
    objective = with_step(HIDDEN_FROM_A_TRACE[name])
    with pytest.raises(ValueError, match="traced"):
        swept(objective, directions.gaussian(objective), dtype=LOW)


def test_convolutions_with_batch_norm():
    torch.manual_seed(0)
    model = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(),
                          nn.Linear(16, 3))  # fmt: skip
    objective = Objective(model, nn.CrossEntropyLoss(), (drawn(6, 2, 6, 6).float(), labels(6, 3)))
    plane, coords = directions.gaussian(objective), 0.1 * points(objective)
    found = measured(LOOP.traced(Rewrites(low=LOW)), objective, plane, coords)
    expected = measured(LOOP, objective, plane, coords)
    assert {value.dtype for value in found.values()} == {torch.float32}
    assert found["gradient"].isfinite().all()
    # Two layers with some roundings each, of scores of order 1; what rounding takes for the largest is as large.
    assert (found["loss"] - expected["loss"]).abs().max() < 16 * UNIT * expected["loss"].max()


@pytest.mark.parametrize("low", [torch.float16, torch.bfloat16])
def test_the_report_tells_what_was_measured(low):
    objective = float32(200)
    found = sweep(
        objective,
        directions.gaussian(objective),
        Grid.square(points=7),
        quantities=("loss",),
        dtype=low,
        progress=False,
    )
    [entry] = [each for each in json.loads(found.attrs["report"]) if each["name"] == "precision"]
    error = found.attrs["mixed_precision_error"]
    assert entry["values"] == {"share": error, "points": found.attrs["mixed_precision_checked"]}
    assert str(low).removeprefix("torch.") in entry["text"]
    assert entry["status"] == ("ok" if error <= 5e-3 else "warn")


def test_a_visible_error_is_a_warning(monkeypatch):
    monkeypatch.setattr("explorer.checklist.precision._SEEN", 0.0)
    objective = float32(200)
    plane = directions.gaussian(objective)
    found = sweep(objective, plane, Grid.square(points=7), quantities=SLOPES, dtype=torch.bfloat16, progress=False)
    [entry] = [each for each in json.loads(found.attrs["report"]) if each["name"] == "precision"]
    assert entry["status"] == "warn"
    assert "leave dtype out" in entry["text"]
