"""Refining: which points of a grid to evaluate so that the others can be interpolated within a tolerance, checked."""

from explorer.sweeps.refining.lockstep import refined, start_size, visiting_order
from explorer.sweeps.refining.refinement import Refined, refining

__all__ = ["Refined", "refined", "refining", "start_size", "visiting_order"]
