"""Planes along random directions."""

from collections.abc import Sequence
from typing import Literal

import torch
from torch import Tensor

from explorer.directions.filters import by_filter
from explorer.directions.parameter_roles import Role, role_of
from explorer.directions.skipped_parameters import skipped
from explorer.errors import ObjectiveError
from explorer.numerics.seeds import generator
from explorer.objective import Objective
from explorer.plane import Plane
from explorer.signature import checked

Normalize = Literal["filter", "layer", "weight", "dfilter", "dlayer"] | None

_NORMALIZE = ("filter", "layer", "weight", "dfilter", "dlayer", None)


@checked
def gaussian(
    objective: Objective,
    count: int = 2,
    seed: int = 0,
    normalize: Normalize = "filter",
    skip: Sequence[str] = ("bias", "norm"),
) -> Plane:
    """Return the plane through objective.theta along independent Gaussian directions (Li et al. 2018).

    A seed gives the same directions on every device and in every dtype, up to rounding, and the first direction does
    not depend on their number. They are nearly, not exactly, orthogonal: lengths and cosines are in `Plane.describe()`.

    Args:
        objective: whose theta is the origin.
        count: K, how many directions.
        seed: of the draw; every value counts, 0 too.
        normalize: what sets the length of a direction d beside the weights w. "filter": each filter of d gets the
            length of that filter of w (see `by_filter`), so a zero filter does not move; "layer": the same for each
            parameter as a whole; "weight": d times w, entry by entry; "dfilter", "dlayer": filters or parameters of
            unit length; None: as drawn.
        skip: kinds of parameters that the direction leaves alone (`skipped_parameters.SKIPS`).

    Raises:
        ObjectiveError: nothing is left to move.
        ValueError: a count, way to normalize or kind to skip that does not exist.
    """
    if count < 1 or normalize not in _NORMALIZE:
        raise ValueError(f"expected count >= 1 and normalize among {_NORMALIZE}; got {count!r} and {normalize!r}")
    still = skipped(objective, skip)
    if len(still) == len(objective.layout.shapes):
        raise ObjectiveError(
            f"expected parameters to move along; skip={tuple(skip)} leaves out all {len(still)} of them "
            f"({', '.join(still[:4])}): pass skip=()"
        )
    drawing = generator(seed)
    theta = objective.theta
    basis = theta.new_zeros(count, len(theta))
    for row in basis:
        _draw_into(row, objective, theta, drawing, normalize, still)
    if not basis.any(dim=1).all():
        raise ObjectiveError(
            f'normalize="{normalize}" makes directions as long as the weights, and these are all zero: pass '
            'normalize=None or "dfilter"'
        )
    made = {"kind": "gaussian", "seed": int(seed), "normalize": normalize, "skip": list(skip), "skipped": still}
    return Plane(theta, basis, made=made)


def _draw_into(
    row: Tensor,
    objective: Objective,
    theta: Tensor,
    drawing: torch.Generator,
    normalize: Normalize,
    still: Sequence[str],
) -> None:
    """Draw one direction [P], parameter by parameter, into `row`, which is zero."""
    weights, pieces = objective.layout.pieces(theta), objective.layout.pieces(row)
    for name, weight in weights.items():
        # Drawn for those that stay as well, so that `skip` does not change the others.
        drawn = torch.randn(weight.shape, generator=drawing, dtype=torch.float64)
        if name not in still:
            pieces[name].copy_(_normalized(drawn, weight.cpu().double(), role_of(objective, name), normalize))


def _normalized(drawn: Tensor, weight: Tensor, role: Role, normalize: Normalize) -> Tensor:
    if normalize is None:
        return drawn
    if normalize == "weight":
        return drawn * weight
    whole = normalize in ("layer", "dlayer")
    pieces, like = (each.reshape(1, 1, -1) if whole else by_filter(each, role) for each in (drawn, weight))
    # The pieces are a view: scaling them scales what was drawn.
    pieces *= (1.0 if normalize.startswith("d") else _lengths(like)) / _lengths(pieces)
    return drawn


def _lengths(pieces: Tensor) -> Tensor:
    rest = tuple(range(2, pieces.dim()))
    lengths: Tensor = torch.linalg.vector_norm(pieces, dim=rest, keepdim=True) if rest else pieces.abs()
    return lengths
