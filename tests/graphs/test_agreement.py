"""A rewrite that is not exact is found out, and the sweep goes on by the model's own code."""

import pytest
import torch

from explorer.graphs import Rewrites, UntraceableError
from explorer.graphs.rewrites import layouts, split_by_point
from explorer.graphs.rewrites.affine import Affine
from explorer.quantities import read_quantities
from explorer.sweeps.evaluation.strategies import LADDER, LOOP
from explorer.sweeps.planning.agreement import agrees
from explorer.sweeps.planning.timing import timed
from tests.support.planes import random_plane
from tests.support.traced_cases import always_traced, assert_swept_is_plain, network, swept


def wrong_axis(monkeypatch):
    right = layouts._turn

    def turn(graph, node):
        before = set(graph.nodes)
        right(graph, node)
        for new in set(graph.nodes) - before:
            if new.target is torch.ops.aten._log_softmax.default:
                new.args = (new.args[0], 3, new.args[2])

    monkeypatch.setattr(layouts, "_turn", turn)


def wrong_slope(monkeypatch):
    right = split_by_point.affine_result

    def result(*args):
        found = right(*args)
        if not isinstance(found, Affine):
            return found
        return Affine(found.origin, (*found.slopes[:-1], found.slopes[-1] * (1 + 1e-9)))

    monkeypatch.setattr(split_by_point, "affine_result", result)


BROKEN = {
    "softmax over samples": (wrong_axis, network, (LOOP,)),
    "a slope that is too large": (wrong_slope, network, (LOOP, LADDER[0])),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_rewrite_is_not_used(name, monkeypatch):
    spoil, make, bases = BROKEN[name]
    objective = make()
    plane, wanted = random_plane(objective), read_quantities(("loss", "gradient"))
    rewrites = Rewrites(affine="slope" in name)
    for base in bases:
        assert timed(objective, plane, wanted, base.traced(rewrites), 2, base).seconds > 0
    spoil(monkeypatch)
    objective = make()
    for base in bases:
        with pytest.raises(UntraceableError, match="own code"):
            timed(objective, plane, wanted, base.traced(rewrites), 2, base)
    always_traced(monkeypatch)
    assert_swept_is_plain(swept(objective, plane), objective, plane)


def given_fields(**fields):
    return lambda coords: {name: torch.as_tensor(value, dtype=torch.float64) for name, value in fields.items()}


NAN, INF = float("nan"), float("inf")
APART = {
    "another value": ({"loss": [1.0, 2.0]}, {"loss": [1.0, 2.0 + 1e-9]}),
    "another sign": ({"loss": [1.0, -2.0]}, {"loss": [1.0, 2.0]}),
    "another infinity": ({"loss": [1.0, INF]}, {"loss": [1.0, -INF]}),
    "infinity for a hole": ({"loss": [1.0, NAN]}, {"loss": [1.0, INF]}),
    "a hole": ({"loss": [1.0, NAN]}, {"loss": [1.0, 2.0]}),
    "a value for a hole": ({"loss": [1.0, 2.0]}, {"loss": [1.0, NAN]}),
    "a name": ({"loss": [1.0, 2.0]}, {"loss": [1.0, 2.0], "right": [1.0, 1.0]}),
    "too many right": ({"right": [0.5, 0.5]}, {"right": [0.5, 0.5 + 5 / 100]}),
}
ALIKE = {
    "the same": ({"loss": [1.0, 2.0]}, {"loss": [1.0, 2.0]}),
    "rounded": ({"loss": [1.0, 2.0]}, {"loss": [1.0, 2.0 + 1e-13]}),
    "holes": ({"loss": [1.0, NAN]}, {"loss": [1.0, NAN]}),
    "infinities": ({"loss": [-INF, INF]}, {"loss": [-INF, INF]}),
    "a few right": ({"right": [0.5, 0.5]}, {"right": [0.5, 0.5 + 4 / 100]}),
}


@pytest.mark.parametrize("name", APART)
def test_what_does_not_agree(name):
    found, expected = APART[name]
    assert not agrees(given_fields(**found), given_fields(**expected), random_plane(network()), 100, 2.0**-52)


def test_where_nothing_is_finite_points_near_the_center_tell():
    plane = random_plane(network())

    def measure(slope):
        return lambda coords: {"loss": torch.where(coords.abs().amax(1) > 0.1, INF, 1 + slope * coords[:, 0])}

    assert agrees(measure(1.0), measure(1.0), plane, 100, 2.0**-52)
    assert not agrees(measure(1.0), measure(2.0), plane, 100, 2.0**-52)


@pytest.mark.parametrize("name", ALIKE)
def test_what_agrees(name):
    found, expected = ALIKE[name]
    assert agrees(given_fields(**found), given_fields(**expected), random_plane(network()), 100, 2.0**-52)
