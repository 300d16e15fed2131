"""Elementwise: which optimizers treat every entry of a parameter by itself, so that many points may share one."""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from explorer.descent.optimizers import Method, made

_STEPS = 3
_ROUNDINGS = 1e-10
"""That the same steps may differ by in float64, alone and together; one that mixes points differs in the first
digits."""


def refuse_joint(method: Method, lr: float, options: Mapping[str, Any]) -> None:
    """Refuse an optimizer that looks at several entries at once: one that walks two points together otherwise than each
    alone, tried on L = |theta|^2.

    Raises:
        ValueError: it is such a one, or does not take the rate or the options.
    """
    pair = torch.tensor([[1.0, -2.0, 0.5], [30.0, 0.25, -7.0]], dtype=torch.float64)
    try:
        together = _walked(method, lr, options, pair)
        alone = torch.stack([_walked(method, lr, options, each) for each in pair])
    except (TypeError, RuntimeError) as error:
        raise ValueError(f"{_expected(method)}: {error}") from error
    # A rate that blows both up does so entry by entry.
    if not torch.allclose(together, alone, rtol=_ROUNDINGS, atol=_ROUNDINGS, equal_nan=True):
        raise ValueError(_expected(method))


def _walked(method: Method, lr: float, options: Mapping[str, Any], start: Tensor) -> Tensor:
    theta = start.clone().requires_grad_()
    optimizer = made(method, [theta], lr, options)
    for _ in range(_STEPS):
        theta.grad = 2 * theta.detach()
        optimizer.step()
    return theta.detach()


def _expected(method: Method) -> str:
    return (
        "expected an optimizer that treats every entry by itself, such as gd, momentum, nesterov, rmsprop, adagrad, "
        f"adam or adamw, so that many starts may walk at once; {method.make.__name__} does not: walk from one start at "
        "a time with explorer.descend"
    )
