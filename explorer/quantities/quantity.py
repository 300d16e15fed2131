"""Quantity: what can be measured at a point: a name, dimensions of its own, its memory, and how it is measured.

Three kinds, by what they need. A `Value` comes of the one pass through the objective that all values share; a `Summed`
one is measured block by block of the data and added up; a `Whole` one measures thetas as it likes. A function of theta
is the simplest of the third kind (`function.Function`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from torch import Tensor

from explorer.objective import Objective
from explorer.objective.batching import Many
from explorer.objective.blocks import Part
from explorer.plane import Plane

Fields = dict[str, Tensor]
"""Name -> what was measured at N points [N, ...]."""
Dims = Mapping[str, Sequence[str]]
"""Dimension -> its labels, in order."""


@dataclass(frozen=True)
class Footprint:
    """What one evaluation of an objective takes, in bytes."""

    graph: int
    """That autograd keeps of one block of data for the backward pass."""
    theta: int
    directions: int
    """Of the plane; a number."""

    @property
    def evaluation(self) -> int:
        """A graph, and theta with its gradient."""
        return self.graph + 4 * self.theta


class Quantity(Protocol):
    """What every quantity tells of itself."""

    @property
    def name(self) -> str:
        """Of its variable in the landscape; an identifier."""

    def dims(self, objective: Objective, labels: Sequence[str]) -> Dims:
        """Return its dimensions beside those of the points.

        Args:
            objective: that is measured.
            labels: of the plane's directions.
        """

    def bytes(self, point: Footprint) -> int:
        """Return about how much memory one point takes while it is measured, data and buffers not counted."""


@runtime_checkable
class Summed(Quantity, Protocol):
    """A quantity whose blocks of data add up, each by its share."""

    def at_block(self, plane: Plane, many: Many) -> Callable[[Part, Tensor], Tensor]:
        """Return the function (block of data, thetas [N, P]) -> what it says of them [N, ...].

        Args:
            plane: that the thetas lie in.
            many: how to evaluate many thetas: `many(f)(thetas)`.
        """


@runtime_checkable
class Whole(Quantity, Protocol):
    """A quantity that measures thetas as it likes."""

    def measure(self, objective: Objective, plane: Plane, many: Many) -> Callable[[Tensor], Tensor]:
        """Return the function thetas [N, P] -> quantity [N, ...].

        Args:
            objective: at the device and in the dtype of the thetas.
            plane: that they lie in.
            many: how to evaluate many thetas: `many(f)(thetas)`, which is tried with `vmap` and then with a loop.
        """


def no_dims(objective: Objective, labels: Sequence[str]) -> Dims:
    """Return the dimensions of one number a point."""
    return {}
