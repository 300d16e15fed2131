"""Checkpoints of a model <-> theta."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

import torch
from torch import Tensor, nn

from explorer.checkpoints.contents import WeightSet, stored, weight_sets
from explorer.checkpoints.matching import Fit, Template
from explorer.checkpoints.prefixes import without_wrappers
from explorer.errors import CheckpointError
from explorer.objective import Objective
from explorer.objective.parameters import Layout
from explorer.signature import checked
from explorer.warned import warn

Source = Path | str | Mapping[str, Any] | nn.Module | Tensor
"""A file or folder of weights, a state dict, alone or within others, a module, or theta itself."""


@dataclass(frozen=True, eq=False, repr=False)
class Checkpoint:
    """A theta, and the buffers that were saved with it."""

    theta: Tensor
    """[P]."""
    buffers: Mapping[str, Tensor]
    """Name -> tensor, as far as they were there: BatchNorm's statistics belong to the weights."""

    def __repr__(self) -> str:
        """Return what it is, in a line."""
        return f"Checkpoint(theta {list(self.theta.shape)} {self.theta.dtype}, {len(self.buffers)} buffers)"

    def loss(self, objective: Objective) -> float:
        """Return the checkpoint's own loss: with its own buffers."""
        # A term may call autograd itself, so gradients stay possible; theta asks for none.
        theta = self.theta.to(device=objective.device, dtype=objective.dtype)
        with torch.enable_grad():
            return float(objective.with_buffers(_by_own_names(self.buffers, objective))(theta).detach())


@checked
def read_checkpoint(objective: Objective, source: Source, *, key: str | None = None) -> Tensor:
    """Return theta [P], of the objective's dtype on its device, from weights of the model.

    They are found by names and shapes: in a state_dict, alone or under any keys of a file; with the prefixes that
    DataParallel, torch.compile, FSDP, Lightning and others put before names, or without the model's own; under the old
    names that the model's hooks for loading know; in a folder of Hugging Face's or in shards. Where a module has a way
    of its own to save or load, they are what a copy of the model holds after loading. A weight that the model ties and
    that is stored several times is the last of them, as PyTorch loads it, with a warning where they differ. What theta
    leaves out is not in it: parameters that were not chosen, and buffers, such as BatchNorm's statistics, which
    `own_checkpoint` reads.

    Args:
        objective: with the model.
        source: file or folder; state dict; module; or theta.
        key: which of several sets of weights, where more than one fits, such as raw and averaged ones.

    Raises:
        CheckpointError: no weights, not of this model (naming what is missing, unexpected or of another shape), several
            that fit, or entries that are not finite.
    """
    return own_checkpoint(objective, source, key=key).theta


def own_checkpoint(objective: Objective, source: Source, *, key: str | None = None) -> Checkpoint:
    """Return theta and the buffers beside it, with a warning where there are only some of the model's; arguments and
    errors as of `read_checkpoint`."""
    found = checkpoint_in(source, next(objective.modules()), objective.layout, objective.theta, key=key)
    if not bool(found.theta.isfinite().all()):
        raise CheckpointError(
            f"expected finite weights in {named(source)}; some are NaN or infinite: take an earlier checkpoint"
        )
    return found


def checkpoint_in(
    source: Source, model: nn.Module, layout: Layout, like: Tensor, *, key: str | None = None
) -> Checkpoint:
    """Return theta, finite or not, and buffers of a model from a source.

    Args:
        source, key: as of `read_checkpoint`.
        model, layout: whose names are looked for.
        like: a theta [P] of the dtype and on the device that are asked for.

    Raises:
        CheckpointError: as `read_checkpoint`.
    """
    if isinstance(source, Tensor):
        if source.shape != like.shape or source.is_complex():
            raise CheckpointError(
                f"expected theta {tuple(like.shape)}, real (of complex parameters both parts, as layout.flatten gives "
                f"them); got {tuple(source.shape)} {source.dtype}"
            )
        return Checkpoint(source.detach().to(like), {})
    fit = _chosen(source, Template(model, layout, named(source)), key)
    _tell(fit, source)
    try:
        parameters = {name: each.to(like.device) for name, each in fit.parameters.items()}
        return Checkpoint(layout.flatten(parameters).to(like), dict(fit.buffers))
    # Sparse, quantized and empty ("meta") tensors have names and shapes, too.
    except Exception as error:
        raise CheckpointError(f"expected plain tensors in {named(source)}; {error}") from error


