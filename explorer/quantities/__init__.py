"""What can be measured at a point of a plane. One file and one line of `built_in` add a quantity."""

from explorer.quantities.built_in import BUILT_IN
from explorer.quantities.quantity import Dims, Fields, Footprint, Quantity, Summed, Whole
from explorer.quantities.wanted import Asked, Wanted, read_quantities

__all__ = [
    "BUILT_IN",
    "Asked",
    "Dims",
    "Fields",
    "Footprint",
    "Quantity",
    "Summed",
    "Wanted",
    "Whole",
    "read_quantities",
]
