import hashlib

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.utils._python_dispatch import TorchDispatchMode

import explorer
from explorer import Plane
from tests.support.cases import bowl, neuron


def plane_of(seed, directions=2, parameters=6, dtype=torch.float64):
    generator = torch.Generator().manual_seed(seed)
    origin = torch.randn(parameters, generator=generator, dtype=dtype)
    basis = torch.randn(directions, parameters, generator=generator, dtype=dtype)
    return Plane(origin, basis, ("alpha", "beta", "gamma")[:directions])


COORDS = st.lists(st.floats(-100, 100), min_size=2, max_size=2)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 20), COORDS)
def test_coordinates_undo_at(seed, coords):
    plane = plane_of(seed)
    given_coords = torch.tensor(coords, dtype=torch.float64)
    # Rounding of order |coords| <= 100 times eps = 2e-16, times the condition of the basis (below 10), P = 6 terms.
    torch.testing.assert_close(plane.coordinates(plane.at(given_coords)), given_coords, rtol=0, atol=3e-12)


@settings(deadline=None, max_examples=60)
@given(st.integers(0, 20), COORDS, st.floats(0.01, 10))
def test_offset_is_the_distance_left_out(seed, coords, distance):
    plane = plane_of(seed)
    normal = torch.linalg.svd(plane.basis).Vh[-1]
    theta = plane.at(coords) + distance * normal
    # theta is of order 300 at most, so its own rounding is 300 eps = 7e-14 an entry.
    assert plane.offset(theta).item() == pytest.approx(distance, abs=1e-12)
    torch.testing.assert_close(plane.coordinates(theta), torch.tensor(coords, dtype=torch.float64), rtol=0, atol=3e-12)


def test_at_is_the_formula():
    plane = plane_of(1)
    expected = plane.origin + 2 * plane.basis[0] - 3 * plane.basis[1]
    torch.testing.assert_close(plane.at([2.0, -3.0]), expected, rtol=0, atol=1e-14)


def test_leading_dimensions_are_kept():
    plane = plane_of(2)
    coords = torch.zeros(4, 3, 2)
    thetas = plane.at(coords)
    assert (thetas.shape, plane.coordinates(thetas).shape, plane.offset(thetas).shape) == ((4, 3, 6), (4, 3, 2), (4, 3))


def test_a_line_takes_the_first_label():
    line = Plane(torch.zeros(3), torch.ones(1, 3))
    assert line.labels == ("alpha",)
    assert line.at([2.0]).tolist() == [2.0, 2.0, 2.0]


def test_describe_gives_lengths_and_cosine():
    plane = Plane(torch.zeros(2), torch.tensor([[2.0, 0.0], [3.0, 3.0]]))
    described = plane.describe()
    # Exact inputs, one square root and one division each.
    assert described["norms"] == pytest.approx([2.0, 18**0.5], rel=1e-15)
    assert described["cosines"] == pytest.approx([0.5**0.5], rel=1e-15)


def test_axes_coordinates_are_the_entries_themselves():
    objective = neuron().objective
    plane = explorer.directions.axes(objective, "w", "b")
    assert plane.labels == ("w", "b")
    assert plane.at([3.25, -1.5]).tolist() == [3.25, -1.5]


def test_axes_keep_the_other_entries_where_they_are():
    objective = explorer.Objective(
        torch.nn.Linear(3, 2).double(), terms={"sum": lambda model: model.weight.sum() + model.bias.sum()}
    )
    plane = explorer.directions.axes(objective, "bias[1]", "weight[1, 2]")
    theta = plane.at([10.0, 20.0])
    changed = (theta != objective.theta).nonzero().flatten().tolist()
    assert changed == [5, 7]
    assert theta[[7, 5]].tolist() == [10.0, 20.0]


def test_axes_want_entries():
    _, objective = bowl()
    with pytest.raises(ValueError, match="got none"):
        explorer.directions.axes(objective)
    with pytest.raises(ValueError, match="different labels"):
        explorer.directions.axes(objective, "theta[0]", "theta[0]")


O, I = torch.zeros(3), torch.eye(3)  # noqa: E741
REFUSED = {
    "length": (torch.zeros(2), I[:2], ("a", "b"), r"\(2,\) and \(2, 3\)"),
    "one row as a vector": (O, I[0], ("a",), r"basis \[K, P\]"),
    "dtype": (O.double(), I[:2], ("a", "b"), "one floating dtype"),
    "labels": (O, I[:2], ("a",), "2 different labels"),
    "repeated labels": (O, I[:2], ("a", "a"), "2 different labels"),
    "not finite": (O, I[:2] / torch.tensor([1.0, 0.0, 1.0]), ("a", "b"), "finite"),
    "zero row": (O, I[:2] * torch.tensor([[1.0], [0.0]]), ("a", "b"), "zero row"),
    "parallel": (O, torch.stack([I[0] + I[1], -2 * I[0] - 2 * I[1]]), ("a", "b"), "parallel"),
    "dependent": (O, torch.stack([I[0], I[1], I[0] + I[1]]), ("a", "b", "c"), "linearly independent"),
}


