"""Label counts: over how much a loss takes its mean, by the targets that it does not leave out."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.errors import ObjectiveError

Count = Callable[[Tensor], float]
"""Targets [D, ...] -> over how much the loss on them is a mean."""

_FUNCTIONS = (F.cross_entropy, F.nll_loss)


@dataclass(frozen=True, eq=False)
class LabelCount:
    """Targets -> how many of these labels count, each with the weight of its class."""

    ignored: int
    weight: Tensor | None
    """Of each class [C]."""

    def __call__(self, targets: Tensor) -> float:
        """Return the count; of targets that are probabilities [D, C, ...], the number of positions, as PyTorch divides
        by, whatever the weights of the classes."""
        if targets.is_floating_point():
            return targets.numel() / targets.shape[1] if targets.dim() > 1 else 1.0
        valid = targets[targets != self.ignored]
        if self.weight is None:
            return float(valid.numel())
        # In double precision, so that sums over blocks make that over all.
        weight = self.weight.detach().double().cpu()
        if bool((valid < 0).any()):
            raise ObjectiveError(f"expected labels of 0 and above, or {self.ignored}; got {int(valid.min())}")
        per_class = torch.bincount(valid.reshape(-1).cpu(), minlength=len(weight)).double()
        return float(per_class @ weight) if len(per_class) == len(weight) else float(len(targets))


def sample_count(targets: Tensor) -> float:
    """Return the number of samples, less the share of their entries that is masked (NaN)."""
    if not targets.is_floating_point():
        return float(len(targets))
    # Divided last: without a mask this is the whole number of samples.
    return len(targets) * int((~targets.isnan()).sum()) / targets.numel()


def count_for(loss: Any) -> Count:
    """Return over how much a loss takes its mean: counted labels for a cross-entropy, samples for all others."""
    if isinstance(loss, partial) and loss.func in _FUNCTIONS and not loss.args:
        options = {"ignore_index": -100, "weight": None, "reduction": "mean"} | loss.keywords
        return (
            LabelCount(options["ignore_index"], options["weight"]) if options["reduction"] == "mean" else sample_count
        )
    if loss in _FUNCTIONS:
        return LabelCount(-100, None)
    # A subclass with a forward of its own may count otherwise.
    is_plain = isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss)) and type(loss).forward in (
        nn.CrossEntropyLoss.forward,
        nn.NLLLoss.forward,
    )
    return LabelCount(loss.ignore_index, loss.weight) if is_plain and loss.reduction == "mean" else sample_count
