"""Executors: points measured by other threads, processes or machines."""

from explorer.sweeps.executors.admitted import refuse_unfit_executor
from explorer.sweeps.executors.crews import AnyExecutor, on
from explorer.sweeps.executors.recipe import Recipe, SweepRecipe

__all__ = ["AnyExecutor", "Recipe", "SweepRecipe", "on", "refuse_unfit_executor"]
