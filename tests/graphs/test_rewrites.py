"""Every rewrite beside the graph without it, and by hand."""

import pytest
import torch
import torch.nn.functional as F

from explorer.graphs import UntraceableError, onednn_is_available
from explorer.graphs.rewrites.inplace import overwriting
from explorer.graphs.rewrites.layouts import class_major
from explorer.graphs.rewrites.onednn import fuse_linear
from explorer.graphs.trace.operations import annotated, tidy, traced

aten = torch.ops.aten
TYPES = (torch.float64, torch.float32)


def drawn(*shape, seed=0, dtype=torch.float64):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64).to(dtype)


def targets(graph):
    return [node.target for node in graph.graph.nodes if node.op == "call_function"]


def rewritten(function, change, *examples):
    """Return the graph of a function before and after a change, and how many changes there were."""
    before, after = (annotated(traced(function, *examples), *examples) for _ in range(2))
    count = change(after.graph)
    tidy(after)
    return before, after, count


def assert_same(found, expected, terms):
    """Sums of so many terms in another order: each errs by `terms` eps of the sum of sizes, here below 4 times."""
    eps = torch.finfo(expected.dtype).eps
    torch.testing.assert_close(found, expected, rtol=0, atol=float(4 * terms * eps * expected.abs().max()))


LABELS = torch.tensor([0, 2, 1, 1, 0, 2, 2, 1, 0])
ENTROPIES = {
    "mean": {},
    "sum": {"reduction": "sum"},
    "weighted": {"weight": torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64)},
    "a class left out": {"ignore_index": 1},
    "both": {"weight": torch.tensor([0.5, 1.0, 3.0], dtype=torch.float64), "ignore_index": 2},
}


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("name", ENTROPIES)
def test_class_major_cross_entropy(name, dtype):
    options = dict(ENTROPIES[name])
    if "weight" in options:
        options["weight"] = options["weight"].to(dtype)
    scores = 5 * drawn(9, 3, dtype=dtype)
    before, after, count = rewritten(lambda p, t: F.cross_entropy(p, t, **options), class_major, scores, LABELS)
    assert count == 1
    assert aten.nll_loss_forward.default not in targets(after)
    assert_same(after(scores, LABELS), before(scores, LABELS), terms=12)
    logs = scores - scores.exp().sum(1, keepdim=True).log()
    weight = options.get("weight", torch.ones(3, dtype=dtype))[LABELS] * (options.get("ignore_index") != LABELS)
    by_hand = -(weight * logs[torch.arange(9), LABELS]).sum()
    assert_same(after(scores, LABELS), by_hand if name == "sum" else by_hand / weight.sum(), terms=40)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_class_major_cross_entropy_of_what_is_not_finite(value):
    scores = drawn(9, 3)
    scores[4, 0] = value
    before, after, _ = rewritten(lambda p, t: F.cross_entropy(p, t), class_major, scores, LABELS)
    torch.testing.assert_close(after(scores, LABELS), before(scores, LABELS), rtol=1e-14, atol=0, equal_nan=True)


OTHER_ENTROPIES = {
    "each sample": (lambda p, t: F.cross_entropy(p, t, reduction="none"), (9, 3)),
    "more classes than samples": (lambda p, t: F.cross_entropy(p, t), (9, 12)),
    "probabilities": (lambda p, t: F.nll_loss(p.sigmoid(), t), (9, 3)),
}


@pytest.mark.parametrize("name", OTHER_ENTROPIES)
def test_other_losses_keep_their_layout(name):
    function, shape = OTHER_ENTROPIES[name]
    before, after, count = rewritten(function, class_major, drawn(*shape), LABELS)
    assert count == 0
    assert torch.equal(after(drawn(*shape), LABELS), before(drawn(*shape), LABELS))


def given(dtype):
    return (
        drawn(9, 5, dtype=dtype),
        drawn(8, 5, seed=1, dtype=dtype),
        drawn(8, seed=2, dtype=dtype),
        drawn(3, 8, seed=3, dtype=dtype),
    )


@pytest.mark.skipif(not onednn_is_available(torch.zeros(1)), reason="this PyTorch has no oneDNN")
@pytest.mark.parametrize("name", ["relu", "tanh", "sigmoid", "cos"])
def test_onednn_with_the_activation_inside(name):
    activation = getattr(torch, name)

    def function(x, weight, bias):
        return activation(F.linear(x, weight, bias))

    examples = given(torch.float32)[:3]
    before, after, count = rewritten(function, fuse_linear, *examples)
    assert count == 1
    assert [str(target) for target in targets(after) if name in str(target)] == (["aten.cos.default"] * (name == "cos"))
    assert_same(after(*examples), before(*examples), terms=32)


@pytest.mark.skipif(not onednn_is_available(torch.zeros(1)), reason="this PyTorch has no oneDNN")
def test_onednn_leaves_alone_what_others_see():
    def function(x, weight, bias):
        h = F.linear(x, weight, bias)
        return torch.relu(h) + h

    examples = given(torch.float32)[:3]
    before, after, count = rewritten(function, fuse_linear, *examples)
    assert (count, aten.relu.default in targets(after)) == (1, True)
    assert_same(after(*examples), before(*examples), terms=6)
    double = given(torch.float64)[:3]
    assert rewritten(function, fuse_linear, *double)[2] == 0


def in_place(x):
    y = x * 2
    y.add_(1).relu_()
    y[0].unsqueeze(0).t()
    return y.sum() + x.sum()


def through_the_only_view(x):
    return (x * 2).t().add_(1)


def transposed(x):
    y = (x * 2).transpose_(0, 1)
    return y.mul_(3.0)


@pytest.mark.parametrize("function", [in_place, through_the_only_view, transposed])
def test_writes_to_tensors_of_ones_own_are_made_pure(function):
    graph = traced(function, drawn(3, 4))
    assert not any(getattr(target, "_schema", None) and target._schema.is_mutable for target in targets(graph))
    x = drawn(3, 4, seed=7)
    kept = x.clone()
    assert torch.equal(graph(x), function(x.clone()))
    assert torch.equal(x, kept)


def to_an_argument(x):
    return x.add_(1)


def seen_before(x):
    y = x * 2
    view = y.t()
    y.add_(1)
    return view.sum() + y.sum()


def seen_through_the_whole(x):
    y = x * 2
    y[0].add_(1)
    return y


def to_another_type(x):
    y = (x * 2).float()
    return y.add_(x)


@pytest.mark.parametrize("function", [to_an_argument, seen_before, seen_through_the_whole, to_another_type])
def test_writes_that_others_see_are_refused(function):
    with pytest.raises(UntraceableError, match="writes"):
        traced(function, drawn(3, 4))


def test_overwriting_changes_neither_results_nor_inputs():
    def function(x, y):
        h = torch.tanh(x) * y
        low, high = h + 1, (h * 2).relu()
        return {"a": low, "b": low * 3, "c": (high.t() + 1).sum(), "d": h}

    x, y = drawn(4, 4), drawn(4, 4, seed=1)
    before = traced(function, x, y)
    after = overwriting(annotated(traced(function, x, y), x, y), x, y)
    assert any(str(target).split(".")[1].endswith("_") for target in targets(after))
    for seed in (2, 3):
        given = drawn(4, 4, seed=seed), drawn(4, 4, seed=seed + 10)
        kept = [each.clone() for each in given]
        for name, value in before(*kept).items():
            assert torch.equal(after(*given)[name], value), name
        assert all(map(torch.equal, given, kept))
