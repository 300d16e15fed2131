"""Merge trees: minima of a landscape, their basins, the passes between them, and which of all these are certain."""

from explorer.merge_trees.analysis import topology

__all__ = ["topology"]
