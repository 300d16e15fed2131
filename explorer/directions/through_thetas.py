"""The line through two checkpoints, and the plane through three."""

import math
from collections.abc import Mapping

import torch
from torch import Tensor, nn

from explorer.checkpoints import Checkpoint, own_checkpoint
from explorer.checkpoints.checkpoint import Source, checkpoint_in
from explorer.checkpoints.trajectory import PARTS
from explorer.numerics.gram import inner_products
from explorer.objective import Objective
from explorer.objective.parameters import layout_of
from explorer.plane import Plane
from explorer.signature import checked_but

_LEAST_SINE = 1e-6
"""Below this sine of the angle at `a` three thetas are taken to lie on one line."""


@checked_but("a", "b", "objective")
def between(a: Source, b: Source, objective: Objective | None = None, *, key: str | None = None) -> Plane:
    """Return the line from a, at 0, to b, at 1. Both travel with it as checkpoints of these names.

    Args:
        a, b: thetas [P], modules, state dicts, or files or folders of weights.
        objective: whose model they are of; needed where there is a state dict or a file, and no module.
        key: which of several sets of weights in a file, as of `read_checkpoint`.

    Raises:
        ValueError: the two are the same, do not fit each other, or there is no model to read them by.
        CheckpointError: one of them is no checkpoint of the model.
        TypeError: the objective is none.
    """
    ends = _ends({"a": a, "b": b}, objective, key)
    start, end = (each.theta for each in ends.values())
    points = {"a": [0.0], "b": [1.0]}
    made = {"kind": "between", "points": points, "distance": _length(end - start)}
    return Plane(start, (end - start)[None], made=made, ends=ends)


@checked_but("a", "b", "c", "objective")
def through(a: Source, b: Source, c: Source, objective: Objective | None = None, *, key: str | None = None) -> Plane:
    """Return the plane through three checkpoints: a at (0, 0), b at (1, 0), c above or below that line.

    Both basis vectors are as long as b - a and at right angles (as in Garipov et al. 2018, whose coordinates are
    multiplied by that length): a picture of equal aspect shows true angles and ratios of distances, in units of the
    distance from a to b. Where each of the three lies is in made["points"].

    Args:
        a, b, c, objective, key: as of `between`.

    Raises:
        ValueError: two are the same, the three lie on one line, do not fit each other, or there is no model to read
            them by.
        CheckpointError: one of them is no checkpoint of the model.
        TypeError: the objective is none.
    """
    ends = _ends({"a": a, "b": b, "c": c}, objective, key)
    start, second, third = (each.theta for each in ends.values())
    along, across = second - start, third - start
    size, reach = _length(along), _length(across)
    foot = 0.0
    # Twice, because what is left after the first time still holds the rounding of the part taken away.
    for _ in range(2):
        share = _dot(across, along) / size**2
        foot, across = foot + share, across - share * along
    height = _length(across)
    if height <= _LEAST_SINE * reach:
        raise ValueError("expected three thetas that span a plane; these lie on one line: use between(a, b)")
    points = {"a": [0.0, 0.0], "b": [1.0, 0.0], "c": [foot, height / size]}
    basis = torch.stack([along, across * (size / height)])
    return Plane(start, basis, made={"kind": "through", "points": points, "distance": size}, ends=ends)


def _ends(sources: Mapping[str, Source], objective: Objective | None, key: str | None) -> dict[str, Checkpoint]:
    if not (objective is None or isinstance(objective, Objective)):
        raise TypeError(f"expected the objective after {', '.join(sources)}; got {type(objective).__name__}")
    if objective is not None:
        ends = {name: own_checkpoint(objective, each, key=key) for name, each in sources.items()}
    elif all(isinstance(each, Tensor) for each in sources.values()):
        ends = {name: Checkpoint(each, {}) for name, each in sources.items() if isinstance(each, Tensor)}
    else:
        ends = _by_module(sources, key)
    _check(*(each.theta for each in ends.values()))
    return ends


def _by_module(sources: Mapping[str, Source], key: str | None) -> dict[str, Checkpoint]:
    model = next((each for each in sources.values() if isinstance(each, nn.Module)), None)
    if model is None:
        raise ValueError("expected objective= where there are state dicts or files, and no module: it has the names")
    layout = layout_of(model)
    like = layout.flatten(dict(model.named_parameters()))
    return {name: checkpoint_in(each, model, layout, like, key=key) for name, each in sources.items()}


def _check(*thetas: Tensor) -> None:
    first = thetas[0]
    for each in thetas:
        if each.dim() != 1 or (each.shape, each.dtype, each.device) != (first.shape, first.dtype, first.device):
            found = ", ".join(f"{tuple(theta.shape)} {theta.dtype} on {theta.device}" for theta in thetas)
            raise ValueError(f"expected thetas [P] of one length, dtype and device; got {found}")
        if not each.is_floating_point():
            raise ValueError(
                f"expected thetas [P], floating point; got {each.dtype}" + f": {PARTS}" * each.is_complex()
            )
    for i, each in enumerate(thetas):
        if any(torch.equal(each, other) for other in thetas[:i]):
            raise ValueError("expected different thetas; two of them are equal")


def _dot(left: Tensor, right: Tensor) -> float:
    return inner_products(left[None], right[None]).item()


def _length(vector: Tensor) -> float:
    return math.sqrt(_dot(vector, vector))
