"""Hugging Face's models with the batches of a collator: their own loss, over what it is a mean of."""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Any

import torch
from torch import Tensor, nn

from explorer.errors import ObjectiveError
from explorer.objective import Objective
from explorer.objective.copies import modes_kept

_IGNORED = -100
_ROUNDINGS = 1e3
"""In units of eps: means over rows apart are sums in another order."""

_COARSE = 0.02
"""Never more than this: half precision has an eps of 1e-3, bfloat16 of 8e-3."""

Count = Callable[[Mapping[str, Any]], int]


def hugging_face(model: nn.Module, loader: Iterable[Any], *, count: Count | None = None, **options: Any) -> Objective:
    """Return the objective of a model that computes its own loss, `model(**batch).loss`, as transformers' models do.

    The loss of a batch is a mean over its labels, over those that are shifted by one, or over its rows: which one is
    found by comparing it with the losses of its rows, until the batches tell. The objective is then the mean over all
    of them, however the loader batches: what one batch of everything would give.

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
    counted = count or _counted_by(model, first, loader)
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


def _counted_by(model: nn.Module, first: Mapping[str, Any], loader: Iterable[Any]) -> Count:
    """Return over what the loss of a batch is a mean, as the losses of its rows tell: of the first batch, of rows of it
    with few labels, and then of the others, until one is left."""
    left = _candidates(first)
    for batch, is_sure in chain([(first, True)], _probes(first), ((each, True) for each in loader)):
        fitting = _fitting(model, batch, left, is_sure=is_sure)
        # A model that knows no label -100 does not tell anything of rows with some.
        left = fitting if fitting or is_sure else left
        if len(left) <= 1:
            break
    if not left:
        raise ObjectiveError(
            f"expected the loss of {type(model).__name__} to be a mean over labels or rows; that of a batch is "
            "neither: say with count=, a function of a batch, over how much it is a mean"
        )
    if not _same_shares(left, loader):
        raise ObjectiveError(
            f"expected batches that tell over what the loss of {type(model).__name__} is a mean; labels and rows fit "
            "alike: say with count=, a function of a batch, over how much it is a mean"
        )
    return left[0]


def _candidates(batch: Mapping[str, Any]) -> list[Count]:
    labels = batch.get("labels")
    if not isinstance(labels, Tensor) or labels.is_floating_point():
        return [_rows]
    return [_Labels(True), _Labels(False), _rows] if labels.dim() > 1 else [_rows, _Labels(False)]


def _probes(batch: Mapping[str, Any]) -> Iterator[tuple[Mapping[str, Any], bool]]:
    """Yield a batch of copies of one row with other labels left out of each; nothing where it has too few."""
    labels = batch.get("labels")
    if not isinstance(labels, Tensor) or labels.is_floating_point() or not labels.dim():
        return
    chosen = labels.ne(_IGNORED).reshape(len(labels), -1).sum(1).argmax()
    row = _row(batch, int(chosen))
    places = row["labels"].reshape(-1).ne(_IGNORED).nonzero()[:, 0].tolist()
    # One of several positions has the first label, which a shifted loss leaves out.
    few = (
        [[places[0], places[2]], [places[1]], places[3:6]] if len(places) >= 6 else [[places[0]], []] if places else []
    )
    if not few or (labels.dim() > 1 and len(places) < 6):
        return
    copies = {name: each.repeat_interleave(len(few), 0) if isinstance(each, Tensor) and each.dim() else each
              for name, each in row.items()}  # fmt: skip
    made = torch.full_like(copies["labels"], _IGNORED)
    for target, source, kept in zip(made, copies["labels"], few, strict=True):
        target.reshape(-1)[kept] = source.reshape(-1)[kept]
    yield {**copies, "labels": made}, False


def _fitting(model: nn.Module, batch: Mapping[str, Any], counts: list[Count], *, is_sure: bool) -> list[Count]:
    """Return those by which the rows of a batch make its loss."""
    eps = max(torch.finfo(each.dtype).eps for each in model.parameters() if each.is_floating_point())
    device = next(model.parameters()).device
    moved = {name: each.to(device) if isinstance(each, Tensor) else each for name, each in batch.items()}
    rows = [_row(moved, i) for i in range(_rows(moved))]
    try:
        with modes_kept(model), torch.no_grad():
            model.eval()
            loss, losses = float(_own_loss(model, moved)), [float(_own_loss(model, row)) for row in rows]
    except Exception:
        if is_sure:
            raise
        return []
    close = min(_ROUNDINGS * eps, _COARSE) * abs(loss)
    return [count for count in counts if abs(_made(count, rows, losses) - loss) <= close]


def _made(count: Count, rows: Sequence[Mapping[str, Any]], losses: Sequence[float]) -> float:
    shares = [count(row) for row in rows]
    total = sum(share * each for share, each in zip(shares, losses, strict=True) if share)
    return total / sum(shares) if any(shares) else math.nan


def _same_shares(counts: Sequence[Count], loader: Iterable[Any]) -> bool:
    """Return whether these counts weight the batches alike."""
    if len(counts) == 1:
        return True
    told = torch.tensor([[count(batch) for count in counts] for batch in loader], dtype=torch.float64)
    shares = told / told.sum(0)
    return torch.allclose(shares, shares[:, :1].expand_as(shares), rtol=1e-12, atol=0.0)


def _row(batch: Mapping[str, Any], i: int) -> dict[str, Any]:
    """Return one row of a batch; what has no rows stays."""
    rows = _rows(batch)
    return {name: each[i : i + 1] if isinstance(each, Tensor) and each.dim() and len(each) == rows else each
            for name, each in batch.items()}  # fmt: skip
