import pytest
import torch

from explorer.directions import between, through


def thetas(count, seed=0, dtype=torch.float64):
    return list(torch.randn(count, 50, generator=torch.Generator().manual_seed(seed), dtype=dtype))


def test_between_has_a_at_0_and_b_at_1():
    a, b = thetas(2)
    line = between(a, b)
    assert line.labels == ("alpha",)
    assert torch.equal(line.at([0.0]), a)
    # b - a and a + (b - a) are each rounded once.
    torch.testing.assert_close(line.at([1.0]), b, rtol=0, atol=1e-15)
    assert line.made["kind"] == "between"
    assert line.made["points"] == {"a": [0.0], "b": [1.0]}
    assert line.made["distance"] == pytest.approx(float((b - a).norm()), rel=1e-14)


@pytest.mark.parametrize(("dtype", "close"), [(torch.float64, 1e-14), (torch.float32, 3e-6)])
def test_through_holds_all_three_and_keeps_shapes(dtype, close):
    a, b, c = thetas(3, dtype=dtype)
    plane = through(a, b, c)
    for name, theta in {"a": a, "b": b, "c": c}.items():
        # Entries of order 1, rounded a few times; coordinates of order 1 likewise.
        at = torch.tensor(plane.made["points"][name], dtype=dtype)
        torch.testing.assert_close(plane.at(at), theta, rtol=0, atol=close)
        torch.testing.assert_close(plane.coordinates(theta), at, rtol=0, atol=close)
    described = plane.describe()
    assert described["norms"] == pytest.approx([float((b - a).norm())] * 2, rel=close)
    assert abs(described["cosines"][0]) < close


def test_distances_on_the_picture_are_distances_between_thetas():
    a, b, c = thetas(3, seed=4)
    points = {name: torch.tensor(at, dtype=torch.float64) for name, at in through(a, b, c).made["points"].items()}
    unit = (b - a).norm()
    for (left, p), (right, q) in [(("b", b), ("c", c)), (("a", a), ("c", c)), (("a", a), ("b", b))]:
        # Three roundings of numbers of order 1.
        torch.testing.assert_close((points[left] - points[right]).norm() * unit, (p - q).norm(), rtol=1e-14, atol=0)


def test_right_angles_hold_where_c_is_close_to_the_line():
    a, b, c = thetas(3, dtype=torch.float32)
    plane = through(a, b, a + 0.5 * (b - a) + 1e-4 * (c - a))
    # Taken away once, the rounding of c - a, 6e-8, would be 6e-4 of what is left.
    assert abs(plane.describe()["cosines"][0]) < 1e-6


def test_c_is_never_below():
    a, b, c = thetas(3, seed=2)
    for first, second in ((a, b), (b, a)):
        plane = through(first, second, c)
        along, beside = plane.made["points"]["c"]
        # c's distance from the line through the other two, in units of theirs from each other.
        across = second - first
        away = c - first - (c - first) @ across / (across @ across) * across
        assert beside == pytest.approx(float(away.norm() / across.norm()), rel=1e-12)
        torch.testing.assert_close(plane.at([along, beside]), c, rtol=0, atol=1e-12)


def test_equal_thetas_are_refused():
    a, b, _ = thetas(3)
    with pytest.raises(ValueError, match="two of them are equal"):
        between(a, a.clone())
    for three in ((a, a, b), (a, b, a), (b, a, a)):
        with pytest.raises(ValueError, match="two of them are equal"):
            through(*three)


def test_three_on_one_line_are_refused():
    a, b, _ = thetas(3)
    with pytest.raises(ValueError, match=r"one line: use between\(a, b\)"):
        through(a, b, a + 0.3 * (b - a))


def test_what_does_not_fit_is_refused():
    a, b, _ = thetas(3)
    for other in (b[:-1], b.float(), b[None]):
        with pytest.raises(ValueError, match="one length, dtype and device"):
            between(a, other)
