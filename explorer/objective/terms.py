"""Problem: what is asked of a model: one loss on data, or named terms; with metrics beside them."""

import copy
import math
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.landscape import RESERVED
from explorer.objective.batchnorm import statistics_of
from explorer.objective.refusals import refuse_broadcast

Term = Callable[[nn.Module], Tensor]
Loss = Callable[[Tensor, Tensor], Tensor]
Metric = Callable[..., Tensor]


class Outcome(NamedTuple):
    """What one evaluation of a model yields, by name; each value a scalar."""

    terms: dict[str, Tensor]
    """Unweighted."""
    metrics: dict[str, Tensor]


@dataclass(frozen=True, eq=False)
class Supervised:
    """A loss on (inputs, targets)."""

    loss: Loss
    metrics: Mapping[str, Metric]

    @property
    def term_names(self) -> tuple[str, ...]:
        """There is one: "loss"."""
        return ("loss",)

    @property
    def weights(self) -> dict[str, float]:
        """The loss counts as it is."""
        return {"loss": 1.0}

    def __call__(self, model: nn.Module, inputs: Tensor, targets: Tensor) -> Outcome:
        """Return loss and metrics of a model on a block of samples."""
        prediction = model(inputs)
        refuse_broadcast(prediction, targets)
        loss = self.loss(prediction, targets)
        return Outcome({"loss": loss}, measured(self.metrics, loss, prediction, targets))

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the loss among the terms."""
        return terms["loss"]

    def test(self, model: nn.Module, inputs: Tensor, targets: Tensor, *, before: Tensor | None = None) -> Outcome:
        """Return loss and metrics on a block of test data, as metrics named test_...

        Args:
            model, inputs, targets: as always.
            before: training inputs whose statistics a recomputed BatchNorm uses.
        """
        with nullcontext() if before is None else statistics_of(model, before):
            terms, metrics = self(model, inputs, targets)
        return Outcome({}, {f"test_{name}": value for name, value in (terms | metrics).items()})

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Supervised":
        """Return the problem with its loss on another device or in another dtype."""
        if not isinstance(self.loss, nn.Module):
            return self
        return replace(self, loss=copy.deepcopy(self.loss).to(device=device, dtype=dtype))

    def describe(self) -> dict[str, Any]:
        """Return the loss by name; JSON-ready."""
        return {"loss": _name(self.loss)}


@dataclass(frozen=True, eq=False)
class Composite:
    """Named terms, each a function of the model, summed with weights."""

    terms: Mapping[str, Term]
    weights: dict[str, float]
    metrics: Mapping[str, Metric]

    @property
    def term_names(self) -> tuple[str, ...]:
        """The names of the terms, in order."""
        return tuple(self.terms)

    def __call__(self, model: nn.Module) -> Outcome:
        """Return terms and metrics of a model."""
        terms = {name: term(model) for name, term in self.terms.items()}
        return Outcome(terms, measured(self.metrics, next(iter(terms.values())), model))

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms (name -> tensor, all of one shape)."""
        weights = self.weights
        weighted = [weights[name] * terms[name] if weights[name] != 1.0 else terms[name] for name in terms]
        return sum(weighted[1:], start=weighted[0])

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Composite":
        """Return the problem itself: what the user's functions hold does not move."""
        return self

    def describe(self) -> dict[str, Any]:
        """Return the terms by name, with their weights; JSON-ready."""
        return {"loss": " + ".join(self.terms), "weights": dict(self.weights)}


Problem = Supervised | Composite


def problem_of(
    loss: Loss | None,
    data: Any,
    terms: Mapping[str, Term] | None,
    weights: Mapping[str, float] | None,
    metrics: Mapping[str, Metric] | None,
    test_data: Any,
) -> Problem:
    """Return the problem that an objective's arguments state.

    Raises:
        ObjectiveError: neither or both of loss with data and terms; weights of other names, or not finite; a metric's
            name that has a meaning of its own.
    """
    metrics = named_metrics(metrics)
    if terms:
        if loss is not None or data is not None or test_data is not None:
            raise ObjectiveError("expected either loss and data, or terms; got both: put the loss among the terms")
        return Composite(dict(terms), full_weights(terms, weights), metrics)
    if loss is None or data is None:
        raise ObjectiveError("expected loss and data, or terms={name: model -> scalar}; a part of it is missing")
    if weights:
        raise ObjectiveError(f"expected weights of terms only; got {sorted(weights)} for a plain loss")
    return Supervised(loss, metrics)


def named_metrics(metrics: Mapping[str, Metric] | None) -> dict[str, Metric]:
    """Return the metrics by name; raises ObjectiveError on a name that has a meaning of its own."""
    metrics = dict(metrics or {})
    for name in metrics:
        if not name.isidentifier() or name in RESERVED or name.startswith("test_"):
            raise ObjectiveError(f"expected metrics with names of their own, not among {RESERVED}; got {name!r}")
    return metrics


def measured(metrics: Mapping[str, Metric], like: Tensor, *given: Any) -> dict[str, Tensor]:
    """Return the metrics of what is given, by name, each as a scalar of the kind of `like`."""
    found = {name: metric(*given) for name, metric in metrics.items()}
    # A share of right answers may come as float32 from a float64 model, as an integer, or as a plain number.
    return {
        name: value.detach().to(like) if isinstance(value, Tensor) else torch.tensor(value).to(like.detach())
        for name, value in found.items()
    }


def full_weights(terms: Collection[str], weights: Mapping[str, float] | None) -> dict[str, float]:
    """Return name of a term -> its weight, 1 where not given; raises ObjectiveError on other names or numbers."""
    unknown = set(weights or {}) - set(terms)
    if unknown:
        raise ObjectiveError(f"expected weights of the terms {sorted(terms)}; got also {sorted(unknown)}")
    full = {name: float((weights or {}).get(name, 1.0)) for name in terms}
    if not all(map(math.isfinite, full.values())):
        raise ObjectiveError(f"expected finite weights; got {full}")
    return full


def _name(loss: Loss) -> str:
    return repr(loss) if isinstance(loss, nn.Module) else getattr(loss, "__name__", type(loss).__name__)
