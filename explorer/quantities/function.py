"""Function: a quantity that is a function of theta, of one number or, where it has dimensions of its own, of many."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.objective.batching import Many
from explorer.plane import Plane
from explorer.quantities.quantity import Dims, Footprint

Extra = Dims | Callable[[Objective, Sequence[str]], Dims]
"""Dimensions; or the function (objective, labels of the directions) -> dimensions."""


@dataclass(frozen=True, eq=False)
class Function:
    """A function theta [P] -> scalar or array, as a quantity."""

    name: str
    function: Callable[[Tensor], Any]
    """Its result is taken over as numbers of theta's dtype, on its device."""
    extra: Extra

    def dims(self, objective: Objective, labels: Sequence[str]) -> Dims:
        """Return the dimensions of its results."""
        return self.extra if isinstance(self.extra, Mapping) else self.extra(objective, labels)

    def bytes(self, point: Footprint) -> int:
        """Return what one evaluation of the objective takes, which it may call."""
        return point.evaluation

    def measure(self, objective: Objective, plane: Plane, many: Many) -> Callable[[Tensor], Tensor]:
        """Return the function thetas [N, P] -> results [N, ...].

        Raises, when called:
            ValueError: a result has another shape than the dimensions.
        """
        shape = tuple(len(names) for names in self.dims(objective, plane.labels).values())
        return many(partial(self._at, shape=shape))

    def _at(self, theta: Tensor, shape: tuple[int, ...]) -> Tensor:
        value = self._numbers(self.function(theta), theta)
        if value.shape != shape:
            expected = f"an array of shape {shape}, as its dims say" if shape else "a scalar"
            raise ValueError(
                f"expected {self.name}(theta) to be {expected}; got shape {tuple(value.shape)}: name the dimensions "
                f'of its results, as in {self.name}.dims = {{"entry": ["first", "second"]}}'
            )
        return value

    def _numbers(self, found: Any, like: Tensor) -> Tensor:
        """Return a result as real numbers of theta's kind. Raises ValueError on anything else."""
        # Of arrays, too.
        if "complex" in (dtype := str(getattr(found, "dtype", ""))):
            raise ValueError(
                f"expected {self.name}(theta) in real numbers; got {dtype}: give its real and imaginary part two "
                f'entries, torch.view_as_real(...), and {self.name}.dims = {{"part": ["real", "imaginary"]}}'
            )
        try:
            return torch.as_tensor(found, dtype=like.dtype, device=like.device)
        except (TypeError, ValueError, RuntimeError):
            raise ValueError(
                f"expected {self.name}(theta) to be a number or a tensor; got {type(found).__name__}"
            ) from None


def function_of(given: Callable[[Tensor], Any]) -> Function:
    """Return a callable as a quantity: its name is `name` or `__name__`, its dimensions are `dims`, if it has any."""
    name = getattr(given, "name", getattr(given, "__name__", ""))
    return Function(str(name), given, getattr(given, "dims", {}))
