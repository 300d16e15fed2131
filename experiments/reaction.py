"""Study "reaction": a physics-informed fit with two parameters, whose surface is known in closed form.

The equation is u' = rho u (1 - u), u(0) = u0, and the trial function uhat(t) = (1 + tanh(w t + b)) / 2 contains its
solution. With s = 1 - tanh(w t + b)^2 the residual of the equation is (w - rho/2) s / 2, so that

    ic  = ((1 + tanh b) / 2 - u0)^2             a valley along w
    pde = (w - rho/2)^2 mean(s^2) / 4           a valley along b, and flats wherever tanh is saturated

On the flats uhat is 0 or 1 throughout: solutions of the equation that start from the wrong place.
"""

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import torch
from torch import Tensor, nn
from torch.func import jvp

from experiments.reaction_program import reaction_program
from experiments.reaction_training_program import reaction_training_program
from explorer.study import Caption, Minima, Minimum, Study, Training
from models import MODELS

RHO = 5.0
U0 = 0.05
TIMES = torch.arange(21, dtype=torch.float64) / 20
"""Collocation points [21]: 0, 0.05, ..., 1."""


def initial_condition(model: nn.Module) -> Tensor:
    """Return (uhat(0) - u0)^2."""
    start = next(model.parameters()).new_zeros(1)
    error: Tensor = model(start) - U0
    return error.square().mean()


def equation(model: nn.Module) -> Tensor:
    """Return the mean over the collocation points of (uhat' - rho uhat (1 - uhat))^2.

    uhat' is the derivative of the model itself, forward through its computation along t.
    """
    times = TIMES.to(next(model.parameters()).dtype)
    both: tuple[Tensor, Tensor] = jvp(model, (times,), (torch.ones_like(times),))[:2]
    u, rate = both
    return (rate - RHO * u * (1 - u)).square().mean()


def _facts() -> dict[str, float]:
    """Return the numbers of the captions.

    At the minimum the Hessian is diagonal with entries weight_pde mean(s^2) / 2 and weight_ic s(0)^2 / 2.
    """
    w_star, b_star = RHO / 2, math.log(U0 / (1 - U0)) / 2
    slope = 1 - torch.tanh(w_star * TIMES + b_star).square()
    along_w, along_b = float(slope.square().mean()) / 2, float(slope[0].square()) / 2
    ratio = along_w / along_b
    return {
        "rho": RHO,
        "u0": U0,
        "w_star": w_star,
        "b_star": b_star,
        "curvature_w": along_w,
        "curvature_b": along_b,
        "kappa": max(ratio, 1 / ratio),
        "lambda_balance": ratio,
        "plateau_loss": U0**2,
    }


def program(weights: Mapping[str, float], theta: Sequence[float]) -> str:
    """Return the PyTorch program of the weighted total at theta."""
    return reaction_program(RHO, U0, TIMES.tolist(), weights, theta)


def training_program(weights: Mapping[str, float], theta: Sequence[float], training: Training) -> str:
    """Return the PyTorch program that walks down the weighted total from theta."""
    return reaction_training_program(RHO, U0, TIMES.tolist(), weights, theta, training)


FACTS = _facts()

REACTION = Study(
    name="reaction",
    title="Two terms, as in a PINN",
    formula="û(t) = (1 + tanh(w·t + b)) / 2",
    model=MODELS["reaction"],
    captions={
        "ic": Caption("L_ic", "the initial condition"),
        "pde": Caption("L_pde", "the equation"),
        "w": Caption("weight w"),
        "b": Caption("bias b"),
    },
    window={"w": (-2.0, 8.0), "b": (-5.0, 3.0)},
    terms={"ic": initial_condition, "pde": equation},
    inputs=TIMES,
    known_minima=Minima((Minimum((FACTS["w_star"], FACTS["b_star"]), 0.0, None, "the exact solution"),)),
    terms_program=program,
    terms_training_program=training_program,
    teaches="Dashed: the exact solution. The neuron contains it; whether training finds it is the question.",
    script=Path(__file__).with_name("assets") / "reaction.js",
    facts=FACTS,
)
