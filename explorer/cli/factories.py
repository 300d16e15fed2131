"""Factories: `module:function` with its settings -> the objective that it returns."""

import inspect
import json
import os
from collections.abc import Callable, Sequence
from typing import Any

import click

from explorer.cli.modules import import_module_here
from explorer.cli.told_errors import in_one_line
from explorer.errors import ExplorerError
from explorer.objective import Objective


def read_settings(words: Sequence[str]) -> dict[str, Any]:
    """Return what `key=value` words set; a value is JSON where it can be, else text.

    Raises:
        BadParameter: a word without "=", or a key that is no name or set twice.
    """
    settings: dict[str, Any] = {}
    for word in words:
        key, equals, text = word.partition("=")
        if not equals or not key.isidentifier() or key in settings:
            raise click.BadParameter(f"expected key=value, each key once; got {word!r}", param_hint="--set")
        try:
            settings[key] = json.loads(text)
        except ValueError:
            settings[key] = text
    return settings


def objective_of(where: str, settings: dict[str, Any]) -> Objective:
    """Return the objective of a factory `module:function`, found from the working directory first.

    Raises:
        BadParameter: words that name no function, or settings that are none of its.
        ClickException: what it raises, or that it returns something else.
    """
    factory = _function(where)
    try:
        inspect.signature(factory).bind(**settings)
    except TypeError as error:
        raise click.BadParameter(f"{where} takes {inspect.signature(factory)}: {error}", param_hint="--set") from None
    try:
        objective = factory(**settings)
    except ExplorerError:
        raise
    # The user's own code may raise anything, and a script may end itself.
    except (Exception, SystemExit) as error:
        raise click.ClickException(f"{where} raised {in_one_line(error)}") from error
    if not isinstance(objective, Objective):
        raise click.ClickException(f"{where} was expected to return an explorer.Objective; got {type(objective)}")
    objective.source = {"factory": where, "kwargs": settings}
    return objective


def _function(where: str) -> Callable[..., Any]:
    module, colon, name = where.partition(":")
    if not colon or not name.isidentifier():
        raise click.BadParameter(f"expected module:function, such as train:objective; got {where!r}")
    try:
        found = getattr(import_module_here(module), name, None)
    except ModuleNotFoundError as error:
        raise click.BadParameter(f"there is no module {error.name!r} to be found from {os.getcwd()}") from None
    if not callable(found):
        raise click.BadParameter(f"expected a function {name!r} in module {module!r}; there is none")
    factory: Callable[..., Any] = found
    return factory
