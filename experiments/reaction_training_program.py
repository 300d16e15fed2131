"""The descent on two terms as a PyTorch program: what a learner can run and get the page's own path from."""

from collections.abc import Mapping, Sequence

import torch

from experiments.program_pieces import numbers
from experiments.training_pieces import optimizer_line, scheduler_line, step_lines
from explorer.descent.optimizers import method_of
from explorer.study import Training

_PROGRAM = '''# Two terms, as in a PINN: u' = rho u (1 - u), u(0) = u0, fitted by u(t) = (1 + tanh(w t + b)) / 2.
# Optimizer: {title}.
import torch

rho, u0 = {rho!r}, {u0!r}

# The collocation points, in double precision.
t = torch.tensor({times}, dtype=torch.float64)
zero = torch.zeros(1, dtype=torch.float64)


class Trial(torch.nn.Module):
    """u(t), with the two parameters where the training starts."""

    def __init__(self):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor({w!r}, dtype=torch.float64))
        self.b = torch.nn.Parameter(torch.tensor({b!r}, dtype=torch.float64))

    def forward(self, t):
        return (1 + torch.tanh(self.w * t + self.b)) / 2


def loss(model):
    """The weighted sum of what is left of the initial condition and of the equation."""
    L_ic = (model(zero) - u0).square().mean()
    # The model and its derivative u', forward through its computation along t.
    u, rate = torch.func.jvp(model, (t,), (torch.ones_like(t),))
    L_pde = (rate - rho * u * (1 - u)).square().mean()
    return {ic!r} * L_ic + {pde!r} * L_pde


model = Trial()
{optimizer}
{scheduler}

def show(step):
    """Print the step, the loss, w and b, with every digit."""
    print(step, loss(model).item(), model.w.item(), model.b.item())


print("step L w b")
show(0)
for step in range(1, {end}):
{loop}    show(step)
'''


def reaction_training_program(
    rho: float,
    u0: float,
    times: Sequence[float],
    weights: Mapping[str, float],
    theta: Sequence[float],
    training: Training,
) -> str:
    """Return a complete program, needing only torch, that trains from theta = (w, b) and prints every step.

    Raises:
        ValueError: mini-batches, since the terms hold their own points; an optimizer that is none of `torch.optim`; a
            schedule that does not exist.
    """
    if training.batch:
        raise ValueError(f"expected batch = 0, since terms hold their own points; got {training.batch}")
    method = method_of(training.optimizer)
    w, b = (float(value) for value in theta)
    return _PROGRAM.format(
        title=method.title,
        rho=rho,
        u0=u0,
        times=numbers(torch.tensor(times, dtype=torch.float64)),
        w=w,
        b=b,
        ic=float(weights.get("ic", 1.0)),
        pde=float(weights.get("pde", 1.0)),
        optimizer=optimizer_line(method, training.lr),
        scheduler=scheduler_line(training),
        end=training.steps + 1,
        loop=step_lines(method, training, "loss(model)"),
    )
