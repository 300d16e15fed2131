"""What can be measured at a point of a plane."""

from explorer.quantities.values import BUILT_IN, Quantity, Wanted, named_values, read_quantities, values_at

__all__ = ["BUILT_IN", "Quantity", "Wanted", "named_values", "read_quantities", "values_at"]
