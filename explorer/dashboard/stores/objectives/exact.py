"""Exact: loss, terms, metrics and gradient at one point of a store's plane, by the objective that made it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.dashboard.stores.folder import Opened
from explorer.dashboard.stores.objectives.trust import Trust, UnloadableError, source_of
from explorer.errors import ExplorerError
from explorer.landscape import nested
from explorer.objective import Objective
from explorer.objective.derivatives import gradients_of
from explorer.plane import Plane


@dataclass(frozen=True, eq=False)
class Ready:
    """An objective with the planes of its store."""

    objective: Objective
    origin: Tensor
    """[P]."""
    bases: Tensor
    """[S, K, P]."""

    def plane(self, number: int) -> Plane:
        """Return the plane of a seed by its number."""
        basis = self.bases[number]
        return Plane(self.origin, basis, tuple(f"axis {axis}" for axis in range(len(basis))))


def loaded(opened: Opened, trust: Trust) -> Ready:
    """Return the objective that made a store, on the CPU and in the store's dtype.

    Raises:
        UnloadableError: it cannot or may not be loaded, or is not the one that made the store.
    """
    try:
        dtype = _dtype(opened.attrs)
        objective = source_of(opened.attrs, trust).load().to(device="cpu", dtype=dtype)
        _refuse_other(opened, objective.describe())
        origin, bases = (torch.from_numpy(opened.store.tensor(name)).to(dtype) for name in ("origin", "basis"))
        return Ready(objective, origin, bases if bases.dim() == 3 else bases[None])
    except UnloadableError:
        raise
    except (ExplorerError, ValueError, RuntimeError, TypeError, KeyError, OSError) as error:
        raise UnloadableError(f"the objective does not fit this store: {error}"[:300]) from error


def _dtype(attrs: Mapping[str, Any]) -> torch.dtype:
    dtype = getattr(torch, str(attrs.get("dtype")), None)
    if not isinstance(dtype, torch.dtype) or not dtype.is_floating_point:
        raise UnloadableError("this store does not say in which dtype it was computed")
    return dtype


def _refuse_other(opened: Opened, own: Mapping[str, Any]) -> None:
    """Compare what was measured then with what would be measured now.

    Raises:
        UnloadableError: naming what differs.
    """
    attrs, rest = opened.attrs, own.get("rest_sha256")
    then = {
        "its parameters (SHA-256 of theta)": (attrs.get("theta_sha256"), own["theta_sha256"]),
        "its buffers and other parameters": (opened.store.spec.get("rest_sha256", rest), rest),
        "its data": (nested(attrs, "data", dict), json.loads(json.dumps(own.get("data", {})))),
        "its loss": (attrs.get("loss_name"), own["loss"]),
    }
    other = [name for name, (stored, now) in then.items() if stored != now]
    if other:
        raise UnloadableError(
            f"the function that the store names makes another objective today: {', '.join(other)} differ. What is "
            "shown is read off the sweep"
        )


def exact(ready: Ready, number: int, at: tuple[float, ...]) -> dict[str, Any]:
    """Return loss, terms, metrics and gradient at a point, by autograd, one block of the data at a time.

    Args:
        ready: the objective and its planes.
        number: of the plane.
        at: coordinates [K].

    Returns:
        "values" (name -> float: loss, terms, metrics), "gradient" [K] per unit of each coordinate, "coordinates" [K]
        of its projection onto the plane, "in_plane" and "norm", the lengths of that projection and of the whole.
    """
    objective, plane = ready.objective, ready.plane(number)
    theta = plane.at(at).requires_grad_()
    values: dict[str, float] = {}
    gradient = torch.zeros_like(theta)
    for part in objective.parts():
        outcome = part.measure(theta)
        loss = objective.combine(outcome.terms)
        gradient += part.share * gradients_of(loss, theta)
        _add(values, part.share, {"loss": loss, **_several(outcome.terms), **outcome.metrics})
    for part in objective.test_parts():
        with torch.no_grad():
            _add(values, part.share, part.measure(theta.detach()).metrics)
    return {"values": values, **projected(plane.basis, gradient)}


def projected(basis: Tensor, gradient: Tensor) -> dict[str, Any]:
    """Return how a gradient [P] lies to the span of a basis [K, P], whether that is orthonormal or not.

    Its projection is c @ basis with G c = basis @ gradient, G = basis @ basis^T; its squared length is c^T G c.
    """
    rows = basis.double()
    along = rows @ gradient.double()
    coordinates = torch.linalg.solve(rows @ rows.T, along)
    return {
        "gradient": along.tolist(),
        "coordinates": coordinates.tolist(),
        "in_plane": float((coordinates @ along).clamp_min(0).sqrt()),
        "norm": float(torch.linalg.vector_norm(gradient.double())),
    }


def _several(terms: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """A plain loss is its only term."""
    return terms if len(terms) > 1 else {}


def _add(values: dict[str, float], share: float, found: Mapping[str, Tensor]) -> None:
    for name, value in found.items():
        values[name] = values.get(name, 0.0) + share * float(value.detach())
