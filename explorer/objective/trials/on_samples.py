"""On samples: what is tried on a model, loss and data before they are taken for an objective."""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from explorer.errors import ObjectiveError
from explorer.objective.data import Data, Resident
from explorer.objective.samples import Samples
from explorer.objective.terms import Outcome, culprit
from explorer.objective.trials.refusals import (
    Roundings,
    refuse_different,
    refuse_in_place,
    refuse_not_mean,
    refuse_not_scalar,
)

Measure = Callable[[Tensor, Samples | None], Outcome]
"""(theta [P], samples, or None where terms hold their own data) -> terms and metrics."""

_PROBE = 64
"""Samples to try things on."""
_APART = 0.05
"""How far from the model's own theta, in units of its entries: at a perfect fit a sum and a mean are both 0."""


def admit(measure: Measure, theta: Tensor, data: Data | None, roundings: Roundings) -> None:
    """Refuse what is not one repeatable scalar per theta, a mean over samples where there are samples.

    Args:
        measure: terms and metrics at theta on a block of samples.
        theta: the model's own [P].
        data: the measured samples, by blocks; None where terms hold their own.
        roundings: of what is measured.

    Raises:
        ObjectiveError: with what was expected, what came and the cure.
    """
    samples = None if data is None else probe_of(data)
    try:
        _admit(measure, theta, samples, roundings)
    except (torch.OutOfMemoryError, ObjectiveError):
        raise
    # Whatever the user's code raises.
    except Exception as error:
        what = str(error) if isinstance(error, (RuntimeError, TypeError, IndexError)) else repr(error)
        failed = f"evaluating {culprit(error) or 'them'} failed: {what}"
        raise ObjectiveError(f"expected model, loss and data that fit; {failed}") from error


def probe_of(data: Data, size: int = _PROBE) -> Samples:
    """Return at most `size` samples, from all over resident data (which may be sorted), or the first of a stream."""
    if not isinstance(data, Resident):
        return data.first[:size]
    every = -(-len(data) // size)
    return data.samples[::every]


def _admit(measure: Measure, theta: Tensor, samples: Samples | None, roundings: Roundings) -> None:
    given = theta.clone()
    first, second = (_all(measure(given, samples)) for _ in range(2))
    refuse_not_scalar(first, theta.dtype, theta.device)
    refuse_different(first, second, roundings)
    refuse_in_place(theta, given)
    if samples is None:
        return
    for at in (elsewhere(theta), theta):
        whole = _all(measure(at.clone(), samples))
        # Far from its own theta a model may overflow, and infinities tell nothing.
        if all(bool(value.isfinite()) for value in whole.values()):
            break
    refuse_not_mean(whole, _all(measure(at.clone(), _joined(samples, samples))), roundings)


def _all(outcome: Outcome) -> dict[str, Any]:
    values = {**outcome.terms, **outcome.metrics}
    return {name: value.detach() if isinstance(value, Tensor) else value for name, value in values.items()}


def elsewhere(theta: Tensor, apart: float = _APART) -> Tensor:
    """Return a theta near the model's own [P], to try things at."""
    noise = torch.randn(theta.shape, generator=torch.Generator().manual_seed(0)).to(theta)
    # All zeros have no scale of their own.
    scale = theta.abs() + (theta.abs().mean() if theta.any() else 1.0)
    return theta + apart * scale * noise


def nearby(theta: Tensor) -> list[Tensor]:
    """Return thetas [P] other than the model's own, from far to near: far from it a model may overflow."""
    return [elsewhere(theta, apart) for apart in (4 * _APART, _APART, _APART / 50)]


def _joined(first: Samples, second: Samples) -> Samples:
    return Samples(torch.cat([first.inputs, second.inputs]), torch.cat([first.targets, second.targets]))
