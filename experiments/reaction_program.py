"""The two-term fit as a PyTorch program: what a learner can run and get the page's own numbers from."""

from collections.abc import Mapping, Sequence

_PROGRAM = """# Two terms, as in a PINN: u' = rho u (1 - u), u(0) = u0, fitted by u(t) = (1 + tanh(w t + b)) / 2.
import torch

rho, u0 = {rho!r}, {u0!r}

# The collocation points, in double precision; requires_grad lets autograd form u'.
t = torch.tensor({times}, dtype=torch.float64, requires_grad=True)

w = torch.tensor({w!r}, dtype=torch.float64, requires_grad=True)
b = torch.tensor({b!r}, dtype=torch.float64, requires_grad=True)


def u(t):
    return (1 + torch.tanh(w * t + b)) / 2


# create_graph: the derivative u' must itself be differentiable, towards w and b.
(rate,) = torch.autograd.grad(u(t).sum(), t, create_graph=True)

L_ic = (u(torch.zeros(1, dtype=torch.float64)) - u0).square().mean()  # the initial condition
L_pde = (rate - rho * u(t) * (1 - u(t))).square().mean()  # the equation
L = {ic!r} * L_ic + {pde!r} * L_pde
L.backward()  # fills w.grad and b.grad

print("L =", repr(L.item()))
print("dL/dw =", repr(w.grad.item()))
print("dL/db =", repr(b.grad.item()))
"""


def reaction_program(
    rho: float, u0: float, times: Sequence[float], weights: Mapping[str, float], theta: Sequence[float]
) -> str:
    """Return a complete program, needing only torch, that prints the weighted total, dL/dw and dL/db at theta = (w, b).

    The page forms u' forward through the model, the program backward; both are exact.
    """
    w, b = (float(value) for value in theta)
    digits = ", ".join(repr(float(time)) for time in times)
    ic, pde = float(weights.get("ic", 1.0)), float(weights.get("pde", 1.0))
    return _PROGRAM.format(rho=rho, u0=u0, times=f"[{digits}]", w=w, b=b, ic=ic, pde=pde)
