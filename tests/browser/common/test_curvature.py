"""Curvature in words: a curvature is up, down or flat beside the larger one, not by its sign alone."""

import pytest
from playwright.sync_api import Page


@pytest.mark.parametrize(
    ("eigenvalues", "said"),
    [
        ((0.0, 2.0), "flat in one direction"),
        ((-2.7e-6, 2.0), "flat in one direction"),
        ((2.7e-6, 2.0), "flat in one direction"),
        ((-2.7e-6, 2e-6), "a saddle's curvature"),
        ((-0.06, 2.0), "a saddle's curvature"),
        ((-3e-5, 2.0), "a saddle's curvature"),
        ((-2.0, 1e-6), "bends down in one direction, flat in the other"),
        ((-1.5, -0.05), "bends down in every direction"),
        ((0.0, 0.0), "flat in every direction"),
        ((0.1, 2.0), ""),
    ],
)
def test_a_curvature_is_judged_beside_the_other(lesson: Page, eigenvalues: tuple[float, float], said: str) -> None:
    assert lesson.evaluate("(each) => explorer.curvature.words(each)", list(eigenvalues)) == said
