"""Matching: a model's own names <-> those of stored weights, by names and shapes, wrappers and prefixes aside."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor, nn

from explorer.checkpoints.contents import WeightSet
from explorer.objective.batchnorm import RecomputedBatchNorm
from explorer.objective.copies import copied
from explorer.objective.parameters import Layout

_WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:module|_orig_mod|_module|_fsdp_wrapped_module|_checkpoint_wrapped_module|default)\."
)
"""What DataParallel, torch.compile, Opacus, FSDP, checkpoint wrappers and peft's adapters put into names."""
_BESIDE = ("n_averaged",)
"""What AveragedModel keeps beside the weights."""

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""What a BatchNorm layer has no use for where its statistics are recomputed."""

Complaints = dict[str, list[str]]
"""What does not fit -> the names."""


@dataclass(frozen=True, eq=False)
class Fit:
    """Stored tensors by a model's own names."""

    where: str
    """The set, and what its names begin with."""
    parameters: Mapping[str, Tensor]
    """First name -> tensor, of the layout's parameters."""
    buffers: Mapping[str, Tensor]
    """Name -> tensor, of those that are there."""
    beside: int = 0
    """How many numbers lie in the set that are not the model's."""

    @cached_property
    def size(self) -> int:
        """How many numbers the parameters are."""
        return sum(each.numel() for each in self.parameters.values())

    def equals(self, other: "Fit") -> bool:
        """Return whether both hold the same parameters."""
        return all(torch.equal(each, other.parameters[name]) for name, each in self.parameters.items())


@dataclass(frozen=True, order=True)
class _Shift:
    """How stored names differ from the model's own."""

    added: str = ""
    """What the stored ones begin with besides."""
    removed: str = ""
    """What the model's own begin with besides."""

    def stored(self, own: str) -> str:
        """Return what is stored for an own name; what does not begin as it should is stored under no name."""
        return self.added + own.removeprefix(self.removed) if own.startswith(self.removed) else ""

    def own(self, stored: str) -> str:
        return self.removed + stored.removeprefix(self.added)


