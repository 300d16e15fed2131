"""Options of sweep whose words are read before anything else is done: each returns a value or says what it expected."""

import math
import re
from collections.abc import Collection, Sequence

import click
import torch

from explorer.directions.skipped_parameters import SKIPS
from explorer.quantities import BUILT_IN

_MOST_SEED = 2**63 - 1
_COMMA = re.compile(r",(?![^\[]*\])")
"""Not one within brackets: "fc.weight[0,1]" is one word."""


def read_entries(context: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    """Return names of entries, separated by commas."""
    return tuple(word.strip() for word in _COMMA.split(text) if word.strip())


def read_skip(context: click.Context, parameter: click.Parameter, text: str) -> tuple[str, ...]:
    """Return kinds of parameters; "none" is none."""
    return () if text.strip() in ("", "none") else _among("kinds of parameters", text, SKIPS, "; or none")


def read_names(context: click.Context, parameter: click.Parameter, text: str | None) -> tuple[str, ...] | None:
    """Return names of quantities, each once; or nothing."""
    if text is None:
        return None
    return _among("quantities", text, BUILT_IN, "; metrics come by themselves with loss, terms and gradient")


def read_seeds(context: click.Context, parameter: click.Parameter, text: str) -> tuple[int, ...]:
    """Return different whole numbers from 0 to 2^63 - 1, separated by commas."""
    words = [word.strip() for word in text.split(",")]
    if not all(re.fullmatch(r"[0-9]{1,19}", word) and int(word) <= _MOST_SEED for word in words):
        expected = f"whole numbers from 0 to {_MOST_SEED}, such as 0 or 0,1,2"
        raise click.BadParameter(f"expected {expected}; got {text[:60]!r}")
    seeds = tuple(map(int, words))
    if len(set(seeds)) != len(seeds):
        raise click.BadParameter(f"expected different seeds; got {text!r}")
    return seeds


def read_radius(context: click.Context, parameter: click.Parameter, radius: float | None) -> float | None:
    """Return a positive number whose double is finite, the width of the picture; or nothing."""
    if radius is not None and not (radius > 0 and math.isfinite(2 * radius)):
        raise click.BadParameter(f"expected a number above 0, such as 0.5, whose double is finite too; got {radius}")
    return radius


def read_tolerance(context: click.Context, parameter: click.Parameter, share: float | None) -> float | None:
    """Return a number above 0 and below 1; or nothing."""
    if share is not None and not 0 < share < 1:
        raise click.BadParameter(f"expected a number above 0 and below 1, such as 0.01; got {share}")
    return share


def read_device(context: click.Context, parameter: click.Parameter, text: str | None) -> str | None:
    """Return the name of a device on which there can be tensors.

    Raises:
        BadParameter: it is no device's name.
        ClickException: this machine, or this torch, has none.
    """
    try:
        device = None if text is None else torch.device(text)
    except RuntimeError:
        device = torch.device("meta")
    if device is None:
        return None
    if device.type == "meta":
        raise click.BadParameter(f"expected a device, such as cpu, cuda or cuda:1; got {text!r}")
    try:
        torch.zeros(1, device=device)
    # Torch says in many ways that something is not there.
    except Exception as error:
        reason = (str(error).splitlines() or [type(error).__name__])[0]
        raise click.ClickException(f"there is no device {text!r} here: {reason}") from None
    return text


def spread(words: Sequence[str], option: str) -> list[str]:
    """Return the words with the option repeated before each of its values, as click takes them."""
    found: list[str] = []
    inside = False
    for word in words:
        inside = word == option or (inside and not word.startswith("-"))
        if inside and word != option:
            found += [option, word]
        elif not inside:
            found.append(word)
    return found


def _among(what: str, text: str, known: Collection[str], more: str) -> tuple[str, ...]:
    words = tuple(word.strip() for word in text.split(",") if word.strip())
    if not words or len(set(words)) != len(words) or not set(words) <= set(known):
        raise click.BadParameter(f"expected {what} among {', '.join(known)}, each once{more}; got {text!r}")
    return words
