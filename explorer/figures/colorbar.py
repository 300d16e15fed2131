"""The colour bar: positions along it are those of the scale, its labels are in loss units."""

from typing import Any

from explorer.figures.levels import contour_levels
from explorer.figures.scale import ColorScale, Kind, color_scale
from explorer.figures.theme import COLORS, plain
from explorer.numerics.text import number

Choice = ColorScale | Kind | str

_CLEAR = 0.05
"""Share of the bar that keeps the labels of its ends apart from the others."""


def chosen_scale(values: Any, scale: Choice) -> ColorScale:
    """Return `scale` itself, or the one that "auto", "log" or "linear" means for the values.

    Raises:
        ValueError: another word, or values that cannot be drawn on such a scale.
    """
    if isinstance(scale, ColorScale):
        return scale
    if scale not in ("auto", "log", "linear"):
        raise ValueError(f'expected scale "auto", "log", "linear" or a ColorScale; got {scale!r}')
    return color_scale(values, scale)  # type: ignore[arg-type]  # checked above


def color_axis(scale: ColorScale, name: str) -> dict[str, Any]:
    """Return plotly's colour axis: range, colours, and a bar whose title states scale, floor and holes."""
    low, high = float(scale.position(scale.low)), float(scale.position(scale.high))
    apart = [level for level in contour_levels(scale, 6) if _CLEAR < float(scale.normalize(level)) < 1 - _CLEAR]
    levels = [scale.low, *apart, scale.high]
    bar = {
        "title": {"text": _title(scale, name), "side": "right"},
        "tickvals": [float(scale.position(level)) for level in levels],
        "ticktext": [number(level) for level in levels],
        "outlinewidth": 0,
    }
    # plotly wants a range of some width, even where all values are one.
    return {"colorscale": COLORS, "cmin": low, "cmax": high if high > low else low + 1.0, "colorbar": bar}


def _title(scale: ColorScale, name: str) -> str:
    name = plain(name)
    parts = [f"{name}, log scale", f"floor {scale.floor:.1e}"] if scale.kind == "log" else [name]
    if scale.holes:
        parts.append(f"{scale.holes} points not finite")
    return " · ".join(parts)
