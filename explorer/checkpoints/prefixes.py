"""Prefixes: how the names of stored weights differ from a model's own."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from torch import Tensor

_WRAPPERS = re.compile(
    r"(?:^|(?<=\.))(?:module|_orig_mod|_module|_fsdp_wrapped_module|_checkpoint_wrapped_module|default)\."
)
"""What DataParallel, torch.compile, Opacus, FSDP, checkpoint wrappers and peft's adapters put into names."""


@dataclass(frozen=True, order=True)
class Prefix:
    """How stored names begin other than the model's own."""

    added: str = ""
    """What the stored ones begin with besides."""
    removed: str = ""
    """What the model's own begin with besides."""

    def stored(self, own: str) -> str:
        """Return what is stored for an own name; what does not begin as it should is stored under no name."""
        return self.added + own.removeprefix(self.removed) if own.startswith(self.removed) else ""

    def own(self, stored: str) -> str:
        """Return the own name of what is stored."""
        return self.removed + stored.removeprefix(self.added)

    def within(self, where: str) -> str:
        """Return what a set with this prefix is called, by where it lies."""
        return where if not self.added else self.added if where == "/" else f"{where}/{self.added}"


def prefixes_for(aliases: Sequence[str], stored: Mapping[str, Tensor]) -> list[Prefix]:
    """Return how stored names may differ from a model's own, by the names of one of its parameters: all must fit."""
    found = set()
    for alias in aliases:
        found |= {Prefix(added=name.removesuffix(alias)) for name in stored if name.endswith(alias)}
        found |= {Prefix(removed=alias.removesuffix(name)) for name in stored if alias.endswith(f".{name}")}
    return sorted(found)


def as_it_is(name: str) -> str:
    """Return a name."""
    return name


def without_wrappers(name: str) -> str:
    """Return a name without what wrappers around a model, or within it, put into it."""
    return _WRAPPERS.sub("", name)
