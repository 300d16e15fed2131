"""The objective: theta -> scalar, from a model, a loss and data, evaluated block by block."""

from explorer.objective.objective import Objective, remade

__all__ = ["Objective", "remade"]
