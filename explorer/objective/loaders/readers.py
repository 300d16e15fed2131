"""Readers: how the data of an objective are read: samples that are joined, or batches that stay as they are."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.data import Data, read_data
from explorer.objective.loaders.batch_data import Batches, read_batches
from explorer.objective.loaders.label_counts import LabelCount, count_for
from explorer.objective.loaders.pairs import PairCount, is_pair
from explorer.objective.samples import OtherStructureError
from explorer.objective.terms import Problem, Supervised

Count = Callable[[Any], Any]
"""batch -> over how much its mean is taken."""


@dataclass(frozen=True)
class Reader:
    """Reads training and test data of one objective alike."""

    read: Callable[[Any, torch.device], Data | Batches | None]
    """data, the model's device -> the data; None where there are none."""
    trusted: bool = False
    """Whether the counts of batches are known, and not to be tried."""
    labels: Callable[[Tensor], float] | None = None
    """Targets -> how many labels the loss counts, where its mean is over these; metrics may be means over others."""


def reader_for(problem: Problem, count: Count | None) -> Reader:
    """Return how to read the data of a problem.

    Raises:
        ObjectiveError: a count for data that are counted by themselves.
    """
    if not isinstance(problem, Supervised):
        return Reader(lambda given, device: _batches(given, count, device), trusted=count is not None)
    if count is not None:
        raise ObjectiveError(
            "expected count beside batch_loss only: a loss of prediction and target is counted by its targets"
        )
    own = count_for(problem.loss)
    labels = own if isinstance(own, LabelCount) else None
    return Reader(lambda given, device: _samples(given, own, device), trusted=labels is not None, labels=labels)


def _samples(data: Any, count: Callable[[Tensor], float], device: torch.device) -> Data | Batches | None:
    if data is None:
        return None
    try:
        return read_data(data, device, count)
    except OtherStructureError as error:
        if not is_pair(error.batch):
            raise
    return read_batches([data] if is_pair(data) else data, PairCount(count), device, in_pairs=True)


def _batches(data: Any, count: Count | None, device: torch.device) -> Batches | None:
    return None if data is None else read_batches(data, count, device)
