"""Roles: which tensor of which module a parameter is, whatever `torch.nn.utils.parametrize` calls it."""

import re
from dataclasses import dataclass

from torch import nn
from torch.nn.utils.parametrizations import _WeightNorm
from torch.nn.utils.parametrize import ParametrizationList

from explorer.objective import Objective

_ORIGINAL = re.compile(r"(?:(?P<module>.+)\.)?parametrizations\.(?P<tensor>[^.]+)\.(?P<original>original\d*)")


@dataclass(frozen=True)
class Role:
    """What a parameter is to the module that computes with it."""

    module: nn.Module
    """The layer: under a parametrization the one that is parametrized, not the list that holds the originals."""
    tensor: str
    """The layer's own name for it, such as "weight"."""
    magnitude: bool = False
    """Whether it is the g of w = g v / ||v|| (`parametrizations.weight_norm`): scales, whatever its dimensions."""

    def holds_rows(self, dimensions: int) -> bool:
        """Return whether a parameter of so many dimensions is made of rows or filters; scalars and scales are not."""
        return dimensions > 1 and not self.magnitude


def role_of(objective: Objective, name: str) -> Role:
    """Return the role of the parameter `name` of an objective's layout.

    `conv.parametrizations.weight.original` (or original1, beside the magnitude original0 of weight_norm) is the
    `weight` of `conv`. Parameters that a parametrization has of its own are tensors of that module.
    """
    holder, found = objective.owner(name), _ORIGINAL.fullmatch(name)
    if found is None or not isinstance(holder, ParametrizationList):
        return Role(holder, name.rpartition(".")[2])
    module = next(objective.modules()).get_submodule(found["module"] or "")
    scales = found["original"] == "original0" and isinstance(holder[0], _WeightNorm)
    return Role(module, found["tensor"], scales)
