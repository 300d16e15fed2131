"""The flood against components at every height, against its laws, and against gudhi where that is installed."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explorer.merge_trees.flooding import box, flooded
from tests.merge_trees.brute_flood import brute_count, brute_pairs, components

heights = st.one_of(st.integers(0, 6).map(float), st.floats(-1, 1, width=32), st.just(float("nan")))
fields = st.one_of(
    arrays.arrays(np.float64, st.tuples(st.integers(1, 14)), elements=heights),
    arrays.arrays(np.float64, st.tuples(st.integers(1, 6), st.integers(1, 6)), elements=heights),
    arrays.arrays(np.float64, st.tuples(*[st.integers(1, 4)] * 3), elements=heights),
)


def lasting(flood, field):
    """(birth, death) of all pairs, sorted."""
    births = field.flat[flood.minima[flood.younger]]
    return sorted(zip(births.tolist(), field.flat[flood.passes].tolist(), strict=True))


@settings(max_examples=200, deadline=None)
@given(fields)
def test_pairs_are_those_of_components_at_every_height(field):
    flood = flooded(field)
    assert lasting(flood, field) == brute_pairs(field)
    assert len(flood.minima) - len(flood.younger) == brute_count(field)


def all_apart(field):
    """The ranks of the values, equal ones in the order of the field: the same, with no two alike."""
    ranks = np.argsort(np.argsort(field, axis=None, kind="stable")).reshape(field.shape)
    return np.where(np.isnan(field), np.nan, ranks)


@settings(max_examples=100, deadline=None)
@given(fields.map(all_apart))
def test_each_pass_joins_the_components_of_its_two_minima(field):
    flood = flooded(field)
    for younger, elder, sides, at in zip(flood.younger, flood.elder, flood.sides, flood.passes, strict=True):
        height = field.flat[at]
        before, after = components(field, height, below=True).flat, components(field, height).flat
        place = flood.minima
        assert before[place[younger]] != before[place[elder]]
        assert after[place[younger]] == after[place[elder]] == after[at]
        assert field.flat[place[elder]] <= field.flat[place[younger]] < height
        # Where more than two meet in one point the other side may be a third, joined to the elder there as well.
        met = {before[place[side]] for side in sides}
        assert before[place[younger]] in met
        assert len(met) == 2
        assert {after[place[side]] for side in sides} == {after[at]}


@settings(max_examples=100, deadline=None)
@given(fields)
def test_water_runs_down_from_every_point_to_the_minimum_of_its_basin(field):
    flood = flooded(field)
    walls = ~np.isfinite(field)
    assert ((flood.basin == -1) == walls).all()
    assert ((flood.downhill == -1) == walls).all()
    for point in np.flatnonzero(~walls):
        within = components(field, field.flat[point]).flat
        assert within[point] == within[flood.minima[flood.basin.flat[point]]]
        assert field.flat[flood.downhill.flat[point]] == box(np.where(walls, np.inf, field), np.minimum).flat[point]
    assert (flood.basin.flat[flood.minima] == np.arange(len(flood.minima))).all()
    assert (np.diff(field.flat[flood.minima]) >= 0).all()


@settings(max_examples=50, deadline=None)
@given(fields)
def test_a_rising_map_of_the_heights_and_turned_axes_change_no_pair(field):
    flood = flooded(field)
    # Squares of 32 bits are exact in 64.
    lifted = flooded(field * np.abs(field))
    assert (lifted.younger == flood.younger).all()
    assert (lifted.passes == flood.passes).all()
    for turned in (field.T, np.flip(field), np.flip(field, axis=-1)):
        assert lasting(flooded(turned), turned) == lasting(flood, field)


@settings(max_examples=50, deadline=None)
@given(fields, st.integers(0, 2**31))
def test_noise_moves_no_pair_by_more_than_its_size(field, seed):
    # Stability (Cohen-Steiner, Edelsbrunner and Harer 2007): counts above twice the noise cannot grow.
    noise = np.random.default_rng(seed).uniform(-0.05, 0.05, field.shape)
    true, seen = (brute_pairs(field), lasting(flooded(field + noise), field + noise))
    for least in (0.2, 0.5, 1.0):
        count = [sum(death - birth > bound for birth, death in true) for bound in (least - 0.1, least + 0.1)]
        assert count[0] >= sum(death - birth > least for birth, death in seen) >= count[1]


def test_a_plateau_is_one_minimum():
    field = np.full((7, 9), 2.0)
    field[1, 1:8] = field[5, 1:8] = field[1:6, 1] = 0.0
    assert (len(flooded(field).minima), len(flooded(field).passes)) == (1, 0)
    assert len(flooded(np.zeros((5, 5))).minima) == 1


def test_water_that_meets_an_unknown_point_first_is_not_sealed():
    field = np.array([0.0, 3.0, 1.0, 2.0, np.nan, 2.0])
    unknown = np.isnan(field)
    assert flooded(field, unknown).sealed.tolist() == [False]
    assert flooded(field).sealed.tolist() == [True]
    # The pass is below the points beside the hole: whatever is behind it, the way there is higher.
    higher = np.array([0.0, 3.0, 1.0, 4.0, np.nan, 4.0])
    assert flooded(higher, unknown).sealed[:1].tolist() == [True]


def test_a_field_of_walls_alone_has_nothing():
    flood = flooded(np.full((3, 4), np.nan))
    assert (len(flood.minima), len(flood.passes)) == (0, 0)
    assert (flood.basin == -1).all()


@pytest.mark.parametrize("seed", range(24))
def test_pairs_are_those_of_gudhi(seed):
    gudhi = pytest.importorskip("gudhi")
    draw = np.random.default_rng(seed)
    field = draw.normal(size=[(17, 23), (1, 30), (9, 8, 7), (40,), (5, 4, 6, 3)][seed % 5])
    if seed % 3 == 1:
        field = np.round(field)
    if seed % 3 == 2:
        field[draw.random(field.shape) < 0.1] = np.nan
    cells = gudhi.CubicalComplex(top_dimensional_cells=np.where(np.isnan(field), np.inf, field))
    cells.compute_persistence(min_persistence=0.0)
    found = [tuple(pair) for pair in cells.persistence_intervals_in_dimension(0).tolist()]
    assert lasting(flooded(field), field) == sorted((a, b) for a, b in found if b > a and np.isfinite(b))