class Template:
    """The names and shapes of a model, as weights are looked for.

    Args:
        model: whose.
        layout: which of its parameters are wanted.
    """

    def __init__(self, model: nn.Module, layout: Layout) -> None:
        self.model, self.layout = model, layout
        first = {parameter: name for name, parameter in model.named_parameters()}
        self._aliases: dict[str, list[str]] = {name: [] for name in first.values()}
        for alias, parameter in model.named_parameters(remove_duplicate=False):
            self._aliases[first[parameter]].append(_clean(alias))
        self._buffers = {_clean(name): name for name, _ in model.named_buffers(remove_duplicate=False)}
        own = [alias for aliases in self._aliases.values() for alias in aliases]
        left = [_clean(f"{name}.{each}") for name, module in model.named_modules() for each in _STATISTICS
                if isinstance(module, RecomputedBatchNorm)]  # fmt: skip
        self._known = {*own, *self._buffers, *map(_clean, model.state_dict()), *left, *_BESIDE}

    def fits(self, found: WeightSet) -> Iterator[Fit]:
        """Yield every way in which a set is the model's: by names as they are, under a prefix, or without one."""
        have = _cleaned(found.weights)
        whole = {shift: self._parameters(have, shift) for shift in self._shifts(have)}
        whole = {shift: each for shift, each in whole.items() if not self._unfit(each)}
        # Averages beside the weights, ema_..., are no names too many, but another set that fits.
        theirs = {id(each) for parameters in whole.values() for each in parameters.values()}
        for shift, parameters in whole.items():
            if all(id(have[name]) in theirs for name in self._unexpected(have, shift)):
                beside = sum(each.numel() for name, each in have.items() if shift.own(name) not in self._known)
                yield Fit(_named(found.where, shift), parameters, self._own_buffers(have, shift), beside)

    def by_loading(self, found: WeightSet) -> Fit | None:
        """Return the set as the model's own hooks for loading read it, such as old names of weight_norm; None where
        they do not."""
        if "not floating point" in self.complaints(found):
            return None
        for prefix in ("", *sorted({f"{name.split('.')[0]}." for name in found.weights})):
            under = {name.removeprefix(prefix): each for name, each in found.weights.items() if name.startswith(prefix)}
            if 2 * len(under) < len(self.layout.shapes):
                # Names change in loading, numbers of tensors hardly; a copy of the model takes room.
                continue
            other = copied(self.model)
            try:
                missing, unexpected = other.load_state_dict(under, strict=False)
            except (RuntimeError, TypeError, AttributeError):
                continue
            if not missing and not unexpected:
                params = dict(other.named_parameters())
                parameters = {name: params[name].detach() for name in self.layout.shapes}
                return Fit(_named(found.where, _Shift(prefix)), parameters, dict(other.named_buffers()))
        return None

    def complaints(self, found: WeightSet) -> Complaints:
        """Return what keeps a set from being the model's, by names as they are or under the prefix that fits best."""
        have = _cleaned(found.weights)
        tried = [
            self._complaints(have, shift, self._parameters(have, shift)) for shift in (_Shift(), *self._shifts(have))
        ]
        return min(tried, key=lambda each: sum(map(len, each.values())))

    def _complaints(self, have: Mapping[str, Tensor], shift: _Shift, found: Mapping[str, Tensor]) -> Complaints:
        unexpected = self._unexpected(have, shift)
        return self._unfit(found) | ({"unexpected": unexpected} if unexpected else {})

    def _unexpected(self, have: Mapping[str, Tensor], shift: _Shift) -> list[str]:
        return [name for name in have if name.startswith(shift.added) and shift.own(name) not in self._known]

    def _unfit(self, found: Mapping[str, Tensor]) -> Complaints:
        """Return what keeps parameters, by own names, from being the model's."""
        shapes = self.layout.shapes
        other = [f"{name} {tuple(found[name].shape)} for {self._shape(name)}" for name in shapes
                 if name in found and _parts(found[name]) != shapes[name]]  # fmt: skip
        complaints = {
            "missing": [name for name in shapes if name not in found],
            "of another shape": other,
            "not floating point": [name for name in shapes if name in found and not _has_fractions(found[name])],
        }
        return {kind: names for kind, names in complaints.items() if names}

    def _shifts(self, have: Mapping[str, Tensor]) -> list[_Shift]:
        """Return how the names may differ. One parameter tells: all must fit."""
        shifts = set()
        for alias in self._aliases[next(iter(self.layout.shapes))]:
            shifts |= {_Shift(added=name.removesuffix(alias)) for name in have if name.endswith(alias)}
            shifts |= {_Shift(removed=alias.removesuffix(name)) for name in have if alias.endswith(f".{name}")}
        return sorted(shifts)

    def _parameters(self, have: Mapping[str, Tensor], shift: _Shift) -> dict[str, Tensor]:
        found = {}
        for name in self.layout.shapes:
            stored = [have[key] for key in map(shift.stored, self._aliases[name]) if key in have]
            if stored:
                found[name] = stored[0]
        return found

    def _own_buffers(self, have: Mapping[str, Tensor], shift: _Shift) -> dict[str, Tensor]:
        own = dict(self.model.named_buffers(remove_duplicate=False))
        stored = {name: have[key] for clean, name in self._buffers.items() if (key := shift.stored(clean)) in have}
        return {name: each for name, each in stored.items() if each.shape == own[name].shape}

    def _shape(self, name: str) -> tuple[int, ...]:
        return tuple(dict(self.model.named_parameters())[name].shape)


def _cleaned(weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
    """Return weights by names without wrappers, if these still tell them apart."""
    cleaned = {_clean(name): each for name, each in weights.items()}
    return cleaned if len(cleaned) == len(weights) else weights


def _clean(name: str) -> str:
    return _WRAPPERS.sub("", name)


def _named(where: str, shift: _Shift) -> str:
    return where if not shift.added else shift.added if where == "/" else f"{where}/{shift.added}"


def _parts(tensor: Tensor) -> tuple[int, ...]:
    """Return the shape of a tensor as a layout tells it."""
    return (*tensor.shape, 2) if tensor.is_complex() else tuple(tensor.shape)


def _has_fractions(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()
