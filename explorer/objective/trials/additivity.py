"""Additivity: whether the blocks of data make the whole, seen by looking at all of them once."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.data import Resident, Streamed
from explorer.objective.loaders.batch_data import Batch
from explorer.objective.loaders.contents import outline, replaced
from explorer.objective.samples import Samples
from explorer.objective.terms import Outcome
from explorer.objective.trials.on_samples import elsewhere
from explorer.objective.trials.refusals import Roundings, differ, refuse_not_additive

Measure = Callable[[Any], Mapping[str, Tensor]]
"""A block -> name -> value."""


def refuse_blocks_apart(
    measure: Measure,
    blocks: Iterator[tuple[float, Any]],
    join: Callable[[Any, Any], Any],
    roundings: Roundings,
    refusal: Callable[[Any, Any], ObjectiveError] | None = None,
) -> None:
    """Refuse a loss or metric whose blocks, weighted by their shares, do not make what it is on all data.

    Each block is measured by itself and together with the one before: where every two make their union, all do.

    Args:
        measure: what is measured of a block.
        blocks: (share, block) of all data.
        join: two blocks -> one.
        roundings: of what is measured.
        refusal: two blocks -> what to raise; the default tells both values.

    Raises:
        ObjectiveError: with both values and the cure.
    """
    before: tuple[float, Any, Mapping[str, Tensor]] | None = None
    for share, block in blocks:
        if not share:
            continue
        own = measure(block)
        if before is not None:
            union = measure(join(before[1], block))
            try:
                refuse_not_additive(union, [(before[0], before[2]), (share, own)], roundings)
            except ObjectiveError as error:
                raise (refusal(before[1], block) if refusal else error) from error
        before = share, block, own


def refuse_not_made_of_blocks(
    measure: Callable[[Tensor, Any], Outcome], theta: Tensor, data: Resident | Streamed, roundings: Roundings
) -> None:
    """Refuse a loss or metric on samples in several blocks that do not make the whole; raises as
    `refuse_blocks_apart`."""

    def values(at: Tensor, samples: Samples) -> dict[str, Tensor]:
        with torch.no_grad():
            outcome = measure(at.clone(), samples)
        return {**outcome.terms, **outcome.metrics}

    # At a perfect fit means over anything are 0; far from its own theta a model may overflow.
    at = elsewhere(theta)
    if not all(bool(value.isfinite()) for value in values(at, data.first).values()):
        at = theta
    refuse_blocks_apart(lambda samples: values(at, samples), data.shared(), Samples.joined, roundings)


def refuse_metric_apart(
    measure: Callable[[Batch], Mapping[str, Tensor]],
    batch: Batch,
    labels: Callable[[Tensor], float] | None,
    roundings: Roundings,
) -> None:
    """Refuse a metric beside a loss that takes its mean over some of the labels, or weighs them, where the metric does
    not: seen on the halves of a batch.

    Args:
        measure: batch -> name -> metric.
        batch: (inputs, targets).
        labels: targets -> how many of them the loss counts; None where its mean is over samples.
        roundings: of the metrics.

    Raises:
        ObjectiveError: naming the metric, and the form that counts it by itself.
    """
    whole = measure(batch) if labels is not None else {}
    if labels is None or not whole or labels(batch.targets) in (0, batch.targets.numel()):
        return
    halves = [(labels(half.targets), measure(half)) for half in batch.halves()]
    total = sum(count for count, _ in halves)
    for name, value in whole.items():
        made = sum((count / total * values[name] for count, values in halves if count), start=torch.zeros_like(value))
        if not halves or differ(value, made, roundings.get(name)):
            seen = (
                f"{value.item():g}, and {made.item():g} made of its halves by their labels"
                if halves
                else "not to be seen"
            )
            raise ObjectiveError(
                f"expected a {name} that is a mean over the labels that the loss counts; of batch {batch.number} it is "
                f"{seen}: leave out the same labels in it, or measure it in an objective of its own, whose loss is a "
                "mean over what it is a mean of"
            )


def joined(first: Batch, second: Batch) -> Batch:
    """Return a batch that holds the samples of both, one after another.

    Raises:
        ObjectiveError: their tensors do not fit together.
    """
    pairs = list(zip(first.tensors, second.tensors, strict=False))
    fits = all(one.shape[1:] == other.shape[1:] and one.dtype == other.dtype for one, other in pairs)
    if len(first.tensors) != len(second.tensors) or not fits:
        raise ask_for_count(f"batches {first.number} and {second.number} cannot be joined", first, second)
    made = [torch.cat([one.detach(), other.detach()]) for one, other in pairs]
    made = [new.requires_grad_(one.requires_grad) for new, (one, _) in zip(made, pairs, strict=True)]
    return replace(first, content=replaced(first.content, first.tensors, made))


def ask_for_count(why: str, *batches: Batch) -> ObjectiveError:
    """Return the refusal of batches whose counts cannot be found."""
    shown = " and ".join(outline(batch.content) for batch in batches)
    return ObjectiveError(
        f"expected count=, a function of a batch that says over how much the mean of batch_loss is taken (samples, "
        f"tokens, nodes); it could not be found by itself: {why} ({shown}); give for example "
        'count=lambda batch: (batch["labels"] != -100).sum()'
    )
