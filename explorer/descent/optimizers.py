"""Optimizers: the names that a descent can be asked for by, each one of `torch.optim`'s own classes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from torch import optim


@dataclass(frozen=True)
class Method:
    """A class of `torch.optim` with the options that make it what its name says."""

    title: str
    make: type[optim.Optimizer]
    options: Mapping[str, Any] = field(default_factory=dict)


_LBFGS = {
    "line_search_fn": "strong_wolfe",
    # One iteration a step; its memory lasts from step to step.
    "max_iter": 1,
    # Torch allows 1.25 evaluations an iteration, which leaves the line search none: its own 25, and the first.
    "max_eval": 26,
    # Ten pairs are as many as are commonly kept (Liu & Nocedal 1989); a hundred take longer than a small model's
    # evaluations.
    "history_size": 10,
    # It goes on as long as it is asked to; the two defaults stop it where 1e-9 is left to gain.
    "tolerance_grad": 0.0,
    "tolerance_change": 0.0,
}

OPTIMIZERS: dict[str, Method] = {
    "gd": Method("Gradient descent", optim.SGD),
    "momentum": Method("Momentum", optim.SGD, {"momentum": 0.9}),
    "nesterov": Method("Nesterov", optim.SGD, {"momentum": 0.9, "nesterov": True}),
    "rmsprop": Method("RMSProp", optim.RMSprop),
    "adagrad": Method("Adagrad", optim.Adagrad),
    "adam": Method("Adam", optim.Adam),
    "adamw": Method("AdamW", optim.AdamW),
    "lbfgs": Method("L-BFGS", optim.LBFGS, _LBFGS),
}


def method_of(optimizer: str | type[optim.Optimizer]) -> Method:
    """Return the method of a name of OPTIMIZERS, or of any optimizer class.

    Raises:
        ValueError: no such name, or no optimizer class.
    """
    if isinstance(optimizer, str):
        if optimizer not in OPTIMIZERS:
            raise ValueError(
                f"expected one of {', '.join(OPTIMIZERS)}, or an optimizer class such as torch.optim.NAdam; "
                f"got {optimizer!r}"
            )
        return OPTIMIZERS[optimizer]
    if isinstance(optimizer, type) and issubclass(optimizer, optim.Optimizer):
        return Method(optimizer.__name__, optimizer)
    raise ValueError(f"expected the name of an optimizer or a class of torch.optim; got {optimizer!r}")


def made(method: Method, parameters: list[Any], lr: float, options: Mapping[str, Any]) -> optim.Optimizer:
    """Return the optimizer of a method for parameters, or groups of them; options go over the method's own.

    Raises:
        ValueError: a rate or options that the class does not take; its own words follow.
    """
    build: Callable[..., optim.Optimizer] = method.make
    given = {**method.options, **options}
    try:
        return build(parameters, lr=lr, **given)
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"expected a rate and options that {method.make.__name__} takes; got lr = {lr!r}, {given}: {error}"
        ) from error
