"""Label counts: over how much a cross-entropy takes its mean, by the labels that it does not ignore."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from explorer.objective.samples import Samples

_FUNCTIONS = (F.cross_entropy, F.nll_loss)


@dataclass(frozen=True, eq=False)
class LabelCount:
    """samples -> how many of their labels count, each with the weight of its class."""

    ignored: int
    weight: Tensor | None
    """Of each class [C]."""

    def __call__(self, samples: Samples) -> float:
        """Return the count; of targets that are probabilities, the number of samples."""
        targets = samples.targets
        if targets.is_floating_point():
            return float(len(samples))
        valid = targets[targets != self.ignored]
        if self.weight is None:
            return float(valid.numel())
        # In double precision, so that sums over blocks make that over all.
        weight = self.weight.detach().double().cpu()
        per_class = torch.bincount(valid.reshape(-1).cpu(), minlength=len(weight)).double()
        return float(per_class @ weight) if len(per_class) == len(weight) else float(len(samples))


def count_for(loss: Any) -> Callable[[Samples], float]:
    """Return over how much a loss takes its mean: counted labels for a cross-entropy, samples for all others."""
    if isinstance(loss, partial) and loss.func in _FUNCTIONS and not loss.args:
        options = {"ignore_index": -100, "weight": None, "reduction": "mean"} | loss.keywords
        return LabelCount(options["ignore_index"], options["weight"]) if options["reduction"] == "mean" else len
    if loss in _FUNCTIONS:
        return LabelCount(-100, None)
    is_plain = type(loss).forward in (nn.CrossEntropyLoss.forward, nn.NLLLoss.forward) if _is_labelled(loss) else False
    if not is_plain or loss.reduction != "mean":
        return len
    return LabelCount(loss.ignore_index, loss.weight)


def _is_labelled(loss: Any) -> bool:
    return isinstance(loss, (nn.CrossEntropyLoss, nn.NLLLoss))
