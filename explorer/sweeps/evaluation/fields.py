"""Fields: what was measured at the points of a chunk, by name, each [N, ...]."""

from collections.abc import Callable
from functools import partial
from typing import Any

import torch
from torch import Tensor
from torch.func import vmap

from explorer.objective import Objective
from explorer.plane import Plane
from explorer.quantities.values import Wanted

Fields = dict[str, Tensor]
Measure = Callable[[Tensor], Fields]
"""coords [N, K] -> name -> field [N, ...]."""


def add_share(total: Fields, share: float, fields: Fields) -> None:
    """Add what one block of data says to the sum over blocks."""
    for name, value in fields.items():
        # A share of 1 changes no bit.
        value = value if share == 1.0 else value * share
        total[name] = total[name] + value if name in total else value


def finished(total: Fields, wanted: Wanted, objective: Objective) -> Fields:
    """Return what was asked for, by its name in the landscape, from the sums over all blocks."""
    fields: Fields = {name: total[name] for name in ("loss", "gradient", "curvature") if name in wanted.names}
    if "terms" in wanted.names:
        fields["terms"] = torch.stack([total[f"term {name}"] for name in objective.term_names], dim=1)
    if "gradient_norm" in wanted.names:
        fields["gradient_norm"] = torch.linalg.vector_norm(total["full gradient"], dim=1)
    if wanted.values:
        fields |= {name: total[f"metric {name}"] for name in objective.metric_names}
    return fields


def functions_of(wanted: Wanted, *, batched: bool) -> Callable[[Tensor, Plane], Fields]:
    """Return the function (coords [N, K], plane) -> the caller's own functions of theta, by name."""
    many = vmap if batched else one_by_one
    scalars = {name: many(partial(_scalar, name, function)) for name, function in wanted.functions.items()}

    def measure(coords: Tensor, plane: Plane) -> Fields:
        if not scalars:
            return {}
        thetas = plane.at(coords)
        return {name: function(thetas).detach() for name, function in scalars.items()}

    return measure


def one_by_one(f: Callable[[Tensor], Any]) -> Callable[[Tensor], Any]:
    """Return what `vmap(f)` would be, by a plain loop."""

    def many(thetas: Tensor) -> Any:
        results = [f(theta) for theta in thetas]
        if isinstance(results[0], dict):
            return {name: torch.stack([one[name] for one in results]) for name in results[0]}
        return torch.stack(results)

    return many


def _scalar(name: str, function: Callable[[Tensor], Tensor], theta: Tensor) -> Tensor:
    value = torch.as_tensor(function(theta), dtype=theta.dtype, device=theta.device)
    if value.shape != ():
        raise ValueError(f"expected {name}(theta) to be a scalar; got shape {tuple(value.shape)}")
    return value
