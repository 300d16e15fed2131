"""Errors as one line: what explorer raises on purpose is explained, not traced."""

from collections.abc import Iterator
from contextlib import contextmanager

import click

from explorer.errors import ExplorerError


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors that say what was expected into one line and exit code 1; bugs keep their traceback."""
    try:
        yield
    except (ExplorerError, ValueError) as error:
        raise click.ClickException(str(error)) from None
