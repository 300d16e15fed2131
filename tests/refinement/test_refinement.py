"""Refining: few points are evaluated, the others are known to within the tolerance, and what is rough is left whole."""

from dataclasses import dataclass
from itertools import islice, pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from explorer.refinement import Refined, refined
from explorer.refinement.loss_scale import range_of
from explorer.refinement.nested_nodes import axis_levels
from explorer.refinement.scattered_checks import scattered_positions
from explorer.refinement.splines import spline
from tests.support.visits import driven

Floats = NDArray[np.float64]
TOLERANCE = 0.01


@dataclass
class Found:
    """What a refinement of a known surface came to."""

    outcome: Refined
    error: float
    """The largest miss anywhere, as a share of the whole range."""
    batches: int

    @property
    def share(self) -> float:
        return float(self.outcome.evaluated.mean())


def refine(surface: Floats, tolerance: float = TOLERANCE) -> Found:
    """Refine a surface of which every value is known; each point may be asked for once."""
    flat = surface.reshape(-1)
    asked: list[NDArray[np.int64]] = []

    def loss_at(positions: NDArray[np.int64]) -> Floats:
        asked.append(positions)
        return flat[positions]

    (outcome,) = driven(refined(surface.shape, 1, tolerance), loss_at)
    together = np.concatenate(asked)
    assert len(np.unique(together)) == len(together) == np.count_nonzero(outcome.evaluated)
    np.testing.assert_array_equal(outcome.values[outcome.evaluated], flat[outcome.evaluated])
    finite = np.isfinite(flat)
    assert outcome.evaluated[~finite].all()
    span = range_of(flat)
    misses = span.share(span.scale.apart(outcome.values[finite], flat[finite]))
    return Found(outcome, float(misses.max(initial=0.0)), len(asked))


def mesh(shape: tuple[int, ...] = (101, 101), low: float = -1.0, high: float = 1.0) -> list[Floats]:
    return np.meshgrid(*(np.linspace(low, high, points) for points in shape), indexing="ij")


def neuron(power: int, points: int = 101) -> Floats:
    """The mean |tanh(w x + b) - y|^power of eight samples, over w and b."""
    w, b = mesh((points, points), -4.0, 4.0)
    x = np.linspace(-2.0, 2.0, 8)
    return (np.abs(np.tanh(w[..., None] * x + b[..., None]) - np.sin(2 * x)) ** power).mean(-1)


def network(points: int = 101) -> Floats:
    """The mean squared error of a 2-8-8-1 tanh network on a random plane, five initial weights wide."""
    random = np.random.default_rng(0)
    x, y = random.uniform(-1, 1, (64, 2)), random.choice([-1.0, 1.0], 64)
    shapes = [(2, 8), (8,), (8, 8), (8,), (8, 1), (1,)]
    origin, first, second = ([random.normal(size=shape) / 2 for shape in shapes] for _ in range(3))
    alpha, beta = (part.reshape(-1, 1, 1) for part in mesh((points, points), -1.0, 1.0))
    theta = [o + alpha * a + beta * b for o, a, b in zip(origin, first, second, strict=True)]
    hidden = np.tanh(x @ theta[0] + theta[1])
    hidden = np.tanh(hidden @ theta[2] + theta[3])
    return (((hidden @ theta[4] + theta[5])[..., 0] - y) ** 2).mean(-1).reshape(points, points)


def hashed(shape: tuple[int, ...] = (101, 101)) -> Floats:
    """Noise that is a function of its place: between 1 and 2."""
    positions = np.arange(np.prod(shape), dtype=np.uint64)
    mixed = (positions + np.uint64(1)) * np.uint64(0x9E3779B97F4A7C15)
    return (1 + (mixed >> np.uint64(40)).astype(np.float64) / 2**24).reshape(shape)


def valley(floor: float) -> Floats:
    """Rosenbrock's, whose floor is `floor` above 0 at the minimum."""
    x, y = mesh((101, 101), -1.5, 1.5)
    return (1 - x) ** 2 + 100 * (y - x * x) ** 2 + floor


def crack(width: float) -> Floats:
    """A winding canyon of this width in an even plain, four orders of magnitude deep."""
    x, y = mesh()
    return 1e-4 + 1 - np.exp(-(((y - 0.5 * np.sin(3 * x)) / width) ** 2))


X, Y = mesh()
BOWL = X**2 + 3 * Y**2 + X * Y + 0.1
SMOOTH = {
    "tanh neuron": neuron(2),
    "network": network(),
    "bowl": BOWL,
    "saddle, L <= 0": X**2 - Y**2,
    "exponential": np.exp(8 * X + 5 * Y),
    "valley": valley(1e-2),
    "deep valley": valley(1e-8),
    "valley whose minimum is a point": valley(0.0),
}
HARD = {
    "kinks: tanh neuron, MAE": neuron(1),
    "kinks in a plain": np.maximum(X + 0.3 * Y - 0.4, 0) + 0.5,
    "kinks, L <= 0": np.abs(X - 0.31) - np.abs(Y + 0.17),
    "step": 1.0 + (X + 0.4 * Y > 0.3),
    "canyon": crack(0.15),
    "canyon of two grid steps": crack(0.04),
    "ripples": 2 + np.sin(9 * X) * np.cos(7 * Y),
}


