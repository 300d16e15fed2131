"""What is studied: models and losses, by name. To add one, add a line to `MODELS` or `LOSSES`."""

from collections.abc import Callable

from torch import nn

from models.losses import MAE, MSE, Huber, LogCosh
from models.network import MLP
from models.neuron import TanhNeuron
from models.reaction import Reaction
from models.residual import ResidualNetwork

MODELS: dict[str, Callable[..., nn.Module]] = {
    "tanh_neuron": TanhNeuron,
    "reaction": Reaction,
    "mlp": MLP,
    "residual": ResidualNetwork,
}

LOSSES: dict[str, Callable[..., nn.Module]] = {
    "mse": MSE,
    "mae": MAE,
    "huber": Huber,
    "log_cosh": LogCosh,
}
