"""Scattering: points that lie all over a grid, the same ones every time."""

from collections.abc import Iterator

import numpy as np

_ROOTS = {1: 1.618033988749895, 2: 1.324717957244746}
"""Of x^(K+1) = x + 1: the generalized golden ratios."""


def scattered_positions(shape: tuple[int, ...]) -> Iterator[int]:
    """Yield flat positions of a line or plane that fill it more evenly than random ones, without end.

    The additive recurrence R_K of Roberts (2018), "The Unreasonable Effectiveness of Quasirandom Sequences": u_n =
    n * (g^-1, ..., g^-K) mod 1, begun in the middle.
    """
    steps = _ROOTS[len(shape)] ** -np.arange(1.0, len(shape) + 1)
    place = np.full(len(shape), 0.5)
    while True:
        place = (place + steps) % 1.0
        yield int(np.ravel_multi_index((place * shape).astype(np.int64).tolist(), shape))
