"""Errors and warnings as one line: what went wrong is explained, not traced."""

import shlex
import sysconfig
import traceback
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

import explorer
from explorer.errors import ExplorerError

_OWN = str(Path(explorer.__file__).parent)
_INSTALLED = tuple(sysconfig.get_path(name) for name in ("stdlib", "platstdlib", "purelib", "platlib"))
_OUTSIDE = (OSError, RuntimeError, MemoryError)
"""What torch, the disk and the machine raise through our own code."""


@contextmanager
def explained() -> Iterator[None]:
    """Turn errors into one line and exit code 1: ours by what they say; others, of the user's code, of torch or of the
    machine, with their type and place. Warnings are one line, too. Only a bug of ours keeps its traceback."""
    with warnings.catch_warnings():
        warnings.simplefilter("default", RuntimeWarning)
        warnings.showwarning = _warned
        try:
            yield
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if _is_bug(error):
                raise
            raise click.ClickException(in_one_line(error)) from None


def in_one_line(error: BaseException) -> str:
    """Return an error in a line: what it says; if it is not ours, also its type and where the user's code raised it."""
    text = _joined(str(error))
    where = _innermost(error)
    if isinstance(error, ExplorerError) or (isinstance(error, ValueError) and where is not None and _is_own(where)):
        return text
    named = f"{type(error).__name__}: {text}" if text else type(error).__name__
    # A syntax error says its place itself.
    place = None if isinstance(error, SyntaxError) else _place(error)
    return f"{named} ({place.filename}, line {place.lineno})" if place else named


def in_shell(path: Path) -> str:
    """Return a path as a word that can be pasted into a shell, and is no option."""
    return shlex.quote(f"./{path}" if str(path).startswith("-") else str(path))


def _is_bug(error: Exception) -> bool:
    where = _innermost(error)
    if isinstance(error, (ExplorerError, ValueError, *_OUTSIDE)) or where is None:
        return False
    return _is_own(where)


def _innermost(error: BaseException) -> traceback.FrameSummary | None:
    frames = traceback.extract_tb(error.__traceback__)
    return frames[-1] if frames else None


def _place(error: BaseException) -> traceback.FrameSummary | None:
    """Return the innermost frame of the user's own code, which says more than one within torch; else of ours."""
    frames = [each for each in traceback.extract_tb(error.__traceback__) if not each.filename.startswith("<")]
    theirs = [each for each in frames if not _is_own(each) and not each.filename.startswith(_INSTALLED)]
    return theirs[-1] if theirs else frames[-1] if frames else None


def _is_own(frame: traceback.FrameSummary) -> bool:
    return Path(frame.filename).is_relative_to(_OWN)


def _joined(text: str) -> str:
    return " ".join(line.strip() for line in text.splitlines() if line.strip())


def _warned(message: Warning | str, *_: Any, **__: Any) -> None:
    click.echo(f"Warning: {_joined(str(message))}", err=True)
