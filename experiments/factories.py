"""Factories: all functions that a store may ask a server to call. Each returns an Objective, from plain keywords."""

from collections.abc import Callable

from experiments import digits, edge_of_stability, skip_connections
from explorer import Objective

FACTORIES: dict[str, Callable[..., Objective]] = {
    "digits": digits.objective,
    "edge_of_stability": edge_of_stability.objective,
    "skip_connections": skip_connections.objective,
}
