"""Affine values: every operation that keeps them, the closed form of a linear model, and what splitting leaves."""

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import nn

from explorer import Objective
from explorer.graphs import Rewrites, remainder_of, whole_of
from explorer.graphs.rewrites.affine import _GROUPS, Affine, affine_result
from explorer.graphs.rewrites.mixed_precision import PRODUCTS
from explorer.graphs.rewrites.split_by_point import split
from explorer.graphs.trace.operations import annotated, traced
from explorer.objective.blocks import given as samples_of
from explorer.sweeps.evaluation.strategies import LOOP
from tests.support.cases import least_squares
from tests.support.planes import random_plane
from tests.support.traced_cases import measured, network, points

aten = torch.ops.aten


class Moving(tuple):
    """The shape of an affine argument."""


class Fixed(tuple):
    """The shape of a constant one."""


M, C = Moving, Fixed
CONVOLUTION = ([1, 1], [0, 0], [1, 1], False, [0, 0], 1)
GIVEN = {
    aten.view.default: [(M((2, 6)), [3, 4])],
    aten._unsafe_view.default: [(M((2, 6)), [12])],
    aten.reshape.default: [(M((2, 6)), [3, 4])],
    aten.t.default: [(M((2, 6)),)],
    aten.transpose.int: [(M((2, 6)), 0, 1)],
    aten.permute.default: [(M((2, 3, 4)), [2, 0, 1])],
    aten.squeeze.default: [(M((1, 3, 1)),)],
    aten.squeeze.dim: [(M((1, 3)), 0)],
    aten.squeeze.dims: [(M((1, 3, 1)), [0, 2])],
    aten.unsqueeze.default: [(M((3,)), 1)],
    aten.select.int: [(M((3, 4)), 1, 2)],
    aten.slice.Tensor: [(M((3, 4)), 1, 1, 4, 2)],
    aten.split.Tensor: [(M((6,)), 4)],
    aten.split_with_sizes.default: [(M((6,)), [1, 5])],
    aten.unbind.int: [(M((3, 2)),)],
    aten.clone.default: [(M((3, 2)),)],
    aten.flip.default: [(M((3, 2)), [0])],
    aten.neg.default: [(M((3, 2)),)],
    aten.sum.default: [(M((3, 2)),)],
    aten.sum.dim_IntList: [(M((3, 2)), [1], True)],
    aten.mean.default: [(M((3, 2)),)],
    aten.mean.dim: [(M((3, 2)), [0])],
    aten.mul.Scalar: [(M((3, 2)), -1.5)],
    aten.div.Scalar: [(M((3, 2)), -1.5)],
    aten.add.Tensor: [(M((3, 2)), M((2,))), (C((3, 2)), M((2,))), (M((3, 2)), 2.0)],
    aten.sub.Tensor: [(M((3, 2)), M((2,))), (C((3, 2)), M((2,))), (M((3, 2)), C((2,)))],
    aten.mul.Tensor: [(M((3, 2)), C((2,))), (C((3, 2)), M((2,))), (M((3, 2)), 3.0)],
    aten.div.Tensor: [(M((3, 2)), C((2,))), (M((3, 2)), 3.0)],
    aten.mm.default: [(M((3, 2)), C((2, 4))), (C((3, 2)), M((2, 4)))],
    aten.bmm.default: [(M((2, 3, 2)), C((2, 2, 4))), (C((2, 3, 2)), M((2, 2, 4)))],
    aten.addmm.default: [(M((4,)), C((3, 2)), M((2, 4))), (C((4,)), M((3, 2)), C((2, 4)))],
    aten.baddbmm.default: [(M((2, 3, 4)), C((2, 3, 2)), M((2, 2, 4))), (C((2, 3, 4)), M((2, 3, 2)), C((2, 2, 4)))],
    aten.convolution.default: [
        (C((2, 3, 5, 5)), M((4, 3, 2, 2)), M((4,)), *CONVOLUTION),
        (C((2, 3, 5, 5)), M((4, 3, 2, 2)), None, *CONVOLUTION),
        (M((2, 3, 5, 5)), C((4, 3, 2, 2)), C((4,)), *CONVOLUTION),
        (C((2, 3, 5, 5)), C((4, 3, 2, 2)), M((4,)), *CONVOLUTION),
    ],
    aten.embedding.default: [(M((5, 3)), torch.tensor([[0, 4], [1, 1]]))],
}  # fmt: skip
CASES = [(target, number) for target, given in GIVEN.items() for number in range(len(given))]
NUMBERS = st.floats(-4, 4)


def arguments(case, directions, seed):
    generator = torch.Generator().manual_seed(seed)

    def drawn(shape):
        return torch.randn(tuple(shape), generator=generator, dtype=torch.float64)

    for each in case:
        if isinstance(each, Moving):
            yield Affine(drawn(each), tuple(drawn(each) for _ in range(directions)))
        else:
            yield drawn(each) if isinstance(each, Fixed) else each


def assert_close(found, expected):
    # Sums of at most 24 products of numbers below about 20, once for the origin and once for each of three slopes.
    torch.testing.assert_close(found, expected, rtol=0, atol=4 * 24 * 24 * 400 * torch.finfo(torch.float64).eps)


def test_every_operation_of_the_table_has_a_case():
    assert set(GIVEN) == set(_GROUPS)