@pytest.mark.parametrize("surface", SMOOTH.values(), ids=SMOOTH)
def test_a_smooth_surface_takes_few_points(surface: Floats) -> None:
    found = refine(surface)
    assert found.error <= TOLERANCE
    assert found.outcome.error <= TOLERANCE
    assert found.outcome.checked >= 32
    assert found.share < 0.15
    assert found.batches < 20


@pytest.mark.parametrize("surface", HARD.values(), ids=HARD)
def test_a_kink_a_step_or_a_canyon_is_refined_where_it_is(surface: Floats) -> None:
    found = refine(surface)
    assert found.error <= TOLERANCE
    assert found.outcome.error <= TOLERANCE


@pytest.mark.parametrize("width", [0.02, 0.03, 0.05, 0.08, 0.2])
@pytest.mark.parametrize("tolerance", [0.3, 0.1, 0.03, 0.003])
def test_a_canyon_of_any_width_is_found(width: float, tolerance: float) -> None:
    assert refine(crack(width), tolerance).error <= tolerance


@pytest.mark.parametrize("floor", [1e-1, 1e-3, 1e-5, 1e-7])
@pytest.mark.parametrize("tolerance", [0.1, 0.01, 0.003])
def test_a_valley_of_any_depth_is_found(floor: float, tolerance: float) -> None:
    found = refine(valley(floor), tolerance)
    assert found.error <= tolerance
    assert found.share < 0.15


@pytest.mark.parametrize("tolerance", [0.3, 0.03, 0.003])
@pytest.mark.parametrize("name", ["tanh neuron", "network", "kinks: tanh neuron, MAE", "canyon"])
def test_any_tolerance_is_kept(name: str, tolerance: float) -> None:
    assert refine((SMOOTH | HARD)[name], tolerance).error <= tolerance


def test_a_smaller_tolerance_takes_more_points() -> None:
    shares = [refine(neuron(2), tolerance).share for tolerance in (0.1, 0.01, 0.001)]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1]


def test_noise_is_evaluated_everywhere() -> None:
    for surface in (hashed(), BOWL * hashed() ** 0.1, hashed((101,))):
        found = refine(surface)
        assert found.outcome.evaluated.all()
        assert (found.outcome.error, found.outcome.checked) == (0.0, 0)
        assert found.batches <= 40


def test_noise_below_the_tolerance_is_not() -> None:
    # Values up to 2e-3 of the range away from a bowl; a spline through them carries on some of it.
    found = refine(BOWL * np.exp(0.004 * (hashed() - 1.5)))
    assert found.error <= TOLERANCE
    assert found.share < 0.15


HOLES = {
    "a disc of NaN": np.where((X - 0.4) ** 2 + Y**2 < 0.1, np.nan, BOWL),
    "a corner of inf": np.where(X + Y > 1.3, np.inf, BOWL),
    "a corner of -inf": np.where(X + Y > 1.3, -np.inf, BOWL),
    "one NaN amid": np.where((X == 0) & (Y == 0), np.nan, BOWL),
    "overflow": np.where(np.exp(8 * X + 6 * Y) > 1e3, np.inf, np.exp(8 * X + 6 * Y)),
}


@pytest.mark.parametrize("surface", HOLES.values(), ids=HOLES)
def test_nothing_is_interpolated_over_or_beside_a_hole(surface: Floats) -> None:
    found = refine(surface)
    assert found.error <= TOLERANCE
    assert found.share < 0.5
    assert np.isfinite(found.outcome.values[~found.outcome.evaluated]).all()


def test_a_surface_of_holes_is_evaluated_everywhere() -> None:
    assert refine(np.full((40, 40), np.nan)).outcome.evaluated.all()


@pytest.mark.parametrize("level", [0.0, 2.5, -3.0, 1e-300, 1e300])
def test_a_plain_takes_the_fewest_points(level: float) -> None:
    found = refine(np.full((101, 101), level))
    assert found.error == 0.0
    # 11 x 11 nodes and 32 checks.
    assert np.count_nonzero(found.outcome.evaluated) == 121 + 32


SHAPES = [(2, 2), (3, 5), (5, 5), (7, 7), (2, 201), (7, 201), (201, 7), (51, 41), (32, 33), (12, 101)]


@pytest.mark.parametrize("shape", SHAPES)
def test_any_shape_is_refined(shape: tuple[int, ...]) -> None:
    x, y = mesh(shape)
    for surface in (x**2 + 3 * y**2 + x * y + 0.1, np.abs(x) + np.abs(y - 0.2) + 0.1):
        assert refine(surface).error <= TOLERANCE


