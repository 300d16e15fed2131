"""Admission of a batch loss: what is tried on it and its batches before they are taken for an objective."""

from collections.abc import Callable
from dataclasses import replace

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.admission import elsewhere
from explorer.objective.loaders.additivity import ask_for_count, evident_size, joined, refuse_blocks_apart
from explorer.objective.loaders.batch_data import Batch, Batches
from explorer.objective.loaders.batch_loss import BatchLoss
from explorer.objective.loaders.contents import outline
from explorer.objective.refusals import refuse_different, refuse_in_place, refuse_not_scalar
from explorer.objective.terms import Outcome

Measure = Callable[[Tensor, Batch], Outcome]
"""(theta [P], batch) -> terms and metrics."""


def admitted_loss(call: Callable[..., Outcome], loss: BatchLoss, theta: Tensor, data: Batches) -> BatchLoss:
    """Return a batch loss with the names of its terms, learned on the first batch.

    Raises:
        ObjectiveError: it fails there, is no repeatable scalar, or changes theta or the batch.
    """
    return loss.named(tuple(_tried(lambda at, batch: call(at, loss, batch), theta, data.first).terms))


def refuse_unsound(measure: Measure, theta: Tensor, data: Batches) -> None:
    """Try the first batch: as `admitted_loss`, and raises as that does."""
    _tried(measure, theta, data.first)


def counted(measure: Measure, theta: Tensor, data: Batches, *, known: bool) -> Batches:
    """Look at all batches once; return them with their counts.

    Args:
        measure: terms and metrics at theta on a batch.
        theta: the model's own [P].
        data: the batches.
        known: whether their counts were given; else they are their leading sizes, if these prove right.

    Raises:
        ObjectiveError: other terms in one of them, or no count can be found.
    """
    if known or len(data) == 1:
        for batch in data.blocks():
            _values(measure, theta, batch)
        return data
    sizes = []
    for batch in data.blocks():
        size = evident_size(batch)
        if not size:
            raise ask_for_count(f"the tensors of batch {batch.number} do not all have one leading size", batch)
        sizes.append(float(size))
    data = replace(data, counts=tuple(sizes))
    at = elsewhere(theta)
    if not all(bool(value.isfinite()) for value in _values(measure, at, data.first).values()):
        at = theta
    refuse_blocks_apart(lambda batch: _values(measure, at, batch), data.shared(), joined, _uncountable)
    return data


def _uncountable(before: Batch, after: Batch) -> ObjectiveError:
    why = f"by their leading sizes, batches {before.number} and {after.number} do not make what both are together"
    return ask_for_count(why, before, after)


def _values(measure: Measure, theta: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Return terms and metrics on a batch, without a graph."""
    outcome = _measured(measure, theta.clone(), batch)
    values = {**outcome.terms, **outcome.metrics}
    refuse_not_scalar(values, theta.dtype, theta.device)
    batch.refuse_changed()
    return {name: value.detach() for name, value in values.items()}


def _measured(measure: Measure, theta: Tensor, batch: Batch) -> Outcome:
    try:
        return measure(theta, batch)
    except (torch.OutOfMemoryError, ObjectiveError):
        raise
    except Exception as error:
        raise ObjectiveError(
            f"expected batch_loss(model, batch) to take every batch; of batch {batch.number} "
            f"({outline(batch.content)}) it raised {type(error).__name__}: {error}"
        ) from error


def _tried(measure: Measure, theta: Tensor, batch: Batch) -> Outcome:
    given = theta.clone()
    outcome, again = _measured(measure, given, batch), _measured(measure, given, batch)
    first, second = ({**each.terms, **each.metrics} for each in (outcome, again))
    refuse_not_scalar(first, theta.dtype, theta.device)
    refuse_different(first, second)
    refuse_in_place(theta, given)
    batch.refuse_changed()
    return outcome
