"""Problem: what is asked of a model: one loss on data, or named terms; with metrics beside them."""

import copy
import math
from collections.abc import Callable, Collection, Mapping
from contextlib import nullcontext
from dataclasses import dataclass, replace
from functools import partial
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.landscape import RESERVED
from explorer.objective.batchnorm import statistics_of
from explorer.objective.closures import moved_function
from explorer.objective.loaders.batch_data import Batch
from explorer.objective.trials.refusals import refuse_broadcast

Term = Callable[[nn.Module], Tensor]
TermsFunction = Callable[..., Tensor | Mapping[str, Tensor]]
Loss = Callable[[Tensor, Tensor], Tensor]
Metric = Callable[..., Tensor]

_BLAMED = "the metric "


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
    """Named terms, summed with weights: functions of the model, or one function of the model, and of a batch."""

    function: TermsFunction
    """(model) or (model, batch) -> name -> scalar, or a scalar, which is then the term "loss"."""
    metrics: Mapping[str, Metric]
    """Each of what the function is given."""
    weights: dict[str, float]
    """Name of a term -> its factor in the sum; before `named`, those that were given."""
    term_names: tuple[str, ...] = ()
    """Empty until a first evaluation has told them."""

    def __call__(self, model: nn.Module, *batch: Batch) -> Outcome:
        """Return terms and metrics of a model; what a function does to its batch is not seen by the next.

        Raises:
            ObjectiveError: other terms than at the first evaluation.
        """
        terms = self._ordered(self.function(model, *(each.copy() for each in batch)), *batch)
        metrics = {name: partial(_on_copies, metric, batch) for name, metric in self.metrics.items()}
        return Outcome(terms, measured(metrics, next(iter(terms.values())), model))

    def named(self, names: tuple[str, ...]) -> "Composite":
        """Return the problem with its terms known.

        Raises:
            ObjectiveError: names that are no text; weights of other terms, or that are not finite.
        """
        odd = [name for name in names if not isinstance(name, str)]
        if odd:
            raise ObjectiveError(f"expected names of terms as text; got {odd[0]!r}: name it, such as {{'fit': ...}}")
        return replace(self, term_names=names, weights=full_weights(names, self.weights))

    def combine(self, terms: Mapping[str, Tensor]) -> Tensor:
        """Return the weighted sum of terms (name -> tensor, all of one shape)."""
        weights = self.weights
        weighted = [weights[name] * terms[name] if weights[name] != 1.0 else terms[name] for name in terms]
        return sum(weighted[1:], start=weighted[0])

    def test(self, model: nn.Module, batch: Batch, *, before: None = None) -> Outcome:
        """Return the sum of the terms, and the metrics, on a batch of test data, as metrics named test_..."""
        terms, metrics = self(model, batch)
        values = {"loss": self.combine(terms), **metrics}
        return Outcome({}, {f"test_{name}": value for name, value in values.items()})

    def to(self, device: torch.device | str | None, dtype: torch.dtype | None) -> "Composite":
        """Return the problem elsewhere, with copies of the tensors that its functions hold; those of a global name
        stay as they are."""
        metrics = {name: moved_function(metric, device, dtype) for name, metric in self.metrics.items()}
        if not isinstance(self.function, Separate):
            return replace(self, function=moved_function(self.function, device, dtype), metrics=metrics)
        terms = {name: moved_function(term, device, dtype) for name, term in self.function.terms.items()}
        return replace(self, function=Separate(terms), metrics=metrics)

    def describe(self) -> dict[str, Any]:
        """Return the terms by name, with their weights, or the name of a function that makes one; JSON-ready."""
        if self.term_names == ("loss",) and not isinstance(self.function, Separate):
            return {"loss": _name(self.function)}
        return {"loss": " + ".join(self.term_names), "weights": dict(self.weights)}

    def _ordered(self, found: Tensor | Mapping[str, Tensor], *batch: Batch) -> dict[str, Tensor]:
        terms = dict(found) if isinstance(found, Mapping) else {"loss": found}
        if not terms:
            raise ObjectiveError("expected a scalar, or name -> scalar; got no term at all")
        if not self.term_names or tuple(terms) == self.term_names:
            return terms
        if set(terms) != set(self.term_names):
            where = f"batch {batch[0].number}" if batch else "a later evaluation"
            raise ObjectiveError(
                f"expected the terms {list(self.term_names)} every time; {where} has {list(terms)}: return all of "
                "them, with 0 for one of which there is nothing to say"
            )
        return {name: terms[name] for name in self.term_names}


