"""Topology of landscapes whose minima and passes are known."""

import json

import numpy as np
import pytest
import torch
import xarray as xr

import explorer
from experiments import TARGETS
from explorer import topology
from tests.merge_trees.brute_flood import brute_pairs
from tests.merge_trees.surfaces import (
    LOWEST,
    PASSES,
    exact_minima,
    himmelblau,
    himmelblau_curvature,
    landscape_of,
    neuron,
    swept,
)
from tests.support.interpolated_cases import bowl, interpolated

DTYPES = (torch.float32, torch.float64)
GRID = explorer.Grid({"w": (-1.0, 1.0, 5), "b": (-1.0, 1.0, 5)})


@pytest.mark.parametrize("points", [21, 41, 81, 101, 160])
def test_himmelblau_has_four_minima_and_three_passes(points):
    landscape = landscape_of(himmelblau, (points, points))
    tree = topology(landscape)
    step = 12 / (points - 1)
    assert tree.sizes["minimum"] == 4
    for place in LOWEST:
        # Two steps: where the bowl is oblong the lowest point is not always the nearest.
        assert np.abs(tree.minimum_at.values - place).max(axis=1).min() < 2 * step
    rising = tree.sortby("death")
    heights = np.array([himmelblau(*place) for place in PASSES])
    assert (np.abs(rising.death.values - heights) <= rising.error.values).all()
    assert np.abs(rising.pass_at.values - PASSES).max() < 2 * step
    assert (tree.persistence.values == tree.death.values - tree.birth.values).all()
    assert (np.diff(tree.persistence.values) <= 0).all()
    # The deepest pass is 13.3 high: from 41 points on all are resolved.
    assert tree.attrs["certified_pairs"] == (3 if points > 41 else tree.attrs["certified_pairs"])


def test_the_curvature_of_a_sweep_says_the_same_as_second_differences():
    landscape = landscape_of(himmelblau, (121, 101))
    x, y = np.meshgrid(landscape.a, landscape.b, indexing="ij")
    curved = landscape.assign(curvature=(("a", "b", "direction", "direction_2"), himmelblau_curvature(x, y)))
    ours, told = topology(landscape), topology(curved)
    # Second differences are f'' + h^2 f'''' / 12, and 24 h^2 / 12 of 400 is below a thousandth.
    np.testing.assert_allclose(ours.error, told.error, rtol=2e-3)
    moved = curved.transpose("b", "direction_2", "a", "direction")
    np.testing.assert_array_equal(topology(moved).error, told.error)


def test_the_error_of_a_pass_is_that_of_the_formula():
    # 1 - cos(x): the pass at 0 to the next bowl is 2 high, its curvature at most 1; one axis: M / 8 of a step squared.
    landscape = landscape_of(lambda a: 1 - np.cos(a), (401,), -3.0, 9.0)
    tree = topology(landscape)
    step = 12 / 400
    assert (tree.sizes["minimum"], tree.attrs["certified_pairs"]) == (2, 1)
    assert tree.attrs["resolution_error"] == pytest.approx(step**2 / 8, rel=step**2)
    assert float(tree.death[0]) == pytest.approx(2, abs=step**2 / 8)


def test_each_target_set_has_as_many_certified_pairs_as_it_has_exact_minima_but_one():
    wrong = {}
    for name in TARGETS:
        tree = topology(swept(name, 81, quantities=("loss", "curvature")))
        expected = max(0, len(exact_minima(name)) - 1)
        if tree.attrs["certified_pairs"] != expected:
            wrong[name] = tree
    # Its second basin runs out of the window: on the window's edge it has a lowest point, and a true pass to the other.
    assert list(wrong) == ["wild_outlier"]
    pair = wrong["wild_outlier"].isel(pair=0)
    assert bool(wrong["wild_outlier"].on_border[[int(pair.younger), int(pair.elder)]].any())


def test_a_valley_without_a_minimum_beside_it_shows_many_and_certifies_none():
    tilted = np.deg2rad(22.5)
    valley = landscape_of(
        lambda a, b: (
            1e4 * (np.cos(tilted) * b - np.sin(tilted) * a) ** 2 + (np.sin(tilted) * b + np.cos(tilted) * a) ** 2
        ),
        (161, 161),
    )
    tree = topology(valley)
    assert tree.sizes["minimum"] > 20
    assert tree.attrs["certified_pairs"] == 0
    assert topology(valley, error=0.0).attrs["certified_pairs"] == tree.sizes["pair"]


def test_an_error_that_is_given_decides_alone():
    landscape = landscape_of(himmelblau, (41, 41))
    for error, certified in ((0.0, 3), (7.0, 2), (40.0, 1), (60.0, 0)):
        tree = topology(landscape, error=error)
        assert tree.attrs["certified_pairs"] == certified == int((tree.persistence > 2 * error).sum())
        assert (tree.error == error).all()
        assert tree.sizes["pair"] == 3


@pytest.mark.parametrize("shape", [(30,), (9, 11), (5, 6, 4)])
def test_any_number_of_axes(shape):
    field = np.random.default_rng(1).normal(size=shape)
    field[np.random.default_rng(2).random(shape) < 0.1] = np.nan
    tree = topology(landscape_of(lambda *axes: field, shape))
    assert sorted(zip(tree.birth.values.tolist(), tree.death.values.tolist(), strict=True)) == brute_pairs(field)
    labels = tuple(tree.direction.values)
    assert tree.basin.dims == labels == ("a", "b", "c")[: len(shape)]
    for number in range(tree.sizes["minimum"]):
        at = dict(zip(labels, tree.minimum_at.values[number], strict=True))
        assert int(tree.basin.sel(at)) == number


