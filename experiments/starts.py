"""Where to begin looking for minima of the tanh neuron: steps of every kind, in every place.

Inputs are scaled to [-1, 1] beforehand. A minimum is either gentle (the curve passes through the data) or a steep
step that one or two inputs see in the middle, so the starts are a grid of gentle curves, the curves through every
pair of targets, and steps through every gap between neighboring inputs.
"""

import torch
from torch import Tensor

_STEEPNESS = (0.3, 1.0, 3.0, 8.0)
_CENTERS = (-1.5, -1.0, -0.6, -0.3, 0.0, 0.3, 0.6, 1.0, 1.5)
_CONSTANTS = (-2.0, -0.7, 0.0, 0.7, 2.0)
# |z| at the two sides of a gap.
_CROSSING = (0.3, 1.0, 2.0, 4.0)
_CLIP = 0.97


def curve_through(u: Tensor, z: Tensor) -> Tensor:
    """Return the (w, b) [S, 2] with w u + b = z at two inputs each; u and z are [S, 2], the inputs distinct."""
    w = (z[:, 1] - z[:, 0]) / (u[:, 1] - u[:, 0])
    return torch.stack((w, z[:, 0] - w * u[:, 0]), dim=1)


def gentle_curves() -> Tensor:
    """Return steps of every steepness and center, both ways round, and the constants [S, 2]."""
    w = torch.tensor(_STEEPNESS, dtype=torch.float64)
    steps = torch.cartesian_prod(torch.cat((w, -w)), torch.tensor(_CENTERS, dtype=torch.float64))
    constants = torch.tensor([(0.0, b) for b in _CONSTANTS], dtype=torch.float64)
    return torch.cat((torch.stack((steps[:, 0], -steps[:, 0] * steps[:, 1]), dim=1), constants))


def pairs_apart(u: Tensor) -> Tensor:
    """Return the index pairs [Q, 2] of data points whose inputs u [D] differ."""
    pairs = torch.triu_indices(len(u), len(u), offset=1).T
    return pairs[u[pairs[:, 0]] != u[pairs[:, 1]]]


def curves_through_pairs(u: Tensor, y: Tensor) -> Tensor:
    """Return the curves through every pair of data points [S, 2], targets moved inside (-1, 1) first."""
    pairs = pairs_apart(u)
    return curve_through(u[pairs], torch.atanh(y.clamp(-_CLIP, _CLIP))[pairs])


def steps_in_gaps(u: Tensor) -> Tensor:
    """Return steps between neighboring distinct inputs [S, 2], symmetric and lopsided."""
    places = torch.unique(u)
    gaps = torch.stack((places[:-1], places[1:]), dim=1)
    sizes = torch.tensor(_CROSSING, dtype=torch.float64)
    rising = torch.cartesian_prod(-sizes, sizes)
    crossings = torch.cat((rising, -rising))
    return curve_through(gaps.repeat_interleave(len(crossings), dim=0), crossings.repeat(len(gaps), 1))


def starts(u: Tensor, y: Tensor) -> Tensor:
    """Return the parameter vectors [S, 2] to descend from, for inputs u [D] in [-1, 1] and targets y [D]."""
    return torch.cat((gentle_curves(), curves_through_pairs(u, y), steps_in_gaps(u)))
