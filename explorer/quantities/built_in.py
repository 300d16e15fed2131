"""The quantities that are known by name."""

from explorer.quantities.curvature import CURVATURE
from explorer.quantities.quantity import Summed, Whole
from explorer.quantities.term_gradients import TERM_GRADIENTS
from explorer.quantities.values import GRADIENT, GRADIENT_NORM, LOSS, TERMS, Value

BUILT_IN: dict[str, Value | Summed | Whole] = {
    quantity.name: quantity for quantity in (LOSS, TERMS, GRADIENT, TERM_GRADIENTS, GRADIENT_NORM, CURVATURE)
}
"""Name -> quantity, in the order in which they stand in a landscape."""
