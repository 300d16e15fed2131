"""Landscape -> plotly figure: pure functions, one kind a file."""

from explorer.figures.basins import basin
from explorer.figures.comparison import compare
from explorer.figures.contours import contour
from explorer.figures.dendrogram import merge_tree
from explorer.figures.heatmaps import heatmap
from explorer.figures.levels import contour_levels, contour_lines
from explorer.figures.lines import line
from explorer.figures.paths import path
from explorer.figures.persistence import barcode
from explorer.figures.scale import ColorScale, color_scale
from explorer.figures.stability import sharpness
from explorer.figures.surfaces import surface
from explorer.figures.watershed import minima

__all__ = [
    "ColorScale",
    "barcode",
    "basin",
    "color_scale",
    "compare",
    "contour",
    "contour_levels",
    "contour_lines",
    "heatmap",
    "line",
    "merge_tree",
    "minima",
    "path",
    "sharpness",
    "surface",
]
