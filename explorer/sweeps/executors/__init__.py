"""Executors: points measured by other threads, processes or machines."""

from explorer.sweeps.executors.admitted import AnyExecutor, refuse_unfit_executor, workers_of
from explorer.sweeps.executors.crews import on
from explorer.sweeps.executors.recipe import Recipe, SweepRecipe

__all__ = ["AnyExecutor", "Recipe", "SweepRecipe", "on", "refuse_unfit_executor", "workers_of"]
