"""What the generated programs have in common: the losses as code, the data with all their digits."""

import textwrap
from collections.abc import Mapping

from torch import Tensor

from models.losses import Huber

_WIDTH = 76

LOSS_LINES = {
    "mse": ("(r ** 2).mean()", "mean squared error"),
    "mae": ("r.abs().mean()", "mean absolute error; its slope at r = 0 counts as 0"),
    "huber": ("huber(r).mean()", "mean over the points"),
    "log_cosh": ("log_cosh(r).mean()", "mean over the points"),
}
"""Name of a loss -> (what makes it of the residuals r, a comment)."""

_HUBER = '''
delta = {delta!r}


def huber(r):
    """Quadratic up to delta, straight beyond."""
    return torch.where(r.abs() <= delta, r ** 2 / 2, delta * (r.abs() - delta / 2))

'''

_LOG_COSH = '''

def log_cosh(r):
    """log(cosh(r)) without overflow for large r and without cancellation for small r."""
    a = r.abs()
    near = torch.where(a < 1, r, 0.0)  # each branch sees only its own side,
    far = torch.where(a < 1, 1.0, a)   # or an overflow in the other would reach the gradient
    small = torch.log1p(2 * torch.sinh(near / 2) ** 2)
    large = far + torch.nn.functional.softplus(-2 * far) - math.log(2)
    return torch.where(a < 1, small, large)

'''

_DEFINITIONS = {"huber": _HUBER, "log_cosh": _LOG_COSH}


def definition(loss_name: str, parameters: Mapping[str, float]) -> str:
    """Return the function that a loss needs, "" where it needs none; `parameters` are those that it takes.

    Raises:
        ValueError: a loss name that is not one of the four, a bad delta.
    """
    if loss_name not in LOSS_LINES:
        raise ValueError(f"no program for loss {loss_name!r}; expected one of {', '.join(LOSS_LINES)}")
    if loss_name == "huber":
        Huber(**parameters)
    return _DEFINITIONS.get(loss_name, "").format(**{name: float(value) for name, value in parameters.items()})


def imports(loss_name: str) -> str:
    """Return the imports of a program with this loss."""
    return "import math\n\nimport torch\n" if loss_name == "log_cosh" else "import torch\n"


def points(x: Tensor) -> str:
    """Return how many points there are, in words."""
    return f"{len(x)} point" + "s" * (len(x) != 1)


def numbers(values: Tensor) -> str:
    """Write the values with all their digits, in lines of a comfortable width."""
    digits = ", ".join(repr(float(value)) for value in values)
    if len(digits) <= _WIDTH:
        return f"[{digits}]"
    return "[\n" + textwrap.fill(digits, _WIDTH, initial_indent="    ", subsequent_indent="    ") + ",\n]"
