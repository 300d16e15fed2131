"""Extras: packages that only some of what there is to do needs."""

from importlib import import_module
from typing import Any

from explorer.errors import ExplorerError


def package(name: str, extra: str) -> Any:
    """Return a package that an extra of the installation brings.

    Raises:
        ExplorerError: it is not there, with the line that installs it.
    """
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name != name.partition(".")[0]:
            raise
        raise ExplorerError(
            f"expected the package {name}, which is not installed: pip install 'landscape-explorer[{extra}]'"
        ) from None
