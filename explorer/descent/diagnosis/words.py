"""Wording: places as a sentence says them."""

from torch import Tensor

from explorer.numerics.text import typeset
from explorer.objective import Objective

_FEW = 3
"""So many parameters can be read in a sentence."""


def place(objective: Objective, theta: Tensor) -> str:
    """Write where theta [P] is, for example "(w, b) = (0.896, 0.203)"; "theta" where it has too many entries."""
    shapes = objective.layout.shapes
    if len(theta) > _FEW or len(shapes) < len(theta):
        return "theta"
    values = ", ".join(typeset(value) for value in theta.tolist())
    return f"({', '.join(shapes)}) = ({values})" if len(theta) > 1 else f"{next(iter(shapes))} = {values}"
