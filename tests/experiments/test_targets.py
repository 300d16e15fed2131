"""The lesson's target sets: their data, windows and names."""

import pytest
import torch

from experiments.targets import TARGETS

FEATURED = ["two_points", "sloped_line", "outliers", "mirror", "step_labels", "noisy"]


def test_six_sets_are_featured_and_come_first():
    assert [name for name, target in TARGETS.items() if target.featured] == FEATURED
    assert list(TARGETS)[:6] == FEATURED
    assert len(TARGETS) == 13


@pytest.mark.parametrize("name", TARGETS)
def test_each_set_is_complete(name):
    target = TARGETS[name]
    assert target.name == name
    assert target.title
    assert target.teaches.endswith(".")
    assert target.x.dtype == target.y.dtype == torch.float64
    assert target.x.shape == target.y.shape == (len(target.x),)
    assert list(target.window) == ["w", "b"]
    assert all(low < high for low, high in target.window.values())


def test_titles_differ():
    assert len({target.title for target in TARGETS.values()}) == len(TARGETS)


def test_lines_are_what_their_titles_say():
    assert torch.equal(TARGETS["sloped_line"].y, TARGETS["sloped_line"].x)
    # Decimals such as 0.15 are rounded before and after the product: one unit in the last place.
    torch.testing.assert_close(TARGETS["gentle_line"].y, 0.4 * TARGETS["gentle_line"].x, rtol=3e-16, atol=0)
    torch.testing.assert_close(TARGETS["short_baseline"].y, 1.5 * TARGETS["short_baseline"].x, rtol=3e-16, atol=0)


def test_mirror_is_even_and_lines_are_odd():
    mirror = TARGETS["mirror"]
    assert torch.equal(mirror.x, -mirror.x.flip(0))
    assert torch.equal(mirror.y, mirror.y.flip(0))
    for name in ("sloped_line", "gentle_line", "short_baseline", "two_points_symmetric", "step_labels"):
        odd = TARGETS[name]
        assert torch.equal(odd.x, -odd.x.flip(0))
        assert torch.equal(odd.y, -odd.y.flip(0))