def test_minima_beside_an_edge_or_a_hole_are_marked():
    field = np.ones((9, 9))
    field[0, 4] = field[4, 4] = field[6, 7] = 0.0
    field[7, 8] = np.nan
    tree = topology(landscape_of(lambda a, b: field, (9, 9), 0.0, 8.0), error=0.1)
    marked = {tuple(at): bool(edge) for at, edge in zip(tree.minimum_at.values, tree.on_border.values, strict=True)}
    assert marked == {(0.0, 4.0): True, (4.0, 4.0): False, (6.0, 7.0): True}


def test_points_that_are_not_computed_yet_keep_a_pair_from_being_certain():
    field = np.array([[0.0, 3.0, 1.0, 2.0, np.nan, 2.0]])
    landscape = landscape_of(lambda a, b: field, (1, 6))
    status = np.where(np.isnan(field), 0, 1).astype(np.int8)
    assert topology(landscape, error=0.0).certified.values.all()
    assert not topology(landscape.assign(status=(("a", "b"), status)), error=0.0).certified.values.any()
    own = landscape.assign(status=(("a", "b"), np.ones_like(status)))
    assert topology(own, error=0.0).certified.values.all()


def two_wells(a, b):
    """Of depths 1 and 1.5, at a = -1 and 1; the pass, at 0, is 2 high but for the tilt."""
    return 1 + (a**2 - 1) ** 2 + 0.25 * (a + 1) + b**2


def test_what_a_tolerance_allows_is_what_was_asked_for():
    landscape = landscape_of(two_wells, (65, 65), -2.0, 2.0)
    whole = landscape.assign(status=(("a", "b"), np.ones((65, 65), np.int8)))
    rough = interpolated(whole, every=2, tolerance=0.01, tolerance_miss=1e-9)
    tree = topology(rough)
    # On a log scale: certified where log(death / birth) is above 2 x 0.01 x range(log L), here with nothing else.
    spread = float(np.log(rough.loss.max() / rough.loss.min()))
    allowed = tree.death.values * (1 - np.exp(-0.02 * spread)) / 2
    assert tree.attrs["tolerance_allowed"] == pytest.approx(allowed.max(), rel=1e-12)
    assert tree.attrs["certified_pairs"] == 1
    assert bool(tree.interpolated.any())
    # Linear pieces bend at their ends alone, so curvature is no help: the pair is 0.5 deep, the range 8.
    flat = rough.assign_attrs(tolerance=0.04, tolerance_scale="L")
    assert topology(flat).attrs["tolerance_allowed"] == pytest.approx(0.04 * float(np.ptp(rough.loss.values)))
    assert topology(flat).attrs["certified_pairs"] == 0
    untold = rough.assign_attrs(tolerance="?")
    assert topology(untold).attrs["tolerance_allowed"] == float(tree.death.max()) / 2
    assert topology(untold).attrs["certified_pairs"] == 0


@pytest.mark.parametrize("name", TARGETS)
def test_no_minimum_that_a_tolerance_invents_is_certified(name):
    whole, rough = topology(swept(name, 81)), topology(swept(name, 81, tolerance=0.01))
    assert rough.attrs["certified_pairs"] <= whole.attrs["certified_pairs"]


def test_float32_certifies_no_more_than_float64():
    for name in ("mirror", "offset_line", "one_point"):
        single, double = (topology(swept(name, 81, dtype=dtype)) for dtype in DTYPES)
        assert single.attrs["certified_pairs"] == double.attrs["certified_pairs"]
        assert single.attrs["rounding_error"] >= 2**29 * double.attrs["rounding_error"] * 0.99


def test_the_map_keeps_where_it_comes_from():
    landscape = swept("mirror", 21)
    tree = topology(landscape)
    assert (tree.attrs["kind"], tree.attrs["quantity"]) == ("topology", "loss")
    assert tree.attrs["basis"] == landscape.attrs["basis"]
    assert json.loads(tree.attrs["labels"]) == ["w", "b"]
    assert "report" not in tree.attrs


def test_terms_and_other_quantities_have_topologies_of_their_own():
    landscape = landscape_of(himmelblau, (41, 41))
    both = landscape.assign(
        terms=(("a", "b", "term"), np.stack([landscape.loss, -landscape.loss], -1)), other=-landscape.loss
    ).assign_coords(term=["up", "down"])
    assert topology(both, "up").attrs["quantity"] == "up"
    np.testing.assert_array_equal(topology(both, "up").death, topology(landscape).death)
    np.testing.assert_array_equal(topology(both, "down").death, topology(both, "other").death)


def test_what_has_no_topology_is_refused():
    landscape = landscape_of(himmelblau, (9, 9))
    with pytest.raises(ValueError, match="a quantity among"):
        topology(landscape, "accuracy")
    with pytest.raises(ValueError, match="error of at least 0, in units of loss; got -1"):
        topology(landscape, error=-1.0)
    with pytest.raises(ValueError, match="some finite values"):
        topology(landscape * np.nan)
    with pytest.raises(ValueError, match="choose with seed"):
        topology(bowl(planes=2))
    assert topology(bowl(planes=2).isel(seed=[0])).sizes["minimum"] == 1
    with pytest.raises(ValueError, match="left out where the loss was interpolated"):
        topology(interpolated(bowl()), "accuracy")
    with pytest.raises(ValueError, match="over at least one axis"):
        topology(xr.Dataset({"loss": 1.0}))
    with pytest.raises(ValueError, match="select the others first"):
        topology(explorer.sweep(*neuron("mirror"), GRID, quantities=("loss", "gradient"), progress=False), "gradient")
