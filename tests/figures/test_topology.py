"""Figures of a topology: ways that lead down to what is certain, branches that do not cross, bars and their doubt."""

import numpy as np
import pytest
import xarray as xr
from scipy.ndimage import gaussian_filter

from explorer import figures, topology
from explorer.figures.dendrogram import leaf_places
from explorer.figures.topology_read import CERTAIN, DOUBTFUL, tree_of
from explorer.figures.watershed import ways_from


def landscape_of(field):
    axes = {label: np.linspace(-1.0, 1.0, n) for label, n in zip("ab", field.shape, strict=False)}
    return xr.Dataset({"loss": (tuple(axes), field)}, axes)


@pytest.fixture(scope="module", params=[0, 1, 2])
def case(request):
    """A smooth random field with a hole, off by half the depth of its median pair: some are doubtful."""
    draw = np.random.default_rng(request.param)
    field = 5 + 100 * gaussian_filter(draw.normal(size=(40, 33)), 2.5)
    field[8:12, 20:26] = np.nan
    landscape = landscape_of(field)
    every = topology(landscape, error=0.0)
    tree = topology(landscape, error=float(every.persistence.median()) / 2)
    assert 3 < tree.certified.sum() < tree.sizes["pair"] - 3
    return landscape, tree


def test_ways_run_from_a_pass_to_a_certain_minimum_and_never_above_the_pass(case):
    landscape, dataset = case
    tree = tree_of(dataset)
    loss = landscape.loss.values
    certain = {*tree.younger[tree.certain].tolist(), *tree.endless.tolist()}
    for pair in np.flatnonzero(tree.certain):
        ends = []
        for way in ways_from(dataset, tree, pair, loss):
            assert loss.flat[way].max() == loss.flat[way[0]] == tree.deaths[pair]
            steps = np.abs(np.diff(np.stack(np.unravel_index(way, loss.shape)), axis=1)).max(axis=0)
            assert set(steps.tolist()) <= {0, 1}
            ends.append(int(dataset.basin.values.flat[way[-1]]))
            assert (dataset.minimum_at.values[ends[-1]] == [landscape[axis].values[i] for axis, i in zip(
                "ab", np.unravel_index(way[-1], loss.shape), strict=True)]).all()  # fmt: skip
        assert len({*ends} & certain) == 2


def test_the_map_has_ways_minima_and_passes(case):
    landscape, dataset = case
    figure = figures.minima(landscape, dataset)
    crosses = figure.data[-1]
    assert len(crosses.x) == dataset.attrs["certified_pairs"]
    dots = [
        trace
        for trace in figure.data
        if trace.type == "scatter" and trace.mode == "markers" and trace.marker.symbol != "x"
    ]
    assert sum(len(trace.x) for trace in dots) == dataset.sizes["minimum"]
    hollow = [trace for trace in dots if trace.marker.symbol == "circle-open"]
    assert all("on the border" in text for trace in hollow for text in trace.text)
    assert figure.layout.title.text.startswith(f"loss: {dataset.attrs['certified_pairs']} certain pairs of minima, ")


def test_branches_of_the_tree_do_not_cross(case):
    tree = tree_of(case[1])
    shown = len(tree.younger)
    places = leaf_places(tree, shown)
    assert sorted(places.values()) == list(range(len(tree.values)))
    tops = dict.fromkeys(range(len(tree.values)), tree.highest) | dict(zip(tree.younger, tree.deaths, strict=True))
    for younger, elder, height in zip(tree.younger, tree.elder, tree.deaths, strict=True):
        left, right = sorted((places[younger], places[elder]))
        between = [each for each, place in places.items() if left < place < right]
        # Whatever stands between has ended, or at that very height ends.
        assert all(tops[each] <= height for each in between)


def test_the_tree_draws_what_is_certain_dark(case):
    tree = tree_of(case[1])
    pale, dark, trunks, leaves = figures.merge_tree(case[1]).data
    assert (pale.line.color, dark.line.color) == (DOUBTFUL, CERTAIN)
    # Three corners and a gap each.
    assert (len(pale.x), len(dark.x)) == (4 * (~tree.certain).sum(), 4 * tree.certain.sum())
    assert len(trunks.x) == 3 * len(tree.endless)
    assert len(leaves.x) == len(tree.values)


def test_bars_end_where_pairs_do_and_their_band_is_twice_the_error(case):
    tree = tree_of(case[1])
    band, certain, pale, lasting = figures.barcode(case[1]).data
    np.testing.assert_allclose(band.x[1::3] - band.x[0::3], 2 * tree.errors, rtol=1e-12)
    np.testing.assert_array_equal(certain.x[1::3], tree.deaths[tree.certain])
    np.testing.assert_array_equal(pale.x[0::3], tree.values[tree.younger[~tree.certain]])
    assert (pale.x[1::3] - pale.x[0::3] <= 2 * tree.errors[0]).all()
    assert (certain.line.color, pale.line.color) == (CERTAIN, DOUBTFUL)
    assert (np.diff(certain.y[::3]) < 0).all()
    assert len(lasting.x) == 3 * len(tree.endless)


def test_fewer_pairs_are_drawn_and_that_is_said(case):
    figure = figures.barcode(case[1], most=4)
    assert len(figure.data[0].x) == 12
    assert f"{case[1].sizes['pair'] - 4} less persistent pairs are not drawn" in figure.layout.title.subtitle.text
    assert len(figures.merge_tree(case[1], most=4).data[1].x) <= 16


def test_scales_are_logarithmic_where_all_is_positive():
    field = np.array([[1.0, 3.0, 2.0, 4.0, 0.5]])
    positive, other = (topology(landscape_of(each), error=0.0) for each in (field, field - 2))
    assert figures.barcode(positive).layout.xaxis.type == "log"
    assert figures.merge_tree(other).layout.yaxis.type == "linear"
    with pytest.raises(ValueError, match='positive values for scale="log"'):
        figures.barcode(other, scale="log")
    with pytest.raises(ValueError, match='"auto", "log" or "linear"'):
        figures.merge_tree(other, scale="square")


@pytest.mark.parametrize("draw", [figures.barcode, figures.merge_tree])
def test_less_than_no_pairs_are_refused(case, draw):
    with pytest.raises(ValueError, match="at least 0 pairs; got -1"):
        draw(case[1], most=-1)
    assert draw(case[1], most=0).data


def test_one_minimum_alone_is_drawn():
    field = np.add.outer(np.linspace(-1, 1, 9) ** 2, np.linspace(-1, 1, 7) ** 2)
    landscape = landscape_of(field)
    tree = topology(landscape)
    assert len(figures.minima(landscape, tree).data[-1].x) == 0
    assert len(figures.barcode(tree).data[-1].x) == 3
    assert len(figures.merge_tree(tree).data[-1].x) == 1


def test_what_is_no_topology_or_that_of_another_landscape_is_refused(case):
    landscape, tree = case
    with pytest.raises(ValueError, match=r"expected what explorer\.topology returns"):
        figures.barcode(landscape)
    with pytest.raises(ValueError, match="the topology of this landscape"):
        figures.minima(landscape.isel(a=slice(5, None)), tree)
