"""Modules that words name: found from the working directory first."""

import importlib
import os
import sys
from types import ModuleType

import click

from explorer.cli.told_errors import in_one_line


def import_module_here(name: str) -> ModuleType:
    """Return a module of the user's.

    Raises:
        BadParameter: the word is no module's name.
        ModuleNotFoundError: there is none of this name.
        ClickException: what the module itself raises.
    """
    if not all(part.isidentifier() for part in name.split(".")) or name.endswith(".py"):
        raise click.BadParameter(f"expected the name of a module, such as train (without .py); got {name!r}")
    if os.getcwd() not in sys.path:
        sys.path.insert(0, os.getcwd())
    try:
        return importlib.import_module(name)
    # A script that calls sys.exit, or reads its own arguments, ends with SystemExit.
    except (Exception, SystemExit) as error:
        if isinstance(error, ModuleNotFoundError) and f"{name}.".startswith(f"{error.name}."):
            raise
        raise click.ClickException(f"the module {name} cannot be imported: {in_one_line(error)}") from error
