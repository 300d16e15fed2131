"""Stability: the largest rate at which a method does not diverge where the curvature is constant."""

from torch import optim

from explorer.descent.optimizers import Method


def stable_rate(method: Method, lambda_max: float) -> float | None:
    """Return the rate above which the method diverges on a quadratic whose largest curvature is lambda_max.

    With momentum m the error along an eigenvector with curvature c obeys a recursion of second order, and its root at
    -1 leaves the unit circle first: at 2 (1 + m) / c for heavy ball (Polyak 1964), which is 2 / c for m = 0, and at
    2 (1 + m) / ((1 + 2 m) c) for Nesterov's form, as `torch.optim.SGD` writes both.

    Returns:
        The rate; None where nothing bends up, and for methods that scale their steps by the gradients they have seen:
        no single rate is their limit.
    """
    options = {"momentum": 0.0, "dampening": 0.0, "nesterov": False, "weight_decay": 0.0, **method.options}
    curvature = lambda_max + float(options["weight_decay"])
    if method.make is not optim.SGD or options.get("maximize") or not curvature > 0:
        return None
    momentum = float(options["momentum"])
    if not momentum:
        return 2 / curvature
    share = 1 + 2 * momentum if options["nesterov"] else 1 - float(options["dampening"])
    return 2 * (1 + momentum) / (share * curvature)
