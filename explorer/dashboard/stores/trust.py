"""Trust: which factories a store may name. A store is data of others: it must not make the server import anything."""

import importlib
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.errors import ExplorerError
from explorer.landscape import nested
from explorer.objective import Objective

_WORDS = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)
MOST_CHARACTERS = 300


class UnloadableError(ExplorerError, ValueError):
    """Raised when a store's objective is not loaded; the sentence says why."""


@dataclass(frozen=True)
class Source:
    """Where an objective comes from: a function by its module's name, and its keywords."""

    module: str
    function: str
    kwargs: Mapping[str, Any]
    recomputed: bool = False
    """Whether BatchNorm's statistics are those of the data."""

    def load(self) -> Objective:
        """Import the module, call the function.

        Raises:
            UnloadableError: that fails, or what comes is no objective.
        """
        words = f"{self.module}:{self.function}"
        try:
            # Whatever a module of the user's does while it is imported or called is told, not passed on.
            made = self._found()(**self.kwargs)
        except Exception as error:
            raise UnloadableError(f"{words} could not be loaded here: {error!r}"[:300]) from error
        if not isinstance(made, Objective):
            raise UnloadableError(f"{words} was expected to return an Objective; got {made!r:.80}")
        # Of what a store says no more is taken over than this word.
        return made.with_recomputed_batchnorm() if self.recomputed else made

    def _found(self) -> Callable[..., Any]:
        module = importlib.import_module(self.module)
        function = getattr(module, self.function)
        # What a module has imported from elsewhere is not its own: trust in one is not trust in all it uses.
        if getattr(function, "__module__", None) != self.module:
            raise UnloadableError(f"{self.function} is not defined in {self.module}")
        found: Callable[..., Any] = function
        return found


def source_of(attrs: Mapping[str, Any], trusted: tuple[str, ...]) -> Source:
    """Return the source in a store's attributes.

    Args:
        attrs: of the store.
        trusted: modules, each with what lies below it, from which factories may be called.

    Raises:
        UnloadableError: the store names none, or one that is not trusted.
    """
    source = nested(attrs, "source", dict)
    words, kwargs = source.get("factory"), source.get("kwargs", {})
    if words is None:
        raise UnloadableError("this store does not say which function made its objective (it was swept from Python)")
    found = _WORDS.fullmatch(words[:MOST_CHARACTERS]) if isinstance(words, str) else None
    if found is None or not isinstance(kwargs, dict):
        raise UnloadableError("this store names its objective's function in a way that cannot be read")
    module, function = found.groups()
    if not any(module == name or module.startswith(f"{name}.") for name in trusted):
        raise UnloadableError(
            f"the server may not import {module}: start it with --trust {module.split('.')[0]} if you trust that code"
        )
    return Source(module, function, kwargs, source.get("batchnorm") == "recompute")
