"""Trust: which functions a store may have called. A store is data of others: it must not make a server do anything."""

import importlib
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from explorer.dashboard.stores.objectives.keywords import refuse_keywords, returns
from explorer.errors import ExplorerError
from explorer.landscape import nested
from explorer.objective import Objective

_WORDS = re.compile(r"([A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*):([A-Za-z_]\w*)", re.ASCII)
MOST_CHARACTERS = 300


class UnloadableError(ExplorerError, ValueError):
    """Raised when a store's objective is not loaded; the sentence says why."""


@dataclass(frozen=True)
class Trust:
    """Which functions may be called for a store."""

    declared: tuple[str, ...] = ()
    """The catalogue's own, as `module:function`."""
    modules: tuple[str, ...] = ()
    """Each with what lies below it: those of their functions that are annotated as returning an `Objective`."""

    @staticmethod
    def of(factories: Iterable[Callable[..., Any]], modules: tuple[str, ...] = ()) -> "Trust":
        """Return trust in functions, and in modules.

        Raises:
            ValueError: a function that cannot be found again by its name, such as one within another.
        """
        words = tuple(f"{each.__module__}:{each.__qualname__}" for each in factories)
        nameless = [each for each in words if not _WORDS.fullmatch(each)]
        if nameless:
            raise ValueError(f"expected FACTORIES of functions at the top of a module; got {nameless[0]}")
        return Trust(words, modules)


@dataclass(frozen=True)
class Source:
    """Where an objective comes from: a function by its module's name, and its keywords."""

    module: str
    function: str
    kwargs: Mapping[str, Any]
    declared: bool
    """Whether the catalogue declares the function; else its annotation has to say what it returns."""
    recomputed: bool = False
    """Whether BatchNorm's statistics are those of the data."""

    def load(self) -> Objective:
        """Import the module, call the function: in a process of its own, since either may do anything.

        Raises:
            UnloadableError: that fails, or what comes is no objective.
        """
        words = f"{self.module}:{self.function}"
        try:
            made = self._found()(**self.kwargs)
        except UnloadableError:
            raise
        # Whatever a module of the user's does while it is imported or called is told: SystemExit too.
        except BaseException as error:
            raise UnloadableError(f"{words} could not be loaded here: {error!r}"[:300]) from error
        if not isinstance(made, Objective):
            raise UnloadableError(f"{words} was expected to return an Objective; got {made!r:.80}")
        # Of what a store says no more is taken over than this word.
        return made.with_recomputed_batchnorm() if self.recomputed else made

    def _found(self) -> Callable[..., Any]:
        words = f"{self.module}:{self.function}"
        function = getattr(importlib.import_module(self.module), self.function)
        # What a module has imported from elsewhere is not its own: trust in one is not trust in all it uses.
        if getattr(function, "__module__", None) != self.module:
            raise UnloadableError(f"{self.function} is not defined in {self.module}")
        if not self.declared and not returns(function, Objective):
            raise UnloadableError(
                f"{words} is not called for a store: it does not say that it returns an Objective; write "
                f"def {self.function}(...) -> explorer.Objective"
            )
        try:
            refuse_keywords(function, self.kwargs)
        except TypeError as error:
            raise UnloadableError(f"{words} is not called with what the store says: {error}"[:300]) from None
        found: Callable[..., Any] = function
        return found


def source_of(attrs: Mapping[str, Any], trust: Trust) -> Source:
    """Return the source in a store's attributes.

    Args:
        attrs: of the store.
        trust: which functions it may name.

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
    declared = words in trust.declared
    if not declared and not any(module == name or module.startswith(f"{name}.") for name in trust.modules):
        raise UnloadableError(
            f"the server may not call {words}, which this store names: its catalogue does not declare it in FACTORIES; "
            f"start it with --trust {module.split('.')[0]} if you trust that code"
        )
    return Source(module, function, kwargs, declared, source.get("batchnorm") == "recompute")
