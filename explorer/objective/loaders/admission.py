"""Admission of a batch loss: what is tried on it and its batches before they are taken for an objective."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.admission import elsewhere
from explorer.objective.loaders.additivity import ask_for_count, joined, refuse_blocks_apart
from explorer.objective.loaders.batch_data import Batch, Batches
from explorer.objective.loaders.contents import outline
from explorer.objective.refusals import refuse_different, refuse_in_place, refuse_not_scalar
from explorer.objective.terms import Outcome

_CURE = """; the model was called with the batch's inputs as they are, model(inputs). To call it otherwise:
    def batch_loss(model, batch): return loss(model(**batch[0]), batch[1])
    Objective(model, batch_loss=batch_loss, data=batches, count=lambda batch: len(batch[1]))"""

Measure = Callable[[Tensor, Batch], Outcome]
"""(theta [P], batch) -> terms and metrics."""


def refuse_unsound(measure: Measure, theta: Tensor, data: Batches) -> None:
    """Try the first batch.

    Raises:
        ObjectiveError: what is measured of it fails, is no repeatable scalar, or changes theta or the batch.
    """
    at, batch = theta.clone(), data.first
    outcomes = [tried(partial(measure, at), batch) for _ in range(2)]
    first, second = ({**outcome.terms, **outcome.metrics} for outcome in outcomes)
    refuse_not_scalar(first, theta.dtype, theta.device)
    refuse_different(first, second)
    refuse_in_place(theta, at)
    batch.refuse_changed()


def admitted_counts(measure: Measure, theta: Tensor, data: Batches, *, trusted: bool) -> Batches:
    """Look at all batches once; return them with counts by which they make the whole.

    Args:
        measure: terms and metrics at theta on a batch.
        theta: the model's own [P].
        data: the batches.
        trusted: whether their counts were told by who knows; else they have to prove right.

    Raises:
        ObjectiveError: other terms in one of them, or counts that are wrong or not to be found.
    """
    if trusted or len(data) == 1:
        for batch in data.blocks():
            _values(measure, theta, batch)
        return data if trusted or not math.isnan(data.counts[0]) else replace(data, counts=(1.0,))
    for batch, count in zip(data.blocks(), data.counts, strict=True):
        if math.isnan(count):
            raise ask_for_count(f"the tensors of batch {batch.number} do not all have one leading size", batch)
    at = elsewhere(theta)
    if not all(bool(value.isfinite()) for value in _values(measure, at, data.first).values()):
        at = theta
    refuse_blocks_apart(lambda batch: _values(measure, at, batch), data.shared(), joined, _uncountable)
    return data


def _uncountable(before: Batch, after: Batch) -> ObjectiveError:
    why = f"by their sizes, batches {before.number} and {after.number} do not make what both are together"
    return ask_for_count(why, before, after)


def tried(measure: Callable[[Batch | None], Outcome], batch: Batch | None) -> Outcome:
    """Return what is measured of a batch, or of nothing.

    Raises:
        ObjectiveError: it fails.
    """
    try:
        return measure(batch)
    except (torch.OutOfMemoryError, ObjectiveError):
        raise
    except Exception as error:
        raised = f"raised {type(error).__name__}: {error}"
        if batch is None:
            raise ObjectiveError(f"expected a model and terms that fit; evaluating them {raised}") from error
        cure = _CURE if batch.is_pair else ""
        raise ObjectiveError(
            f"expected a model and a loss that take every batch; of batch {batch.number} ({outline(batch.content)}) "
            f"they {raised}{cure}"
        ) from error


def _values(measure: Measure, theta: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Return terms and metrics on a batch, without a graph."""
    outcome = tried(partial(measure, theta.clone()), batch)
    values = {**outcome.terms, **outcome.metrics}
    refuse_not_scalar(values, theta.dtype, theta.device)
    batch.refuse_changed()
    return {name: value.detach() for name, value in values.items()}