@dataclass(frozen=True, eq=False)
class Separate:
    """Terms that are each a function of the model."""

    terms: Mapping[str, Term]

    def __call__(self, model: nn.Module) -> dict[str, Tensor]:
        """Return each term of a model."""
        return {name: term(model) for name, term in self.terms.items()}


Problem = Supervised | Composite


def problem_of(
    loss: Loss | None,
    terms: Mapping[str, Term] | TermsFunction | None,
    batch_loss: TermsFunction | None,
    weights: Mapping[str, float] | None,
    metrics: Mapping[str, Metric] | None,
    *data: Any,
) -> Problem:
    """Return the problem that an objective's arguments state; `data` are those of training and of test, or None.

    Raises:
        ObjectiveError: none or several of loss, terms and batch_loss; data missing or too many; weights of other names,
            or not finite; a metric's name that has a meaning of its own.
    """
    metrics = named_metrics(metrics)
    stated = [loss is not None, bool(terms), batch_loss is not None]
    given = [each is not None for each in data]
    if sum(stated) != 1 or (any(given) if terms else not given[0]):
        came = "got both" if sum(stated) > 1 or any(given) else "a part of it is missing"
        raise ObjectiveError(
            "expected loss with data, or batch_loss with data, or terms alone, each of which holds its own data: "
            f"terms={{name: model -> scalar}}; {came}"
        )
    if loss is not None:
        if isinstance(loss, type):
            raise ObjectiveError(f"expected a loss to call; got the class {loss.__name__}: make one, {loss.__name__}()")
        if weights:
            raise ObjectiveError(f"expected weights of terms only; got {sorted(weights)} for a plain loss")
        return Supervised(loss, metrics)
    if isinstance(terms, Mapping):
        return Composite(Separate(dict(terms)), metrics, dict(weights or {})).named(tuple(terms))
    function = batch_loss or terms
    assert function is not None
    return Composite(function, metrics, dict(weights or {}))


def named_metrics(metrics: Mapping[str, Metric] | None) -> dict[str, Metric]:
    """Return the metrics by name; raises ObjectiveError on a name that has a meaning of its own."""
    metrics = dict(metrics or {})
    for name in metrics:
        if not name.isidentifier() or name in RESERVED or name.startswith("test_"):
            raise ObjectiveError(f"expected metrics with names of their own, not among {RESERVED}; got {name!r}")
    return metrics


def measured(metrics: Mapping[str, Metric], like: Tensor, *given: Any) -> dict[str, Tensor]:
    """Return the metrics of what is given, by name, each as a scalar of the kind of `like`."""
    found = {name: _called(name, metric, *given) for name, metric in metrics.items()}
    # A share of right answers may come as float32 from a float64 model, as an integer, or as a plain number.
    return {
        name: value.detach().to(like) if isinstance(value, Tensor) else torch.tensor(value).to(like.detach())
        for name, value in found.items()
    }


def _called(name: str, metric: Metric, *given: Any) -> Any:
    try:
        return metric(*given)
    except Exception as error:
        # The kind of the error stays: some mean that vmap cannot, and the sweep goes another way.
        takes = "model, batch" if isinstance(given[0], nn.Module) else "prediction, target"
        error.add_note(f"{_BLAMED}{name!r}, as metric({takes})")
        raise


def culprit(error: Exception) -> str:
    """Return the metric that raised an error, and how it was called; nothing where it was none."""
    return next((note for note in getattr(error, "__notes__", ()) if note.startswith(_BLAMED)), "")


def full_weights(terms: Collection[str], weights: Mapping[str, float] | None) -> dict[str, float]:
    """Return name of a term -> its weight, 1 where not given; raises ObjectiveError on other names or numbers."""
    unknown = set(weights or {}) - set(terms)
    if unknown:
        raise ObjectiveError(f"expected weights of the terms {sorted(terms)}; got also {sorted(unknown)}")
    full = {name: float((weights or {}).get(name, 1.0)) for name in terms}
    if not all(map(math.isfinite, full.values())):
        raise ObjectiveError(f"expected finite weights; got {full}")
    return full


def _on_copies(metric: Metric, batch: tuple[Batch, ...], model: nn.Module) -> Tensor:
    return metric(model, *(each.copy() for each in batch))


def _name(loss: Any) -> str:
    return repr(loss) if isinstance(loss, nn.Module) else getattr(loss, "__name__", type(loss).__name__)
