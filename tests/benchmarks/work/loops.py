"""The loops that a sweep is compared with: weights set in place, point by point, and the mean cross-entropy read."""

import copy

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.functional import cross_entropy
from torch.utils.data import DataLoader, TensorDataset

from explorer import Plane
from tests.benchmarks.harness.contenders import Floats

Data = tuple[Tensor, Tensor]


def set_in_place(model: nn.Module, theta: Tensor) -> None:
    """Write theta [P] into the model's parameters, in their order."""
    start = 0
    for parameter in model.parameters():
        parameter.copy_(theta[start : start + parameter.numel()].view_as(parameter))
        start += parameter.numel()


@torch.no_grad()
def usual_loop(model: nn.Module, plane: Plane, coords: Floats, data: Data) -> Floats:
    """Go through a DataLoader of 128 for every point, adding up; after the code of Li et al. 2018.

    The data stay where they are, usually in the host's memory; each batch goes to the model's device.
    """
    losses, device = [], plane.origin.device
    for coord in torch.from_numpy(coords):
        set_in_place(model, plane.at(coord))
        total, seen = 0.0, 0
        for x, y in DataLoader(TensorDataset(*data), batch_size=128):
            total += cross_entropy(model(x.to(device)), y.to(device)).item() * len(y)
            seen += len(y)
        losses.append(total / seen)
    return np.array(losses)


@torch.no_grad()
def resident_loop(model: nn.Module, plane: Plane, coords: Floats, data: Data, block: int) -> Floats:
    """The same on tensors in memory, `block` samples at once, reading one number a point."""
    x, y = (part.split(block) for part in data)
    losses = []
    for coord in torch.from_numpy(coords):
        set_in_place(model, plane.at(coord))
        total = sum(cross_entropy(model(part), wanted, reduction="sum") for part, wanted in zip(x, y, strict=True))
        losses.append(float(total) / len(data[1]))
    return np.array(losses)


def exact(model: nn.Module, plane: Plane, coords: Floats, data: Data) -> Floats:
    """Return the losses [N] in float64, of the float32 weights, directions and data."""
    wide = Plane(plane.origin.double(), plane.basis.double(), plane.labels)
    x = data[0].double() if data[0].is_floating_point() else data[0]
    return resident_loop(copy.deepcopy(model).double(), wide, coords, (x, data[1]), block=512)
