"""Batch loss: a loss, or several named terms, of a model on a batch of any structure."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.objective.loaders.batch_data import Batch
from explorer.objective.terms import Metric, Outcome, full_weights, measured, named_metrics

Function = Callable[[nn.Module, Any], Tensor | Mapping[str, Tensor]]


@dataclass(frozen=True, eq=False)
class BatchLoss:
    """A function (model, batch) -> a scalar, or name -> scalar; each a mean over what the batch counts."""

    function: Function
    metrics: Mapping[str, Metric]
    """Name -> (model, batch) -> scalar."""
    weights: dict[str, float]
    """Name of a term -> its factor in the sum; before `named`, those that were given."""
    term_names: tuple[str, ...] = ()
    """Empty until a first evaluation has told them."""

    def __call__(self, model: nn.Module, batch: Batch) -> Outcome:
        """Return terms and metrics of a model on a batch; what the function does to its batch is not seen by others.

        Raises:
            ObjectiveError: other terms than on the batch before.
        """
        found = self.function(model, batch.copy())
        terms = dict(found) if isinstance(found, Mapping) else {"loss": found}
        if self.term_names and tuple(terms) != self.term_names:
            if set(terms) != set(self.term_names):
                raise ObjectiveError(
                    f"expected the terms {list(self.term_names)} of every batch; batch {batch.number} has "
                    f"{list(terms)}: return all of them, with 0 for one that a batch says nothing of"
                )
            terms = {name: terms[name] for name in self.term_names}
        if not terms:
            raise ObjectiveError("expected a batch_loss that returns a scalar or name -> scalar; got an empty mapping")
        metrics = {name: partial(_on_copy, metric, batch) for name, metric in self.metrics.items()}
        return Outcome(terms, measured(metrics, next(iter(terms.values())), model))

    def named(self, names: tuple[str, ...]) -> "BatchLoss":
        """Return the problem with its terms known.

        Raises:
            ObjectiveError: weights of other terms, or that are not finite.
        """
        return replace(self, term_names=names, weights=full_weights(names, self.weights))

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms (name -> tensor, all of one shape)."""
        weights = self.weights
        weighted = [weights[name] * terms[name] if weights[name] != 1.0 else terms[name] for name in terms]
        return sum(weighted[1:], start=weighted[0])

    def test(self, model: nn.Module, batch: Batch, *, before: Any = None) -> Outcome:
        """Return the sum of the terms, and the metrics, on a batch of test data, as metrics named test_..."""
        terms, metrics = self(model, batch)
        values = {"loss": self.combine(terms), **metrics}
        return Outcome({}, {f"test_{name}": value for name, value in values.items()})

    def to(self, device: Any, dtype: Any) -> "BatchLoss":
        """Return the problem itself: what the user's function holds does not move."""
        return self

    def describe(self) -> dict[str, Any]:
        """Return the function by name and the terms with their weights; JSON-ready."""
        name = getattr(self.function, "__name__", type(self.function).__name__)
        return {"loss": name} if self.term_names == ("loss",) else {"loss": name, "weights": dict(self.weights)}


def batch_loss_of(
    function: Function,
    data: Any,
    weights: Mapping[str, float] | None,
    metrics: Mapping[str, Metric] | None,
    others: bool,
) -> BatchLoss:
    """Return the problem that an objective's arguments state; `others`: whether loss or terms are given as well.

    Raises:
        ObjectiveError: these are, or no data; a metric's name that has a meaning of its own.
    """
    if others or data is None:
        raise ObjectiveError("expected batch_loss with data=batches, and no loss or terms beside it")
    return BatchLoss(function, named_metrics(metrics), dict(weights or {}))


def _on_copy(metric: Metric, batch: Batch, model: nn.Module) -> Tensor:
    return metric(model, batch.copy())