@pytest.mark.parametrize("points", [2, 3, 4, 11, 12, 51, 201, 2001])
def test_a_line_is_refined(points: int) -> None:
    (t,) = mesh((points,))
    for line in (t**2 + 0.1, np.abs(t - 0.3) + 0.1, np.exp(np.sin(7 * t)), t - 0.2):
        assert refine(line).error <= TOLERANCE
    assert points < 201 or refine(t**2 + 0.1).share < 0.15


def test_large_and_small_numbers_change_nothing() -> None:
    surface = neuron(2)
    shares = {refine(surface * factor).share for factor in (2.0**-900, 1.0, 2.0**900)}
    # The logarithms round differently, so a few points may be judged otherwise.
    assert max(shares) - min(shares) < 0.01


def test_planes_are_refined_side_by_side_as_they_would_be_alone() -> None:
    surfaces = [neuron(2), neuron(1), hashed(), BOWL]
    together, calls = np.concatenate([surface.reshape(-1) for surface in surfaces]), []

    def loss_at(positions: NDArray[np.int64]) -> Floats:
        calls.append(len(positions))
        return together[positions]

    found = driven(refined((101, 101), 4, TOLERANCE), loss_at)
    alone = [refine(surface) for surface in surfaces]
    for each, single in zip(found, alone, strict=True):
        np.testing.assert_array_equal(each.evaluated, single.outcome.evaluated)
        np.testing.assert_array_equal(each.values, single.outcome.values)
    assert len(calls) == max(single.batches for single in alone)


def waves(terms: list[tuple[float, float, float, float]]) -> Floats:
    return 2.0 + sum((a * np.sin(f * X + g * Y + phase) for a, f, g, phase in terms), np.zeros_like(X))


@settings(max_examples=40, deadline=None, derandomize=True)
@given(
    terms=st.lists(st.tuples(*[st.floats(low, high) for low, high in ((-1, 1), (-9, 9), (-9, 9), (0, 6.3))]),
                   min_size=1, max_size=5),
    steep=st.floats(0.0, 6.0),
)  # fmt: skip
def test_any_smooth_surface_is_known_to_within_the_tolerance(terms: list[Any], steep: float) -> None:
    for surface in (waves(terms), np.exp(steep * waves(terms))):
        assert refine(surface).error <= TOLERANCE


@given(points=st.integers(2, 3000))
def test_levels_are_nested_from_end_to_end(points: int) -> None:
    levels = axis_levels(points)
    assert set(levels[0]) >= {0, points - 1}
    assert len(levels[0]) <= 6
    for coarse, fine in pairwise(levels):
        assert set(coarse) < set(fine)
    np.testing.assert_array_equal(levels[-1], np.arange(points))
    # Halves of intervals that differ by at most 1 do so, too.
    for level in levels:
        gaps = np.diff(level)
        assert gaps.max() - gaps.min() <= 1


def test_a_spline_is_exact_for_cubics_and_keeps_its_values() -> None:
    # Degree 3 along each axis with not-a-knot ends reproduces cubics; rounding of values up to 8: some eps of them.
    x, y = np.array([0.0, 3, 5, 9, 10]), np.array([0.0, 1, 4, 6])
    wanted = np.linspace(0, 10, 17), np.linspace(0, 6, 13)

    def cubic(a: Floats, b: Floats) -> Floats:
        return (a[:, None] / 5 - 1) ** 3 * (b / 3 - 1) ** 3 + a[:, None] / 5 + (b / 3) ** 2

    np.testing.assert_allclose(spline(cubic(x, y), (x, y), wanted), cubic(*wanted), rtol=0, atol=1e-12)
    np.testing.assert_allclose(spline(cubic(x, y), (x, y), (x, y)), cubic(x, y), rtol=0, atol=0)
    np.testing.assert_allclose(spline(x[:3, None] ** 2, (x[:3], y[:1]), (x[:5], y[:2]))[:, 1], x**2, atol=1e-12)


def test_scattered_points_fill_the_grid_evenly() -> None:
    # Of 64 points in 64 equal boxes random ones leave 63 % filled; these many more.
    positions = np.array(list(islice(scattered_positions((80, 80)), 64)))
    boxes = (positions // 80 // 10) * 8 + positions % 80 // 10
    assert len(np.unique(boxes)) > 44
    line = np.array(list(islice(scattered_positions((100,)), 50)))
    assert len(np.unique(line // 10)) == 10


def test_misses_are_shares_of_the_range_of_the_logarithm_where_there_is_one() -> None:
    assert range_of(np.array([1.0, np.e**4, np.nan, np.inf])).size == pytest.approx(4)
    assert range_of(np.array([1.0, 0.0, 7.0])).size == 7.0
    assert range_of(np.array([np.nan])).size == 0.0
    span = range_of(np.array([1.0, np.e**4]))
    found = span.share(span.scale.apart(np.array([np.e, -1.0, np.nan]), np.array([1.0, 1.0, 1.0])))
    np.testing.assert_allclose(found, [0.25, np.inf, np.inf], rtol=1e-15)
