"""Hugging Face's models with the batches of a collator: their own loss, over what it is a mean of."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.objective import Objective
from explorer.objective.copies import modes_kept

_IGNORED = -100
_ROUNDINGS = 1e3
"""In units of eps: means over rows apart are sums in another order."""

Count = Callable[[Mapping[str, Any]], int]


def hugging_face(model: nn.Module, loader: Iterable[Any], *, count: Count | None = None, **options: Any) -> Objective:
    """Return the objective of a model that computes its own loss, `model(**batch).loss`, as transformers' models do.

    The loss of a batch is a mean over its labels, over those that are shifted by one, or over its rows: which one is
    found on the first batch, by comparing it with the losses of its rows. The objective is then the mean over all of
    them, however the loader batches: what one batch of everything would give.

    Args:
        model: for whatever task, in the dtype it is trained in.
        loader: of batches with "labels" (or what the model calls them), dictionaries or BatchEncodings.
        count: batch -> over how much its loss is a mean, where that is something else.
        options: as of `Objective`: metrics (model, batch) -> scalar, parameters, test_data.

    Raises:
        ObjectiveError: batches without a loss, or of which it cannot be found over what their loss is a mean.
    """
    first = next(iter(loader), None)
    if not isinstance(first, Mapping):
        raise ObjectiveError(
            f"expected a loader of batches by name, input_ids and labels; got {type(first).__name__}: for others use "
            "Objective(model, batch_loss=...)"
        )
    counted = count or _counted_by(model, first)
    return Objective(model, batch_loss=_own_loss, data=loader, count=counted, **options)


def _own_loss(model: nn.Module, batch: Mapping[str, Any]) -> Tensor:
    found = model(**batch)
    loss = found.get("loss") if isinstance(found, Mapping) else getattr(found, "loss", None)
    if not isinstance(loss, Tensor):
        raise ObjectiveError(
            f"expected a model that returns its loss; {type(model).__name__} returned none for a batch of "
            f"{', '.join(map(str, batch))}: its batches need labels"
        )
    return loss


@dataclass(frozen=True)
class _Labels:
    """How many labels count, of a batch; those of a model that predicts the next token, without the first."""

    shifted: bool

    def __call__(self, batch: Mapping[str, Any]) -> int:
        labels = batch["labels"]
        return int((labels[..., 1:] if self.shifted else labels).ne(_IGNORED).sum())


def _rows(batch: Mapping[str, Any]) -> int:
    return max((len(each) for each in batch.values() if isinstance(each, Tensor) and each.dim()), default=1)


def _counted_by(model: nn.Module, batch: Mapping[str, Any]) -> Count:
    """Return over what the loss of a batch is a mean, as its rows tell."""
    labels = batch.get("labels")
    whole_labels = isinstance(labels, Tensor) and not labels.is_floating_point()
    sequences = whole_labels and isinstance(labels, Tensor) and labels.dim() > 1
    counts: list[Count] = [_Labels(True), _Labels(False), _rows] if sequences else [_rows]
    device = next(model.parameters()).device
    moved = {name: each.to(device) if isinstance(each, Tensor) else each for name, each in batch.items()}
    with modes_kept(model), torch.no_grad():
        model.eval()
        loss = _own_loss(model, moved)
        rows = [_row(moved, i) for i in range(_rows(moved))]
        losses = [_own_loss(model, row) for row in rows]
    for count in counts:
        shares = torch.tensor([count(row) for row in rows], dtype=torch.float64)
        if not shares.sum():
            continue
        made = sum(float(share) * float(each) for share, each in zip(shares, losses, strict=True) if share)
        if abs(made / float(shares.sum()) - float(loss)) <= _ROUNDINGS * torch.finfo(loss.dtype).eps * abs(float(loss)):
            return count
    raise ObjectiveError(
        f"expected the loss of {type(model).__name__} to be a mean over labels or rows; that of the first batch is "
        "neither: say with count=, a function of a batch, over how much it is a mean"
    )


def _row(batch: Mapping[str, Any], i: int) -> dict[str, Any]:
    """Return one row of a batch; what has no rows stays."""
    rows = _rows(batch)
    return {name: each[i : i + 1] if isinstance(each, Tensor) and each.dim() and len(each) == rows else each
            for name, each in batch.items()}  # fmt: skip
