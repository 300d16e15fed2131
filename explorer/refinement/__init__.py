"""Refinement: which points of a grid to evaluate so that the others can be interpolated within a tolerance, checked."""

from explorer.refinement.one_plane import Refined, refining
from explorer.refinement.several_planes import refined, start_size

__all__ = ["Refined", "refined", "refining", "start_size"]
