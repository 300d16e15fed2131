import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explorer import Grid

GRIDS = st.lists(st.integers(2, 20), min_size=1, max_size=3).map(
    lambda points: Grid({f"a{i}": (-1.0, 2.0 + i, n) for i, n in enumerate(points)})
)


def test_coords_are_in_c_order_of_the_labels():
    grid = Grid({"w": (0, 2, 3), "b": (10, 11, 2)})
    assert grid.coords.tolist() == [[0, 10], [0, 11], [1, 10], [1, 11], [2, 10], [2, 11]]
    assert (grid.labels, grid.shape, grid.size) == (("w", "b"), (3, 2), 6)


@settings(deadline=None, max_examples=60)
@given(st.floats(-1e6, 1e6), st.floats(1e-3, 1e6), st.integers(2, 300))
def test_ends_are_exact_and_points_ascend(low, length, points):
    high = low + length
    values = Grid({"w": (low, high, points)}).values["w"]
    assert (values[0], values[-1], len(values)) == (low, high, points)
    assert (np.diff(values) > 0).all()


def test_square():
    grid = Grid.square(radius=0.5, points=5)
    assert grid.labels == ("alpha", "beta")
    assert grid.values["beta"].tolist() == [-0.5, -0.25, 0.0, 0.25, 0.5]


@settings(deadline=None, max_examples=60)
@given(GRIDS)
def test_order_visits_every_point_once(grid):
    assert np.array_equal(np.sort(grid.order), np.arange(grid.size))


@settings(deadline=None, max_examples=60)
@given(GRIDS, st.integers(0, 5))
def test_order_refines_regular_grids(grid, level):
    stride = 2**level
    coarse = np.zeros(grid.shape, dtype=bool)
    coarse[tuple(slice(None, None, stride) for _ in grid.shape)] = True
    first = grid.order[: coarse.sum()]
    assert coarse.reshape(-1)[first].all()


@settings(deadline=None, max_examples=60)
@given(GRIDS, st.integers(1, 50))
def test_chunks_make_up_the_order(grid, size):
    chunks = list(grid.chunks(size))
    assert np.array_equal(np.concatenate(chunks), grid.order)
    assert {len(chunk) for chunk in chunks[:-1]} <= {size}


@pytest.mark.parametrize(
    ("axes", "message"),
    [
        ({}, "got none"),
        ({"w": (1, 1, 5)}, "low < high for 'w'"),
        ({"w": (2, 1, 5)}, "low < high"),
        ({"w": (0, float("inf"), 5)}, "finite"),
        ({"w": (0, 1, 1)}, "at least 2 points along 'w'"),
        ({"w": (0, 1, 2.5)}, "at least 2 points"),
    ],
)
def test_axes_that_are_none_are_refused(axes, message):
    with pytest.raises(ValueError, match=message):
        Grid(axes)


def test_empty_chunks_are_refused():
    with pytest.raises(ValueError, match="at least 1 point"):
        list(Grid.square(points=3).chunks(0))


def test_around_shows_all_of_a_path_with_a_margin():
    import torch

    import explorer

    thetas = torch.tensor([[0.0, 0.0], [2.0, 1.0], [1.0, -1.0]], dtype=torch.float64)
    plane = explorer.Plane(torch.zeros(2).double(), torch.eye(2).double(), ("a", "b"))
    grid = explorer.Grid.around(plane, explorer.Trajectory.of(thetas), points=9)
    # A quarter of the longer span, 2, on every side.
    assert {label: (axis.low, axis.high, axis.points) for label, axis in grid.axes.items()} == {
        "a": (-0.5, 2.5, 9),
        "b": (-1.5, 1.5, 9),
    }
    line = explorer.directions.between(thetas[0], thetas[1])
    assert explorer.Grid.around(line).axes["alpha"].low == -0.25
    with pytest.raises(ValueError, match="laid through none"):
        explorer.Grid.around(plane)
    with pytest.raises(ValueError, match="fall on one point"):
        explorer.Grid.around(plane, thetas[0])
