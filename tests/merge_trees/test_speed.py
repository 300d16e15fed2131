"""The benchmark of topologies runs at toy size, and its contenders agree."""

import numpy as np
import pytest

from tests.benchmarks import bench_topology
from tests.benchmarks.work import topology_work
from tests.merge_trees.brute_flood import brute_pairs


def test_the_benchmark_runs_at_toy_size(monkeypatch):
    # So few points have several minima only where they are hardly smoothed.
    monkeypatch.setattr(topology_work, "SMOOTH", 0.5)
    lines = list(bench_topology.lines(13, 6, 1, apart=False, patience=0.0, least_seconds=1e-9))
    assert sum(line.startswith("topology") for line in lines) == 3


@pytest.mark.parametrize(("points", "axes"), [(9, 2), (4, 3)])
def test_the_plain_flood_finds_the_pairs_of_all_heights(points, axes):
    field = topology_work.landscape_of(points, axes, 0.0).loss.values
    np.testing.assert_array_equal(topology_work.by_plain_flood(field), brute_pairs(field))
