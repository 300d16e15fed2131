"""What all blocks of data share is evaluated once at a point, and nothing else is taken for shared."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.graphs import Rewrites
from explorer.graphs.rewrites.common_half import halves
from explorer.graphs.run import point_loop
from explorer.graphs.run.point_loop import common_inputs
from explorer.graphs.trace.operations import traced
from explorer.sweeps.evaluation.strategies import LADDER, LOOP
from tests.support.planes import random_plane
from tests.support.traced_cases import assert_same, measured, network, points

COORDS = torch.tensor([[0.3, -0.7], [1.1, 0.2], [-0.4, 0.9]], dtype=torch.float64)


def function(weight, bias, x, shift):
    scaled = weight * bias.exp()
    return {"loss": ((x @ scaled + shift) ** 2).sum(), "size": scaled.square().sum(), "shift": shift}


def arguments():
    generator = torch.Generator().manual_seed(0)
    shapes = (3, 2), (2,), (5, 3), (2,)
    return [torch.randn(*shape, generator=generator, dtype=torch.float64) for shape in shapes]


@pytest.mark.parametrize("flags", [(a, b, c, d) for a in (0, 1) for b in (0, 1) for c in (0, 1) for d in (0, 1)])
def test_the_halves_are_the_whole(flags):
    given = arguments()
    whole = traced(function, *given)
    both = halves(whole, [bool(flag) for flag in flags])
    common = [each for each, flag in zip(given, flags, strict=True) if flag]
    rest = [each for each, flag in zip(given, flags, strict=True) if not flag]
    found, expected = both.own(*both.common(*common), *rest), whole(*given)
    assert found.keys() == expected.keys()
    # The same operations in the same order: to the last bit.
    assert all(torch.equal(found[name], expected[name]) for name in expected)


def test_what_needs_common_arguments_alone_is_done_once():
    both = halves(traced(function, *arguments()), [True, True, False, False])
    own = [node.target for node in both.own.graph.nodes if node.op == "call_function"]
    assert torch.ops.aten.exp.default not in own
    assert torch.ops.aten.mm.default in own


def folded(samples=24):
    """A network with BatchNorm: its folding needs theta alone."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(2, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 4, 3), nn.BatchNorm2d(4)]
    model = nn.Sequential(*layers, nn.Flatten(), nn.Linear(64, 3)).double()
    for module in model.modules():
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.running_mean), nn.init.uniform_(module.running_var, 0.5, 2.0)
    generator = torch.Generator().manual_seed(1)
    x = torch.randn(samples, 2, 6, 6, generator=generator, dtype=torch.float64)
    objective = Objective(model, nn.CrossEntropyLoss(), (x, torch.randint(3, (samples,), generator=generator)))
    objective._data = objective._data.in_blocks(6)
    return objective


@pytest.mark.parametrize("make", [folded, network])
@pytest.mark.parametrize("block", [4, 6, 7])
def test_blocks_share_what_they_can_and_sum_to_the_loop(make, block, monkeypatch):
    objective = make(samples=24)
    objective._data = objective._data.in_blocks(block)
    plane = random_plane(objective)
    calls = []
    original = point_loop.LoopedKernel.common
    monkeypatch.setattr(point_loop.LoopedKernel, "common", lambda *given: calls.append(given) or original(*given))
    found = measured(LOOP.traced(Rewrites()), objective, plane, points(objective))
    expected = measured(LOOP, objective, plane, points(objective))
    assert_same(found, expected)
    # Once a point for each kind of block, of which the last may be another.
    assert len(calls) == len(points(objective)) * (1 if 24 % block == 0 else 2)


def test_weights_are_common_and_data_are_not(monkeypatch):
    seen = []
    original = point_loop.LoopedKernel.__init__
    monkeypatch.setattr(
        point_loop.LoopedKernel, "__init__", lambda self, *given: (seen.append(given), original(self, *given))[1]
    )
    objective = folded()
    measured(LOOP.traced(Rewrites(affine=False)), objective, random_plane(objective), points(objective), ("loss",))
    both, is_common, _ = seen[-1]
    assert sum(is_common) == len(is_common) - 2  # pictures and labels
    # Folding is in the common half.
    assert len([node for node in both.own.graph.nodes if "fold" in str(node.target)]) == 0
    assert len([node for node in both.common.graph.nodes if "fold" in str(node.target)]) == 2


def test_one_block_shares_with_nobody_and_equal_numbers_are_the_same():
    a, b = torch.ones(3), torch.zeros(3)
    assert common_inputs([[a, b]]) == (False, False)
    assert common_inputs([[a, b], [a.clone(), b + 1]]) == (True, False)
    assert common_inputs([[a, b], [a.double(), b.reshape(3, 1)]]) == (False, False)
    nan = torch.tensor([float("nan")])
    assert common_inputs([[nan], [nan]]) == (True,)
    assert common_inputs([[nan], [nan.clone()]]) == (False,)


def test_a_batched_evaluation_is_as_before():
    objective = network(samples=24)
    objective._data = objective._data.in_blocks(5)
    plane, coords = random_plane(objective), points(objective)
    assert_same(
        measured(LADDER[0].traced(Rewrites()), objective, plane, coords), measured(LOOP, objective, plane, coords)
    )
