"""What is studied: models and losses, by name. To add one, add a line to `MODELS` or `LOSSES`."""

from collections.abc import Callable

from torch import nn

from models.losses import MAE, MSE, Huber, LogCosh
from models.neuron import TanhNeuron
from models.reaction import Reaction

MODELS: dict[str, Callable[..., nn.Module]] = {
    "tanh_neuron": TanhNeuron,
    "reaction": Reaction,
}

LOSSES: dict[str, Callable[..., nn.Module]] = {
    "mse": MSE,
    "mae": MAE,
    "huber": Huber,
    "log_cosh": LogCosh,
}
