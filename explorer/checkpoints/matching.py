"""Matching: a model's own names <-> those of stored weights, by names and shapes, wrappers and prefixes aside."""

from collections.abc import Callable, Iterator, Mapping, Set
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import torch
from torch import Tensor, nn

from explorer.checkpoints.contents import WeightSet
from explorer.checkpoints.own_loading import has_own_loading, loaded
from explorer.checkpoints.prefixes import Prefix, as_it_is, prefixes_for, without_wrappers
from explorer.errors import CheckpointError
from explorer.objective.batchnorm import RecomputedBatchNorm
from explorer.objective.parameters import Layout

_BESIDE = ("n_averaged",)
"""What AveragedModel keeps beside the weights."""

_STATISTICS = ("running_mean", "running_var", "num_batches_tracked")
"""What a BatchNorm layer has no use for where its statistics are recomputed."""

_COUNTED = _STATISTICS[-1]
"""What PyTorch itself does without in files of old versions."""

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
    untied: tuple[str, ...] = ()
    """Parameters that are stored under several names, with different values."""
    without: tuple[str, ...] = ()
    """Buffers that are not there, beside others that are."""

    @cached_property
    def size(self) -> int:
        """How many numbers the parameters are."""
        return sum(each.numel() for each in self.parameters.values())

    def equals(self, other: "Fit") -> bool:
        """Return whether both hold the same parameters and buffers."""
        mine, theirs = {**self.buffers, **self.parameters}, {**other.buffers, **other.parameters}
        return all(_same(each, theirs[name]) for name, each in mine.items() if name in theirs)


class Template:
    """The names and shapes of a model, as weights are looked for.

    Args:
        model: whose.
        layout: which of its parameters are wanted.
        source: what the source is called in messages.
    """

    def __init__(self, model: nn.Module, layout: Layout, source: str) -> None:
        self.model, self.layout, self.source = model, layout, source
        # A submodule may itself be called as a wrapper is: names as they are come first.
        saved = set(model.state_dict())
        self._names = [_Names(model, layout, saved, reading) for reading in (as_it_is, without_wrappers)]
        self._has_own_loading = has_own_loading(model)

    def fits(self, found: WeightSet) -> Iterator[Fit]:
        """Yield every way in which a set is the model's: by its very names, by names as they are under a prefix or
        without one, or by names without those of wrappers.

        Raises:
            CheckpointError: names and shapes fit, and what the model does in loading fails.
        """
        exact, *_ = self._names
        ways = [(exact, [Prefix()])] if found.weights.keys() <= exact.known else []
        ways += [(names, names.prefixes(names.read(found.weights))) for names in self._names]
        for names, prefixes in ways:
            fits = list(self._fits(found, names, prefixes))
            if fits:
                yield from fits
                return

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
            try:
                other, missing, unexpected = loaded(self.model, under, _under(prefix, found.versions))
            except Exception:  # Whatever the model's own code for loading raises.
                continue
            if not missing and not unexpected:
                return self._taken(other, Prefix(prefix).within(found.where))
        return None

    def complaints(self, found: WeightSet) -> Complaints:
        """Return what keeps a set from being the model's, by the names that fit best."""
        tried = []
        for names in self._names:
            have = names.read(found.weights)
            tried += [names.complaints(have, prefix) for prefix in (Prefix(), *names.prefixes(have))]
        return min(tried, key=lambda each: sum(map(len, each.values())))

    def _fits(self, found: WeightSet, names: "_Names", prefixes: list[Prefix]) -> Iterator[Fit]:
        have = names.read(found.weights)
        whole = [prefix for prefix in prefixes if not names.unfit(have, prefix)]
        # Averages beside the weights, ema_..., are no names too many, but another set that fits.
        theirs = {
            id(each)
            for prefix in whole
            for each in (*names.parameters(have, prefix).values(), *names.buffers(have, prefix).values())
        }
        for prefix in whole:
            if all(id(have[name]) in theirs for name in names.unexpected(have, prefix)):
                # What another set that fits holds makes this one no part of a larger model.
                others = {name: each for name, each in have.items() if id(each) not in theirs}
                yield self._fit(found, names, have, prefix, names.beside(others, prefix))

    def _fit(self, found: WeightSet, names: "_Names", have: Mapping[str, Tensor], prefix: Prefix, beside: int) -> Fit:
        where = prefix.within(found.where)
        buffers = names.buffers(have, prefix)
        without = tuple(name for name in names.needed if name not in buffers) if buffers else ()
        if self._has_own_loading and not found.as_in_model:
            own, versions = names.own(have, prefix), names.versions(found.versions, prefix)
            try:
                other, _, _ = loaded(self.model, own, versions)
            except Exception as error:  # Whatever the model's own code for loading raises.
                raise CheckpointError(
                    f"expected weights that {type(self.model).__name__} takes, in {self.source} under {where!r}; names "
                    f"and shapes fit, and its own code for loading raised {error!r}"
                ) from error
            taken = self._taken(other, where)
            kept = {name: taken.buffers[name] for name in buffers}
            return Fit(where, taken.parameters, kept, beside, without=without)
        parameters = names.parameters(have, prefix)
        return Fit(where, parameters, buffers, beside, tuple(names.untied(have, prefix)), without)

    def _taken(self, model: nn.Module, where: str) -> Fit:
        """Return what a model that has loaded weights holds."""
        parameters = dict(model.named_parameters())
        return Fit(where, {name: parameters[name].detach() for name in self.layout.shapes}, dict(model.named_buffers()))


