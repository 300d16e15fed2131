"""Values: what one pass through an objective says: loss, terms, gradients, and metrics beside them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cached_property, partial

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.objective.batching import Many
from explorer.objective.blocks import Part, add_share
from explorer.objective.derivatives import gradients_of
from explorer.objective.terms import Outcome
from explorer.plane import Plane
from explorer.quantities.quantity import Dims, Fields, Footprint, no_dims

_LOSS, _GRADIENT = "loss", "gradient of loss"


class Derivative(Enum):
    """What has to be differentiated for a value."""

    NONE = auto()
    IN_PLANE = auto()
    """The loss, along the directions of the plane."""
    FULL = auto()
    """The loss, by all of theta."""
    OF_TERMS = auto()
    """Each term by itself, along the directions."""


@dataclass(frozen=True, eq=False)
class Sums:
    """What the blocks of data said of N points, added up by their shares."""

    total: Mapping[str, Tensor]
    """By the names of `named_values`, and of derivatives as this class reads them."""
    objective: Objective

    @property
    def loss(self) -> Tensor:
        """The loss, or the weighted sum of the terms [N]."""
        return self.total[_LOSS]

    @property
    def terms(self) -> dict[str, Tensor]:
        """Name of a term -> [N], unweighted."""
        return {name: self.total[_term(name)] for name in self.objective.term_names}

    @property
    def metrics(self) -> dict[str, Tensor]:
        """Name of a metric -> [N]."""
        return {name: self.total[_metric(name)] for name in self.objective.metric_names}

    @property
    def gradient(self) -> Tensor:
        """The gradient by theta [N, P], where a value asks for it."""
        return self.total[_GRADIENT]

    @property
    def slopes(self) -> Tensor:
        """The gradient along the directions [N, K]; where the terms' own are there, their weighted sum."""
        known = self.total.get(_slopes(_LOSS))
        return self.objective.combine(self.slopes_of_terms) if known is None else known

    @property
    def slopes_of_terms(self) -> dict[str, Tensor]:
        """Name of a term -> its gradient along the directions [N, K], unweighted."""
        return {name: self.total[_slopes(_term(name))] for name in self.objective.term_names}


@dataclass(frozen=True, eq=False)
class Value:
    """A quantity that comes of the one pass."""

    name: str
    read: Callable[[Sums], Tensor]
    """Sums over the blocks -> quantity [N, ...]."""
    dims: Callable[[Objective, Sequence[str]], Dims] = no_dims
    derivative: Derivative = Derivative.NONE

    def bytes(self, point: Footprint) -> int:
        """Return what one evaluation takes; its derivatives share the graph."""
        return point.evaluation


@dataclass(frozen=True, eq=False)
class Pass:
    """The one pass: a forward evaluation, and what has to be differentiated of it."""

    values: tuple[Value, ...]
    """Of the quantities asked for."""

    def __bool__(self) -> bool:
        """Whether anything is."""
        return bool(self.values)

    @cached_property
    def derivatives(self) -> frozenset[Derivative]:
        """What has to be differentiated."""
        return frozenset(value.derivative for value in self.values) - {Derivative.NONE}

    @property
    def keeps_gradients(self) -> bool:
        """Whether gradients by all of theta are added up, [P] for each point."""
        return Derivative.FULL in self.derivatives

    def slopes(self, weights: Mapping[str, float]) -> dict[str, str]:
        """Return what is to be differentiated along the directions: name of the result -> name of the scalar.

        Args:
            weights: name of a term -> its factor in the loss.
        """
        if self.derivatives <= {Derivative.FULL}:
            return {}
        return {_slopes(scalar): scalar for scalar in self._scalars(weights)}

    def at_block(self, plane: Plane, many: Many) -> Callable[[Part, Tensor], Fields]:
        """Return the function (block of data, thetas [N, P]) -> what adds up over blocks, by name."""

        def measure(part: Part, thetas: Tensor) -> Fields:
            differentiated = part.trains and bool(self.derivatives)
            leaf = thetas.detach().requires_grad_(differentiated)
            with torch.set_grad_enabled(differentiated or torch.is_grad_enabled()):
                found: Fields = many(partial(values_at, part))(leaf)
            fields = {name: value.detach() for name, value in found.items()}
            return fields | self._derivatives(part, plane.basis, found, leaf) if differentiated else fields

        return measure

    def finished(self, total: Fields, objective: Objective) -> Fields:
        """Return the values asked for, by name, and all metrics, from the sums over all blocks."""
        sums = Sums(total, objective)
        return {value.name: value.read(sums) for value in self.values} | (sums.metrics if self else {})

    def _scalars(self, weights: Mapping[str, float]) -> dict[str, float]:
        """Return the scalars that have a backward pass of their own -> their factors in the loss.

        Each by itself: the gradients of several that are stacked first send zeros through the graphs of all. The loss
        needs no pass where its terms have theirs.
        """
        if Derivative.OF_TERMS in self.derivatives:
            return {_term(name): weight for name, weight in weights.items()}
        return {_LOSS: 1.0} if self.derivatives else {}

    def _derivatives(self, part: Part, basis: Tensor, values: Fields, leaf: Tensor) -> Fields:
        fields: Fields = {}
        slopes, scalars = self.slopes(part.problem.weights), self._scalars(part.problem.weights)
        for number, (scalar, weight) in enumerate(scalars.items(), start=1):
            # Terms may share what they compute.
            gradient = gradients_of(values[scalar], leaf, keep=number < len(scalars))
            if slopes:
                # A few rows times many columns: several times faster than the transposed product.
                fields[_slopes(scalar)] = (basis @ gradient.T).T
            if self.keeps_gradients:
                add_share(fields, weight, {_GRADIENT: gradient})
        return fields


def values_at(part: Part, theta: Tensor) -> Fields:
    """Return what one block of data says at theta [P]: terms, metrics and, where there are terms, the loss; scalars by
    the names that `Sums` reads."""
    return named_values(part, part.measure(theta))


def named_values(part: Part, outcome: Outcome) -> Fields:
    """Return what an evaluation of one block of data yielded, by the names of `values_at`."""
    terms, metrics = outcome
    found = {_term(name): value for name, value in terms.items()}
    found |= {_metric(name): value for name, value in metrics.items()}
    return found | ({_LOSS: part.problem.combine(terms)} if terms else {})


def _term(name: str) -> str:
    return f"term {name}"


def _metric(name: str) -> str:
    return f"metric {name}"


def _slopes(scalar: str) -> str:
    return f"slopes of {scalar}"


def _terms_dims(objective: Objective, labels: Sequence[str]) -> Dims:
    return {"term": objective.term_names}


def _direction_dims(objective: Objective, labels: Sequence[str]) -> Dims:
    return {"direction": labels}


def _loss(sums: Sums) -> Tensor:
    return sums.loss


def _stacked_terms(sums: Sums) -> Tensor:
    return torch.stack(list(sums.terms.values()), dim=1)


def _gradient(sums: Sums) -> Tensor:
    return sums.slopes


def _norm(sums: Sums) -> Tensor:
    lengths: Tensor = torch.linalg.vector_norm(sums.gradient, dim=1)
    return lengths


LOSS = Value("loss", _loss)
TERMS = Value("terms", _stacked_terms, _terms_dims)
GRADIENT = Value("gradient", _gradient, _direction_dims, Derivative.IN_PLANE)
GRADIENT_NORM = Value("gradient_norm", _norm, derivative=Derivative.FULL)
