"""Verification: whether a rewritten evaluation yields what the model's own code yields, at a few points."""

import torch
from torch import Tensor

from explorer.numerics.rounding import eps_of
from explorer.plane import Plane
from explorer.quantities import BUILT_IN
from explorer.sweeps.evaluation.fields import Fields, Measure

_PLACES = ((0.37, -0.61, 0.23, -0.41), (-0.83, 0.29, -0.53, 0.71))
"""Coordinates that no symmetry of a model makes special."""
_SCALES = (1.0, 1e-2)
_ROUNDINGS = 2048
"""Of the largest value, that sums in another order may differ by: the square root of a few million terms."""
_COARSE = 0.02
"""Never more than this: the rounding of TF32 is 5e-4."""


def agrees(measure: Measure, reference: Measure, plane: Plane, samples: int, rounding: float) -> bool:
    """Return whether two ways to measure agree at two points of a plane, up to rounding; where nothing is finite there,
    at two points near its center as well.

    Args:
        measure, reference: coords -> fields.
        plane: whose points.
        samples: of the data; a share of right answers may differ by a few of them.
        rounding: of the objective.
    """
    coords = torch.tensor(_PLACES).repeat(1, -(-len(plane.basis) // len(_PLACES[0])))[:, : len(plane.basis)]
    for scale in _SCALES:
        found, expected = (each(scale * coords.to(plane.origin)) for each in (measure, reference))
        if not _agree(found, expected, samples, rounding):
            return False
        if all(bool(value.isfinite().any()) for value in expected.values()):
            break
    return True


def _agree(found: Fields, expected: Fields, samples: int, rounding: float) -> bool:
    # Metrics may count samples.
    return found.keys() == expected.keys() and all(
        _close(
            found[name],
            value,
            min(_ROUNDINGS * max(eps_of(value), rounding), _COARSE),
            0.0 if name in BUILT_IN else 4 / samples,
        )
        for name, value in expected.items()
    )


def _close(found: Tensor, expected: Tensor, share: float, least: float) -> bool:
    finite = expected.isfinite()
    if not torch.equal(found.isfinite(), finite) or not _same(found[~finite], expected[~finite]):
        return False
    apart = torch.nan_to_num(found - expected, nan=0.0, posinf=0.0, neginf=0.0).abs().max()
    scale = torch.nan_to_num(expected, nan=0.0, posinf=0.0, neginf=0.0).abs().max()
    return bool(apart <= share * scale + least)


def _same(found: Tensor, expected: Tensor) -> bool:
    return torch.allclose(found, expected, rtol=0.0, atol=0.0, equal_nan=True)