@pytest.mark.parametrize(("target", "number"), CASES)
@settings(max_examples=10, deadline=None, derandomize=True)
@given(coords=st.lists(NUMBERS, min_size=1, max_size=3), seed=st.integers(0, 1000))
def test_the_result_at_a_point_is_the_operation_at_that_point(target, number, coords, seed):
    args = list(arguments(GIVEN[target][number], len(coords), seed))
    found = affine_result(target, args, {}, 0.0)
    expected = target(*(each.at(coords) if isinstance(each, Affine) else each for each in args))
    pairs = zip(found, expected, strict=True) if isinstance(found, list) else [(found, expected)]
    for affine, value in pairs:
        assert len(affine.slopes) == len(coords)
        assert_close(affine.at(coords), value)


def test_factors_of_a_sum_are_kept():
    args = list(arguments((M((3,)), M((3,))), 2, 0))
    found = affine_result(aten.add.Tensor, args, {"alpha": -2.5}, 0.0)
    assert_close(found.at((0.3, 0.7)), args[0].at((0.3, 0.7)) - 2.5 * args[1].at((0.3, 0.7)))
    args = list(arguments((C((4,)), M((3, 2)), C((2, 4))), 2, 0))
    found = affine_result(aten.addmm.default, args, {"beta": 0.5, "alpha": 3.0}, 0.0)
    moving = args[1].at((0.3, 0.7))
    assert_close(found.at((0.3, 0.7)), 0.5 * args[0] + 3 * moving @ args[2])


@pytest.mark.parametrize(
    ("target", "case"),
    [
        (aten.mul.Tensor, (M((3,)), M((3,)))),
        (aten.mm.default, (M((3, 2)), M((2, 3)))),
        (aten.div.Tensor, (C((3,)), M((3,)))),
        (aten.addmm.default, (C((3,)), M((2, 4)), M((4, 3)))),
        (aten.convolution.default, (M((1, 1, 3, 3)), M((1, 1, 2, 2)), None, *CONVOLUTION)),
        (aten.relu.default, (M((3,)),)),
        (aten.pow.Tensor_Scalar, (M((3,)), 2)),
    ],
)
def test_products_of_what_moves_are_not_affine(target, case):
    assert affine_result(target, list(arguments(case, 2, 0)), {}, 0.0) is None


def remainder(objective, rewrites, plane=None):
    part = next(objective.parts())
    samples = samples_of(part.samples)
    whole = whole_of(part, objective.theta, samples, rewrites, single=True)
    return remainder_of(whole, plane or random_plane(objective), whole.laid_out(samples), rewrites, 1 << 30)


def targets(graph):
    return [node.target for node in graph.graph.nodes if node.op == "call_function"]


def test_no_product_is_left_where_the_only_layer_sees_data():
    torch.manual_seed(0)
    objective = Objective(nn.Sequential(nn.Linear(5, 3), nn.Tanh()).double(), nn.MSELoss(),
                          (torch.randn(9, 5).double(), torch.randn(9, 3).double()))  # fmt: skip
    assert not PRODUCTS & set(targets(remainder(objective, Rewrites()).graph))
    assert len(PRODUCTS & set(targets(remainder(objective, Rewrites(affine=False)).graph))) == 1


def test_one_product_less_for_each_network():
    def products(rewrites):
        return sum(target in PRODUCTS for target in targets(remainder(network(), rewrites).graph))

    assert (products(Rewrites()), products(Rewrites(affine=False))) == (1, 2)


def test_a_layer_that_would_take_too_much_memory_is_not_kept():
    objective = network()
    part = next(objective.parts())
    samples = samples_of(part.samples)
    whole = whole_of(part, objective.theta, samples, Rewrites(), single=True)
    # Origin and two slopes of the first layer: 3 x 20 x 8 numbers of 8 bytes.
    for most, products in ((3 * 20 * 8 * 8 - 1, 2), (3 * 20 * 8 * 8, 1)):
        rest = remainder_of(whole, random_plane(objective), list(samples), Rewrites(), most)
        assert sum(target in PRODUCTS for target in targets(rest.graph)) == products


def test_the_loss_of_a_linear_model_is_an_exact_quadratic():
    case = least_squares()
    objective = case.objective
    plane, coords = random_plane(objective), points(objective)
    found = measured(LOOP.traced(Rewrites()), objective, plane, coords, ("loss", "gradient"))
    assert not PRODUCTS & set(targets(remainder(objective, Rewrites(), plane).graph))
    origin, basis = plane.origin, plane.basis
    slope, curved = basis @ case.gradient(origin), basis @ case.hessian @ basis.T
    value = case.loss(origin) + coords @ slope + torch.einsum("nk,kl,nl->n", coords, curved, coords) / 2
    # Some hundred roundings of sums of 20 samples.
    torch.testing.assert_close(found["loss"], value, rtol=500 * 2.0**-52, atol=0)
    torch.testing.assert_close(found["gradient"], slope + coords @ curved, rtol=0, atol=500 * 2.0**-52 * slope.norm())


def test_constants_are_computed_once():
    def function(theta, x):
        return {"loss": (theta.tanh() * x.exp().sum()).sum()}

    theta, x = torch.randn(4), torch.randn(4)
    whole = annotated(traced(function, theta, x), theta, x)
    rest = split(whole, [None, x], theta.device)
    assert set(targets(rest.graph)) <= {aten.tanh.default, aten.mul.Tensor, aten.sum.default}
    torch.testing.assert_close(rest.graph(theta, *rest.inputs)["loss"], function(theta, x)["loss"])
