"""Fields: what was measured at the points of a chunk, by name, each [N, ...]."""

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from explorer.quantities import Fields

Measure = Callable[[Tensor], Fields]
"""coords [N, K] -> name -> field [N, ...]."""


def joined(pieces: Sequence[Fields]) -> Fields:
    """Return the fields of all points from those of several pieces, in order."""
    if len(pieces) == 1:
        return pieces[0]
    return {name: torch.cat([piece[name] for piece in pieces]) for name in pieces[0]}


__all__ = ["Fields", "Measure", "joined"]
