"""The state of the page as a PyTorch program: what a learner can run and get the page's own numbers from."""

import math
from collections.abc import Mapping, Sequence

from experiments.program_pieces import LOSS_LINES, definition, imports, numbers, points
from explorer.study import TargetSet

_COMMENTS = 28
"""Column of the comment beside the loss."""

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


def program(target: TargetSet, loss_name: str, parameters: Mapping[str, float], theta: Sequence[float]) -> str:
    """Return a complete program, needing only torch, that prints L, dL/dw and dL/db at theta = (w, b).

    Numbers are written with all their digits, so that the program's results are the page's. `parameters` are the
    loss's.

    Raises:
        ValueError: a loss name that is not one of the four, a theta that is not two finite numbers, a bad delta.
    """
    needed = definition(loss_name, parameters)
    if len(theta) != 2 or not all(math.isfinite(value) for value in theta):
        raise ValueError(f"expected theta = (w, b), two finite numbers, got {tuple(theta)}")
    code, comment = LOSS_LINES[loss_name]
    return _PROGRAM.format(
        points=points(target.x),
        imports=imports(loss_name),
        x=numbers(target.x),
        y=numbers(target.y),
        w=float(theta[0]),
        b=float(theta[1]),
        definition=needed,
        loss=f"L = {code}".ljust(_COMMENTS) + f"# {comment}",
    )
