"""Contrast: text at least 4.5:1, marks at least 3:1, in light and dark and on both ends of viridis (WCAG 2.2)."""

import re

import pytest

from tests.support.page.contrast import CSS, VIRIDIS, contrast

LIGHT, DARK = re.findall(r":root(?:\[data-theme=\"dark\"\])? \{(.*?)\}", CSS, re.DOTALL)[:2]
THEMES = {"light": LIGHT, "dark": DARK}


def variable(theme: str, name: str) -> str:
    found = re.search(rf"--{name}: (#[0-9a-f]{{6}});", THEMES[theme])
    assert found, f"--{name} is missing in {theme}"
    return found.group(1)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["text", "muted", "good", "bad", "loss-1", "loss-2", "loss-3", "loss-4"])
def test_text(theme: str, name: str) -> None:
    assert contrast(variable(theme, name), variable(theme, "card")) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("name", ["fit", "residual", "dot", "chosen", "accent"])
def test_marks(theme: str, name: str) -> None:
    assert contrast(variable(theme, name), variable(theme, "card")) >= 3


@pytest.mark.parametrize("theme", THEMES)
def test_buttons_and_warnings(theme: str) -> None:
    assert contrast(variable(theme, "on-accent"), variable(theme, "accent")) >= 4.5
    assert contrast(variable(theme, "warn-text"), variable(theme, "warn")) >= 4.5


@pytest.mark.parametrize("mark", ["downhill", "uphill", "pull", "guess", "path"])
def test_a_mark_on_the_map_stands_out_at_both_ends(mark: str) -> None:
    """A light core is seen on purple, its dark casing on yellow; core against casing everywhere."""
    core = re.search(rf"path\.{mark} \{{ stroke: (#[0-9a-f]{{6}})", CSS)
    casing = re.search(rf"path\.casing\.{mark} \{{ stroke: (#[0-9a-f]{{6}})", CSS)
    assert core
    assert casing
    assert contrast(core.group(1), VIRIDIS[0]) >= 3
    assert contrast(casing.group(1), VIRIDIS[1]) >= 3
    assert contrast(core.group(1), casing.group(1)) >= 3