@pytest.mark.parametrize(("origin", "basis", "labels", "message"), REFUSED.values(), ids=REFUSED)
def test_what_spans_no_plane_is_refused(origin, basis, labels, message):
    with pytest.raises(ValueError, match=message):
        Plane(origin, basis, labels)


def test_coords_of_another_length_are_refused():
    with pytest.raises(ValueError, match=r"coords \[\.\.\., 2\]"):
        plane_of(0).at([1.0, 2.0, 3.0])


def test_nearly_parallel_rows_are_projected_as_by_a_factorization():
    ones, sign = torch.ones(1000, dtype=torch.float64), torch.tensor([1.0, -1.0], dtype=torch.float64).repeat(500)
    normal = torch.tensor([1.0, 1.0, -1.0, -1.0], dtype=torch.float64).repeat(250)
    # Powers of two: basis and theta are exact. The sine of the angle is 2^-17, the condition of the basis 2^18.
    plane = Plane(torch.zeros_like(ones), torch.stack([ones, ones + 2**-17 * sign]))
    theta = 3 * ones - 2 * (ones + 2**-17 * sign)
    found = plane.coordinates(theta)
    # QR leaves condition * eps = 6e-11 times |coords|; plain normal equations condition^2 * eps = 1.5e-5.
    torch.testing.assert_close(found, torch.tensor([3.0, -2.0], dtype=torch.float64), rtol=0, atol=1e-9)
    assert plane.offset(theta + normal).item() == pytest.approx(1000**0.5, rel=1e-12)
    assert plane.offset(theta).item() < 1e-12


def test_rows_of_very_different_length():
    plane = Plane(
        torch.zeros(3, dtype=torch.float64), torch.tensor([[1e-200, 0, 0], [1e200, 1e200, 0]], dtype=torch.float64)
    )
    coords = plane.coordinates(torch.tensor([5e-200, 0.0, 7.0], dtype=torch.float64))
    # One division and one square root an entry.
    assert coords.tolist() == pytest.approx([5.0, 0.0], rel=1e-15, abs=1e-300)
    assert plane.describe()["norms"] == pytest.approx([1e-200, 2**0.5 * 1e200], rel=1e-15)


class LargestDouble(TorchDispatchMode):
    """Notes the largest float64 result of any operation."""

    entries = 0

    def __torch_dispatch__(self, func, types, args=(), kwargs=None):
        result = func(*args, **(kwargs or {}))
        if isinstance(result, torch.Tensor) and result.dtype == torch.float64:
            self.entries = max(self.entries, result.numel())
        return result


def test_large_planes_are_never_copied_to_float64():
    generator = torch.Generator().manual_seed(0)
    origin, basis = torch.randn(3_000_001, generator=generator), torch.randn(2, 3_000_001, generator=generator)
    with LargestDouble() as seen:
        plane = Plane(origin, basis)
        coords, offset = plane.coordinates(plane.at([0.5, -2.0])), plane.offset(origin)
    assert 0 < seen.entries <= 2**20
    # theta is rounded to float32 entry by entry: independent errors of 1e-7, averaged over 3e6 entries.
    torch.testing.assert_close(coords, torch.tensor([0.5, -2.0]), rtol=0, atol=2e-7)
    assert offset.item() == 0.0


def test_describe_hashes_the_bytes_and_says_how_it_was_made():
    plane = plane_of(3)
    plain = hashlib.sha256(plane.origin.numpy().tobytes() + plane.basis.numpy().tobytes()).hexdigest()
    assert plane.describe()["sha256"] == plain
    assert plane.describe()["made"] == {"kind": "tensors"}
    assert len(plane.to(dtype=torch.bfloat16).describe()["sha256"]) == 64
    made = Plane(plane.origin, plane.basis, made={"kind": "mine", "seeds": (1, 2)})
    assert made.to(dtype=torch.float32).made == {"kind": "mine", "seeds": [1, 2]}
    assert explorer.directions.axes(neuron().objective, "w", "b").describe()["made"] == {"kind": "axes"}


@pytest.mark.parametrize("made", [{"tensor": O}, {"residual": float("nan")}], ids=["tensor", "nan"])
def test_made_is_json(made):
    with pytest.raises(ValueError, match="JSON-ready"):
        Plane(O, I[:2], made=made)


def test_more_than_two_directions_go_on_in_greek():
    assert Plane(O, I).labels == ("alpha", "beta", "gamma")
