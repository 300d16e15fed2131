"""On batches: of a batch loss, what is tried on it and its batches before they are taken for an objective."""

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.loaders.batch_data import Batch, Batches
from explorer.objective.loaders.contents import outline
from explorer.objective.loaders.readers import Reader
from explorer.objective.terms import Outcome, culprit
from explorer.objective.trials.additivity import ask_for_count, joined, refuse_blocks_apart, refuse_metric_apart
from explorer.objective.trials.masks import refuse_unmasked
from explorer.objective.trials.on_samples import elsewhere
from explorer.objective.trials.refusals import Roundings, refuse_different, refuse_in_place, refuse_not_scalar

_CURE = """; the model was called with the batch's inputs as they are, model(inputs). To call it otherwise:
    def batch_loss(model, batch): return loss(model(**batch[0]), batch[1])
    Objective(model, batch_loss=batch_loss, data=batches, count=lambda batch: len(batch[1]))"""

Measure = Callable[[Tensor, Batch], Outcome]
"""(theta [P], batch) -> terms and metrics."""


def refuse_unsound(measure: Measure, theta: Tensor, data: Batches, roundings: Roundings) -> None:
    """Try the first batch.

    Raises:
        ObjectiveError: what is measured of it fails, is no repeatable scalar, or changes theta or the batch.
    """
    at, batch = theta.clone(), data.first.cloned()
    first, second = (_all(measure, at, batch) for _ in range(2))
    refuse_not_scalar(first, theta.dtype, theta.device)
    refuse_different(first, second, roundings)
    refuse_in_place(theta, at)


def admitted_counts(measure: Measure, theta: Tensor, data: Batches, roundings: Roundings, reader: Reader) -> Batches:
    """Look at all batches once; return them with counts by which they make the whole.

    Args:
        measure: terms and metrics at theta on a batch.
        theta: the model's own [P].
        data: the batches.
        roundings: of what is measured.
        reader: of the batches: whether their counts were told by who knows; else they have to prove right.

    Raises:
        ObjectiveError: other terms in one of them, or counts that are wrong or not to be found.
    """
    if reader.trusted or len(data) == 1:
        for batch in data.blocks():
            _values(measure, theta, batch)
            # Of a single batch the share is 1, whatever is counted.
            if len(data) > 1:
                refuse_metric_apart(lambda each: measure(theta.clone(), each).metrics, batch, reader.labels, roundings)
        return data if reader.trusted or not math.isnan(data.counts[0]) else replace(data, counts=(1.0,))
    for batch, count in zip(data.blocks(), data.counts, strict=True):
        if math.isnan(count):
            why = "do not all have one leading size" if batch.tensors else "are none: arrays are not counted"
            raise ask_for_count(f"the tensors of batch {batch.number} {why}", batch)
    at = elsewhere(theta)
    if not all(bool(value.isfinite()) for value in _values(measure, at, data.first).values()):
        at = theta
    refuse_blocks_apart(lambda batch: _values(measure, at, batch), data.shared(), joined, roundings, _uncountable)
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
        raised = f"{culprit(error) or 'they'} raised {type(error).__name__}: {error}"
        if batch is None:
            raise ObjectiveError(f"expected a model and terms that fit; {raised}") from error
        cure = _CURE if batch.is_pair else ""
        raise ObjectiveError(
            f"expected a model and a loss that take every batch; of batch {batch.number} ({outline(batch.content)}) "
            f"{raised}{cure}"
        ) from error


def _values(measure: Measure, theta: Tensor, batch: Batch) -> dict[str, Tensor]:
    """Return terms and metrics on a batch, without a graph."""
    values = _all(measure, theta.clone(), batch.cloned())
    refuse_not_scalar(values, theta.dtype, theta.device)
    refuse_unmasked(values, batch)
    return {name: value.detach() for name, value in values.items()}


def _all(measure: Measure, theta: Tensor, batch: Batch) -> dict[str, Tensor]:
    outcome = tried(partial(measure, theta), batch)
    # Before anything is compared: a batch that was written to makes another value.
    batch.refuse_changed()
    return {**outcome.terms, **outcome.metrics}
