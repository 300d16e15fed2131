"""Warned: what a caller should know and need not stop for, told at the line of theirs that led to it."""

import sys
import warnings
from pathlib import Path

_HOME = str(Path(__file__).parent)


def warn(message: str) -> None:
    """Warn the first caller from outside of this package, with a RuntimeWarning."""
    # Level 1 is this function.
    level, frame = 2, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(_HOME):
        level, frame = level + 1, frame.f_back
    warnings.warn(message, RuntimeWarning, stacklevel=level)
