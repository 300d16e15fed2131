"""Contrast of two colors (WCAG 2.2), and the page's colors."""

from pathlib import Path

import explorer.dashboard

CSS = (Path(explorer.dashboard.__file__).parent / "assets" / "common" / "style.css").read_text()
VIRIDIS = ("#440154", "#fde725")
"""Both ends of the map's color scale."""


def luminance(color: str) -> float:
    """Relative luminance, WCAG 2.2."""
    parts = [int(color[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """From 1, no difference, to 21, black on white."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)
