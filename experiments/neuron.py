"""Study "neuron": one tanh neuron, four losses, and the surface L(w, b) that each makes of the data."""

from pathlib import Path

import torch
from torch import Tensor, nn

from experiments.activities import ACTIVITIES, HIDDEN
from experiments.following import follow
from experiments.kink_minima import crease_heights
from experiments.losses import CAPTIONS, DELTA
from experiments.minima import minima
from experiments.own import own
from experiments.program import program
from experiments.targets import TARGETS
from experiments.training_program import training_program
from explorer.study import Caption, Study, TargetSet
from models import LOSSES, MODELS
from models.losses import unreduced


def stages(model: nn.Module, x: Tensor, y: Tensor, loss: nn.Module) -> dict[str, Tensor]:
    """Return what happens between the parameters and the loss, in order, as one autograd graph.

    z = w x + b, yhat = tanh z, r = yhat - y and ell, the loss of each sample, are [D]; L, their mean, is a scalar.
    """
    parameters = dict(model.named_parameters())
    z = parameters["w"] * x + parameters["b"]
    prediction = torch.tanh(z)
    residual = prediction - y
    # From the residual, so that the tape goes through r; a loss without pointwise form is asked sample by sample.
    pointwise = getattr(loss, "pointwise", None)
    ell = pointwise(residual) if pointwise else unreduced(loss, residual, torch.zeros_like(residual))
    return {"z": z, "yhat": prediction, "r": residual, "ell": ell, "L": ell.mean()}


def kinks(target: TargetSet) -> list[tuple[float, float, float]]:
    """Return the lines (x_i, 1, atanh y_i), one for every distinct point with |y_i| < 1: w x_i + b = atanh y_i.

    There the residual of point i changes sign, and the mean absolute error has a crease.
    """
    heights = crease_heights(target.y)
    reachable = heights.isfinite()
    lines = (
        (place, 1.0, height)
        for place, height in zip(target.x[reachable].tolist(), heights[reachable].tolist(), strict=True)
    )
    return list(dict.fromkeys(lines))


NEURON = Study(
    name="neuron",
    title="One tanh neuron",
    formula="ŷ = tanh(w·x + b)",
    model=MODELS["tanh_neuron"],
    captions={**CAPTIONS, "w": Caption("weight w"), "b": Caption("bias b")},
    losses=LOSSES,
    parameters={"huber": (DELTA,)},
    creased=("mae",),
    targets=TARGETS,
    own=own,
    stages=stages,
    minima=minima,
    follow=follow,
    kinks=kinks,
    program=program,
    training_program=training_program,
    script=Path(__file__).with_name("assets") / "neuron.js",
    activities=ACTIVITIES,
    lesson=Path(__file__).with_name("lesson.md").read_text(encoding="utf-8"),
    hidden=HIDDEN,
)
