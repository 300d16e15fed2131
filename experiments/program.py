"""The state of the page as a PyTorch program: what a learner can run and get the page's own numbers from."""

import math
import textwrap
from collections.abc import Sequence

from torch import Tensor

from explorer.study import TargetSet
from models.losses import Huber

_WIDTH = 88

_LOSS_LINES = {
    "mse": "L = (r ** 2).mean()         # mean squared error",
    "mae": "L = r.abs().mean()          # mean absolute error; its slope at r = 0 counts as 0",
    "huber": "L = huber(r).mean()         # mean over the points",
    "log_cosh": "L = log_cosh(r).mean()      # mean over the points",
}

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
    large = far + torch.log1p(torch.exp(-2 * far)) - math.log(2)
    return torch.where(a < 1, small, large)

'''

_DEFINITIONS = {"huber": _HUBER, "log_cosh": _LOG_COSH}

_PROGRAM = """# One tanh neuron on {points}: the loss and its gradient at one (w, b).
{imports}
# The data, in double precision.
x = torch.tensor({x}, dtype=torch.float64)
y = torch.tensor({y}, dtype=torch.float64)

# The two parameters; requires_grad asks PyTorch for dL/dw and dL/db.
w = torch.tensor({w!r}, dtype=torch.float64, requires_grad=True)
b = torch.tensor({b!r}, dtype=torch.float64, requires_grad=True)
{definition}
yhat = torch.tanh(w * x + b)  # the prediction at every x
r = yhat - y                # the residuals
{loss}
L.backward()                # fills w.grad and b.grad

print("L =", repr(L.item()))
print("dL/dw =", repr(w.grad.item()))
print("dL/db =", repr(b.grad.item()))
"""


def program(target: TargetSet, loss_name: str, delta: float, theta: Sequence[float]) -> str:
    """Return a complete program, needing only torch, that prints L, dL/dw and dL/db at theta = (w, b).

    Numbers are written with all their digits, so that the program's results are the page's. `delta` is Huber's.

    Raises:
        ValueError: a loss name that is not one of the four, a theta that is not two finite numbers, a bad delta.
    """
    if loss_name not in _LOSS_LINES:
        raise ValueError(f"no program for loss {loss_name!r}; expected one of {', '.join(_LOSS_LINES)}")
    if len(theta) != 2 or not all(math.isfinite(value) for value in theta):
        raise ValueError(f"expected theta = (w, b), two finite numbers, got {tuple(theta)}")
    if loss_name == "huber":
        Huber(delta)
    return _PROGRAM.format(
        points=f"{len(target.x)} point" + "s" * (len(target.x) != 1),
        imports="import math\n\nimport torch\n" if loss_name == "log_cosh" else "import torch\n",
        x=_numbers(target.x),
        y=_numbers(target.y),
        w=float(theta[0]),
        b=float(theta[1]),
        definition=_DEFINITIONS.get(loss_name, "").format(delta=float(delta)),
        loss=_LOSS_LINES[loss_name],
    )


def _numbers(values: Tensor) -> str:
    """Write the values with all their digits, in lines of a comfortable width."""
    digits = ", ".join(repr(float(value)) for value in values)
    if len(digits) <= _WIDTH:
        return f"[{digits}]"
    return "[\n" + textwrap.fill(digits, _WIDTH, initial_indent="    ", subsequent_indent="    ") + ",\n]"
