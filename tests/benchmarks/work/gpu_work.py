"""What `bench_gpu` measures: an objective on a device with its plane and grid, and the loops over it."""

import copy
import functools
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.utils.data import DataLoader, TensorDataset
from torch.utils.flop_counter import FlopCounterMode

import models
from explorer import Grid, Objective, Plane, directions
from tests.benchmarks.bench_convolution import resnet20
from tests.benchmarks.bench_network import mlp
from tests.benchmarks.harness.contenders import Floats
from tests.benchmarks.work.loops import set_in_place
from tests.benchmarks.work.synthetic import labelled_images, labelled_sequences, train
from tests.benchmarks.work.transformer import transformer

Data = tuple[Tensor, Tensor]


@dataclass
class Workload:
    """A model on its device, data there and on the host, a plane and a grid; loops evaluate `looped` points."""

    name: str
    model: nn.Module
    loss: nn.Module
    data: Data
    host: Data
    plane: Plane
    grid: Grid
    looped: int

    def objective(self) -> Objective:
        """Return a fresh one."""
        return Objective(self.model, self.loss, self.data)

    @property
    def positions(self) -> list[int]:
        """Flat positions that loops evaluate and all are compared at, from corner to corner."""
        return [int(i) for i in np.linspace(0, self.grid.size - 1, min(self.looped, self.grid.size))]

    @functools.cached_property
    def operations(self) -> int:
        """Multiplications and additions of the matrix products and convolutions of one point."""
        # In training mode the encoder takes plain operations; its fused kernel is not counted.
        with FlopCounterMode(display=False) as counter:
            copy.deepcopy(self.model).train()(self.data[0])
        return int(counter.get_total_flops())

    @functools.cached_property
    def reference(self) -> Floats:
        """Losses in float64, of the float32 weights, directions and data, at `positions`."""
        plane = Plane(self.plane.origin.double(), self.plane.basis.double(), self.plane.labels)
        x, y = (part.double() if part.is_floating_point() else part for part in self.data)
        wide = copy.deepcopy(self.model).double()
        return self._each(wide, plane, lambda: float(self.loss(wide(x), y)))

    def usual_loop(self) -> Floats:
        """Set the weights in place, move batches of 128 from a DataLoader on the host; after Li et al. 2018."""
        device = self.plane.origin.device

        def loss() -> float:
            total, seen = 0.0, 0
            for x, y in DataLoader(TensorDataset(*self.host), batch_size=128):
                total += self.loss(self.model(x.to(device)), y.to(device)).item() * len(y)
                seen += len(y)
            return total / seen

        return self._each(self.model, self.plane, loss)

    def resident_loop(self) -> Floats:
        """The same, all data on the device and at once."""
        return self._each(self.model, self.plane, lambda: self.loss(self.model(self.data[0]), self.data[1]).item())

    @torch.no_grad()
    def _each(self, model: nn.Module, plane: Plane, loss: Callable[[], float]) -> Floats:
        losses = []
        for coord in torch.from_numpy(self.grid.coords[self.positions]):
            set_in_place(model, plane.at(coord))
            losses.append(loss())
        # The model is the workload's own: back to where it was.
        set_in_place(model, plane.origin)
        return np.array(losses)


def neuron(device: str, points: int, samples: int = 64, looped: int = 100) -> Workload:
    """The tanh neuron over (w, b), mean squared error."""
    x = torch.linspace(-2, 2, samples)
    grid = Grid({"w": (-4, 4, points), "b": (-4, 4, points)})
    model, loss = models.MODELS["tanh_neuron"](dtype=torch.float32), models.LOSSES["mse"]()
    name = f"tanh neuron, {points} x {points} points, {samples} data"
    return _workload(name, model, loss, (x, torch.sin(3 * x) / 2), grid, device, looped)


def network(device: str, points: int = 201, images: int = 5000) -> Workload:
    """784-128-128-10 with ReLU."""
    name = f"784-128-128-10 ReLU, {images} images, {points} x {points} points"
    return _trained(name, mlp(), labelled_images(images, (784,)), device, points, steps=200, lr=1e-3)


def convolution(device: str, points: int = 51, images: int = 512, side: int = 32) -> Workload:
    """ResNet-20."""
    name = f"ResNet-20, {images} images of 3 x {side} x {side}, {points} x {points} points"
    data = labelled_images(images, (3, side, side), noise=1.0)
    return _trained(name, resnet20(), data, device, points, steps=40, lr=3e-3)


def attention(device: str, points: int = 51, sequences: int = 96) -> Workload:
    """The transformer of `bench_transformer`."""
    name = f"transformer, {sequences} sequences of 64, {points} x {points} points"
    return _trained(name, transformer(), labelled_sequences(sequences, 64, 256), device, points, steps=40, lr=1e-3)


def _trained(
    name: str, model: nn.Module, data: Data, device: str, points: int, steps: int, lr: float, looped: int = 10
) -> Workload:
    there = (data[0].to(device), data[1].to(device))
    model.to(device)
    train(model, there, steps, batch=64, lr=lr)
    return _workload(name, model, nn.CrossEntropyLoss(), data, Grid.square(points=points), device, looped)


def _workload(
    name: str, model: nn.Module, loss: nn.Module, host: Data, grid: Grid, device: str, looped: int
) -> Workload:
    data = (host[0].to(device), host[1].to(device))
    model.to(device).eval()
    objective = Objective(model, loss, data)
    plane = directions.axes(objective, *grid.labels) if "w" in grid.labels else directions.gaussian(objective)
    return Workload(name, model, loss, data, host, plane, grid, looped)
