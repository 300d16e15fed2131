"""Wording: numbers and places as a sentence says them."""

from torch import Tensor

from explorer.objective import Objective

_RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FEW = 3
"""So many parameters can be read in a sentence."""


def number(value: float) -> str:
    """Write a number with three significant digits and a true minus sign: 0.2, −1.5, 4.33 × 10⁻⁵."""
    digits, marker, power = f"{value:.3g}".partition("e")
    scale = f" × 10{str(int(power)).translate(_RAISED)}" if marker else ""
    return digits.replace("-", "−") + scale


def place(objective: Objective, theta: Tensor) -> str:
    """Write where theta [P] is, for example "(w, b) = (0.896, 0.203)"; "theta" where it has too many entries."""
    shapes = objective.layout.shapes
    if len(theta) > _FEW or len(shapes) < len(theta):
        return "theta"
    values = ", ".join(number(value) for value in theta.tolist())
    return f"({', '.join(shapes)}) = ({values})" if len(theta) > 1 else f"{next(iter(shapes))} = {values}"