class _Names:
    """A model's own names, those in its files among them, in one reading."""

    def __init__(self, model: nn.Module, layout: Layout, saved: Set[str], reading: Callable[[str], str]) -> None:
        self._model, self._layout, self._reading = model, layout, reading
        first = {parameter: name for name, parameter in model.named_parameters()}
        self._aliases: dict[str, list[str]] = {name: [] for name in first.values()}
        for alias, parameter in model.named_parameters(remove_duplicate=False):
            self._aliases[first[parameter]].append(reading(alias))
        self.saved_buffers = {name: each for name, each in model.named_buffers(remove_duplicate=False) if name in saved}
        self.needed = [name for name, _ in model.named_buffers() if name in saved and not name.endswith(_COUNTED)]
        left = [reading(f"{name}.{each}") for name, module in model.named_modules() for each in _STATISTICS
                if isinstance(module, RecomputedBatchNorm)]  # fmt: skip
        own = [alias for aliases in self._aliases.values() for alias in aliases]
        others = [reading(name) for name, _ in model.named_buffers(remove_duplicate=False)]
        self.known = {*own, *others, *map(reading, saved), *left, *_BESIDE}
        parameters = [name for name, _ in model.named_parameters(remove_duplicate=False)]
        self._real = {reading(name): name for name in (*parameters, *saved)}

    def read(self, weights: Mapping[str, Tensor]) -> Mapping[str, Tensor]:
        """Return weights by names in this reading, if these still tell them apart."""
        found = {self._reading(name): each for name, each in weights.items()}
        return found if len(found) == len(weights) else weights

    def prefixes(self, have: Mapping[str, Tensor]) -> list[Prefix]:
        """Return how stored names may differ from the own."""
        return prefixes_for(self._aliases[next(iter(self._layout.shapes))], have)

    def parameters(self, have: Mapping[str, Tensor], prefix: Prefix) -> dict[str, Tensor]:
        """Return what is stored, by first names; of several names of one parameter the last that is stored, as PyTorch
        loads them one over the other."""
        return {name: stored[-1] for name, stored in self._stored(have, prefix).items()}

    def untied(self, have: Mapping[str, Tensor], prefix: Prefix) -> list[str]:
        """Return which parameters are stored under several names with different values."""
        return [
            name
            for name, stored in self._stored(have, prefix).items()
            if any(not _same(each, stored[-1]) for each in stored)
        ]

    def buffers(self, have: Mapping[str, Tensor], prefix: Prefix) -> dict[str, Tensor]:
        """Return the buffers that are stored, by own names."""
        keys = {name: prefix.stored(self._reading(name)) for name in self.saved_buffers}
        return {name: have[key] for name, key in keys.items() if key in have}

    def own(self, have: Mapping[str, Tensor], prefix: Prefix) -> dict[str, Tensor]:
        """Return all that is stored under the prefix, by the names in the model's own files."""
        read = {prefix.own(name): each for name, each in have.items() if name.startswith(prefix.added)}
        return {self._real.get(name, name): each for name, each in read.items()}

    def versions(self, found: Mapping[str, Any] | None, prefix: Prefix) -> dict[str, Any] | None:
        """Return what is kept of the modules' versions, by own names of modules."""
        if found is None:
            return None
        read = {prefix.own(self._reading(f"{name}.") if name else ""): each for name, each in found.items()}
        own = {self._reading(f"{name}.") if name else "": name for name, _ in self._model.named_modules()}
        return {own[name]: each for name, each in read.items() if name in own}

    def beside(self, have: Mapping[str, Tensor], prefix: Prefix) -> int:
        """Return how many numbers are stored that are not the model's."""
        return sum(each.numel() for name, each in have.items() if prefix.own(name) not in self.known)

    def unexpected(self, have: Mapping[str, Tensor], prefix: Prefix) -> list[str]:
        """Return the names under the prefix that are not the model's."""
        return [name for name in have if name.startswith(prefix.added) and prefix.own(name) not in self.known]

    def complaints(self, have: Mapping[str, Tensor], prefix: Prefix) -> Complaints:
        """Return all that keeps what is stored from being the model's."""
        unexpected = self.unexpected(have, prefix)
        return self.unfit(have, prefix) | ({"unexpected": unexpected} if unexpected else {})

    def unfit(self, have: Mapping[str, Tensor], prefix: Prefix) -> Complaints:
        """Return which of the model's own entries are not there as they should be."""
        own: dict[str, Tensor] = {**dict(self._model.named_parameters()), **self.saved_buffers}
        wanted = list(self._layout.shapes)
        found = {**self.parameters(have, prefix), **self.buffers(have, prefix)}
        there = [name for name in wanted if name in found]
        complaints = {
            "missing": [name for name in wanted if name not in found],
            "of another shape": [f"{name} {tuple(found[name].shape)} for {tuple(own[name].shape)}"
                                 for name in found if found[name].shape != own[name].shape],
            "not floating point": [name for name in there if not _has_fractions(found[name])],
            "complex": [name for name in there if found[name].is_complex() and not own[name].is_complex()],
            "not complex": [name for name in there if own[name].is_complex() and not found[name].is_complex()],
        }  # fmt: skip
        return {kind: names for kind, names in complaints.items() if names}

    def _stored(self, have: Mapping[str, Tensor], prefix: Prefix) -> dict[str, list[Tensor]]:
        found = {}
        for name in self._layout.shapes:
            stored = [have[key] for key in map(prefix.stored, self._aliases[name]) if key in have]
            if stored:
                found[name] = stored
        return found


def _under(prefix: str, versions: Mapping[str, Any] | None) -> dict[str, Any] | None:
    if versions is None:
        return None
    return {f"{name}."[len(prefix) :].removesuffix("."): each for name, each in versions.items()
            if f"{name}.".startswith(prefix)}  # fmt: skip


def _same(one: Tensor, other: Tensor) -> bool:
    # Strange kinds of tensors are refused where they are read.
    plain = one.layout == other.layout == torch.strided and not (one.is_quantized or other.is_quantized)
    return one is other or not plain or one.is_meta or other.is_meta or torch.equal(one, other)


def _has_fractions(tensor: Tensor) -> bool:
    return tensor.is_floating_point() or tensor.is_complex()
