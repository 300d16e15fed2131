"""Verification: whether a rewritten evaluation yields what the model's own code yields, at two points."""

import torch
from torch import Tensor

from explorer.plane import Plane
from explorer.sweeps.fields import Measure

_PLACES = ((0.37, -0.61, 0.23, -0.41), (-0.83, 0.29, -0.53, 0.71))
"""Coordinates that no symmetry of a model makes special."""
_ROUNDINGS = 2048
"""Of the largest value, that sums in another order may differ by: the square root of a few million terms."""


def agrees(measure: Measure, reference: Measure, plane: Plane, samples: int) -> bool:
    """Return whether two ways to measure agree at two points of a plane, up to rounding.

    Args:
        measure, reference: coords -> fields.
        plane: whose points.
        samples: of the data; a share of right answers may differ by a few of them.
    """
    coords = torch.tensor(_PLACES).repeat(1, -(-len(plane.basis) // len(_PLACES[0])))[:, : len(plane.basis)]
    found, expected = (each(coords.to(plane.origin)) for each in (measure, reference))
    exact = ("loss", "terms", "gradient")
    return found.keys() == expected.keys() and all(
        _close(found[name], value, _ROUNDINGS * torch.finfo(value.dtype).eps, 0.0 if name in exact else 4 / samples)
        for name, value in expected.items()
    )


def _close(found: Tensor, expected: Tensor, share: float, least: float) -> bool:
    if not torch.equal(found.isfinite(), expected.isfinite()):
        return False
    apart = torch.nan_to_num(found - expected, nan=0.0, posinf=0.0, neginf=0.0).abs().max()
    scale = torch.nan_to_num(expected, nan=0.0, posinf=0.0, neginf=0.0).abs().max()
    return bool(apart <= share * scale + least)
