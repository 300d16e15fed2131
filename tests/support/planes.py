"""Planes for tests that need any."""

import torch

from explorer import Objective, Plane


def random_plane(objective: Objective, seed: int = 0, *, directions: int = 2) -> Plane:
    """A plane through the model's own theta, along standard normal directions that are the same in every type."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.randn(directions, objective.layout.size, generator=generator, dtype=torch.float64)
    return Plane(objective.theta, basis.to(objective.dtype), labels=("alpha", "beta", "gamma")[:directions])