def _by_own_names(buffers: Mapping[str, Tensor], objective: Objective) -> Mapping[str, Tensor]:
    """Return buffers by the names in the objective's model, which may be wrapped where the recorded one was not."""
    own = [name for name, _ in next(objective.modules()).named_buffers()]
    wrapped = {without_wrappers(name): name for name in own}
    return {name if name in own else wrapped.get(without_wrappers(name), name): each for name, each in buffers.items()}


def named(source: Source) -> str:
    """Return what a source is called in messages."""
    if isinstance(source, (str, Path)):
        return str(source)
    return "the state dict" if isinstance(source, Mapping) else f"the {type(source).__name__}"


def _chosen(source: Source, template: Template, key: str | None) -> Fit:
    """Return the set of weights that is the model's. Raises CheckpointError: none is, or several are."""
    sets = _sets(source)
    if not sets:
        raise CheckpointError(f"expected a state_dict in {named(source)}, name -> tensor, alone or under some key")
    fits = [fit for each in sets for fit in template.fits(each)]
    fits = fits or [fit for each in sets if (fit := template.by_loading(each)) is not None]
    if key is not None:
        fits = [fit for fit in fits if key in (fit.where, *fit.where.split("/"))] or _none_under(source, key, fits)
    elif any(fit.beside <= fit.size for fit in fits):
        fits = [fit for fit in fits if fit.beside <= fit.size]
    elif fits:
        raise CheckpointError(
            f"expected the weights of {type(template.model).__name__} in {named(source)}; those that fit are the "
            f"smaller part of a larger model: say that they are meant, with key={fits[0].where!r}"
        )
    if not fits:
        _refuse_other_model(source, template, sets)
    fits = sorted(fits, key=lambda fit: -len(fit.buffers))
    if any(not fit.equals(fits[0]) for fit in fits[1:]):
        listed = ", ".join(repr(fit.where) for fit in fits)
        raise CheckpointError(
            f"expected one set of weights in {named(source)}; {len(fits)} fit: {listed}: say which with "
            f"key={fits[-1].where!r}"
        )
    return fits[0]


def _tell(fit: Fit, source: Source) -> None:
    """Warn of what was taken otherwise than it may seem."""
    told = {
        "parameters that the model ties are stored with different values, and the last is taken, as PyTorch does": (
            fit.untied
        ),
        "buffers of the model are missing beside others, and its own stay in their place": fit.without,
    }
    for what, names in told.items():
        if names:
            warn(f"{named(source)}: {what}: {_some(names)}")


def _sets(source: Source) -> list[WeightSet]:
    if isinstance(source, nn.Module):
        return list(weight_sets(source.state_dict(), depth=0))
    if isinstance(source, Mapping):
        return list(weight_sets(source))
    if not isinstance(source, (str, Path)):
        raise CheckpointError(
            f"expected a file or folder of weights, a state dict, a module or a theta; got {type(source).__name__}"
        )
    return list(weight_sets(stored(Path(source))))


def _none_under(source: Source, key: str, fits: Sequence[Fit]) -> NoReturn:
    there = ", ".join(repr(fit.where) for fit in fits) or "none"
    raise CheckpointError(f"expected weights of this model under {key!r} in {named(source)}; those that fit: {there}")


def _refuse_other_model(source: Source, template: Template, sets: Sequence[WeightSet]) -> NoReturn:
    told = {each.where: template.complaints(each) for each in sets}
    where = min(told, key=lambda each: sum(map(len, told[each].values())))
    listed = "; ".join(f"{kind}: {_some(names)}" for kind, names in told[where].items())
    under = "" if where == "/" else f" (under {where!r})"
    raise CheckpointError(
        f"expected the weights of {type(template.model).__name__} in {named(source)}{under}; {listed}"
    )


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
