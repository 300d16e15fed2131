"""Stores for the page /slice: a small network's slices, whole, half computed, along a line, with checkpoints."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
import xarray as xr
from torch import Tensor, nn

from explorer import Grid, Objective, Plane, Trajectory, sweep
from explorer.directions import along, principal
from explorer.store import Store
from explorer.store.schema import FieldSpec

CHUNK = 64
QUANTITIES = ("loss", "gradient", "gradient_norm")
REPORT = [
    {"name": "center", "status": "ok", "text": "The plane's center has the model's own loss, 0.6931.", "values": {}},
    {
        "name": "directions",
        "status": "warn",
        "text": "The directions' cosine is 0.31: far from 0.",
        "values": {},
    },
    {"name": "gradient", "status": "info", "text": "The plane holds 31 % of the gradient.", "values": {"share": 0.31}},
]


def accuracy(prediction: Tensor, target: Tensor) -> Tensor:
    return (prediction.argmax(1) == target).to(prediction.dtype).mean()


def network(hidden: int = 6, seed: int = 0, samples: int = 60) -> Objective:
    """Two rings told apart by a tanh network: P = 5 * hidden + 2, with accuracy, in float64."""
    generator = torch.Generator().manual_seed(seed)
    angle = torch.rand(samples, generator=generator, dtype=torch.float64) * 6.2832
    target = torch.arange(samples) % 2
    radius = 1.0 + target
    inputs = torch.stack([radius * angle.cos(), radius * angle.sin()], dim=1)
    model = nn.Sequential(nn.Linear(2, hidden), nn.Tanh(), nn.Linear(hidden, 2)).double()
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.copy_(torch.randn(parameter.shape, generator=generator, dtype=torch.float64))
    made = Objective(model, nn.CrossEntropyLoss(), (inputs, target), metrics={"accuracy": accuracy})
    made.source = {"factory": "tests.support.slice_cases:network", "kwargs": {"hidden": hidden, "seed": seed}}
    return made


class Bounded(nn.Module):
    """Mean squared error, NaN where the predictions are large."""

    def forward(self, prediction: Tensor, target: Tensor) -> Tensor:
        loss = (prediction - target).square().mean()
        return torch.where(prediction.square().mean() > 3, torch.log(-loss), loss)


def bounded() -> Objective:
    """A line fitted to three points, P = 2; its loss is NaN far from the origin."""
    x = torch.tensor([[-1.0], [0.0], [1.0]], dtype=torch.float64)
    model = nn.Linear(1, 1).double()
    with torch.no_grad():
        model.weight.fill_(0.1)
        model.bias.fill_(0.0)
    made = Objective(model, Bounded(), (x, 0.5 * x))
    made.source = {"factory": "tests.support.slice_cases:bounded", "kwargs": {}}
    return made


def oblique(objective: Objective, seed: int = 1, count: int = 2, length: float = 3.0) -> Plane:
    """A plane whose directions are neither of unit length nor orthogonal."""
    generator = torch.Generator().manual_seed(seed)
    basis = torch.randn(count, len(objective.theta), generator=generator, dtype=torch.float64)
    basis *= length / torch.linalg.vector_norm(basis, dim=1, keepdim=True)
    if count == 2:
        basis[1] += 0.4 * basis[0]
    return Plane(objective.theta, basis, made={"kind": "gaussian", "seed": seed, "normalize": "filter"})


def trajectory(plane: Plane, objective: Objective) -> list[dict[str, Any]]:
    """Two checkpoints and a path that leaves the plane, with the losses they have."""
    generator = torch.Generator().manual_seed(9)
    away = torch.randn(len(objective.theta), generator=generator, dtype=torch.float64)
    away /= torch.linalg.vector_norm(away)
    path = [((0.8 - 0.2 * i, 0.6 * np.cos(i / 2)), 0.5 * i, f"step {10 * i}", True) for i in range(7)]
    named = [((-0.5, -0.5), 0.02, "start", False), ((0.4, 0.2), 1.5, "end", False)]
    return [_projected(plane, objective, *each, away) for each in [*named, *path]]


def _projected(
    plane: Plane, objective: Objective, at: tuple[float, float], far: float, name: str, path: bool, away: Tensor
) -> dict[str, Any]:
    theta = plane.at(at) + far * away
    nearest = plane.coordinates(theta)
    return {
        "name": name,
        "at": nearest.tolist(),
        "offset": float(plane.offset(theta)),
        "loss": float(objective(theta)),
        "plane_loss": float(objective(plane.at(nearest))),
        "path": path,
    }


def make_store(
    root: Path,
    name: str,
    *,
    share: float = 1.0,
    points: tuple[int, ...] = (17, 13),
    objective: Objective | None = None,
    planes: int = 1,
    attrs: Mapping[str, str | int | float | None] | None = None,
    change: Any = None,
) -> Store:
    """Write a store whose first pieces, coarse to fine, are there; `change(landscape)` may alter what is written."""
    objective = objective or network()
    labels = ("alpha", "beta")[: len(points)]
    grid = Grid({label: (-1.0, 1.5, n) for label, n in zip(labels, points, strict=True)})
    chosen = [oblique(objective, seed, len(points)) for seed in range(1, planes + 1)]
    plane = chosen[0] if planes == 1 else chosen
    found = sweep(objective, plane, grid, quantities=QUANTITIES, progress=False, report=False)
    found = change(found) if change else found
    own = {"report": json.dumps(REPORT)}
    if len(points) == 2 and planes == 1:
        own["checkpoints"] = json.dumps(trajectory(chosen[0], objective))
    every = {**found.attrs, **own, **(attrs or {})}
    kept = {key: value for key, value in every.items() if value is not None}
    store = _empty(root / name, found, chosen, kept)
    fill(store, found, 0, int(np.ceil(share * len(_pieces(found)))))
    return store


SHARP = {"rate": [0.5, 0.4], "step": [0, 50, 100], "sharpness": [[3, 4, 4], [3, 4, 5]], "loss": [[1, 0.5, 0.25]] * 2}
"""Of no training: what a store may hold."""
AXES = (("alpha", 17), ("beta", 13))
STEPS = (0, 40, 80)
"""Steps to which the plane of `make_training` is moved."""


def descended(objective: Objective, rate: float) -> Trajectory:
    """Gradient descent from the objective's own theta: 9 thetas, ten steps apart."""
    theta, thetas = objective.theta, [objective.theta]
    for step in range(1, 81):
        leaf = theta.clone().requires_grad_()
        theta = theta - rate * torch.autograd.grad(objective(leaf), leaf)[0]
        thetas += [theta] if step % 10 == 0 else []
    return Trajectory.of(thetas, range(0, 81, 10))


def make_training(root: Path) -> None:
    """Write path.zarr, the principal plane of a training; path-00, -40 and -80.zarr, the same moved along it; and
    runs.zarr, the plane of two trainings."""
    objective = network()
    slow, fast = descended(objective, 0.3), descended(objective, 1.0)
    plane, grid = principal(fast), None
    for name, of, shown in (
        ("path.zarr", plane, fast),
        *((f"path-{step:02d}.zarr", along(plane, fast)[step // 10], fast) for step in STEPS),
        ("runs.zarr", principal({"slow": slow, "fast": fast}), {"slow": slow, "fast": fast}),
    ):
        places = of.coordinates(torch.cat([slow.thetas, fast.thetas]))
        low, high = places.amin(0) - 0.5, places.amax(0) + 0.5
        own = Grid({label: (float(low[i]), float(high[i]), n) for i, (label, n) in enumerate(AXES)})
        grid = own if grid is None or name == "runs.zarr" else grid
        sweep(
            objective,
            of,
            grid,
            store=root / name,
            checkpoints=shown,
            quantities=("loss",),
            progress=False,
            report=False,
        )
    Store.open(root / "runs.zarr", write=True).set_attrs({"sharpness": json.dumps(SHARP)})


def _empty(path: Path, found: xr.Dataset, planes: list[Plane], attrs: Mapping[str, Any]) -> Store:
    dims = {str(name): found[name].values for name in found["status"].dims}
    extra = {
        name: {str(dim): [str(each) for each in found[dim].values] for dim in array.dims if dim not in dims}
        for name, array in found.data_vars.items()
        if name != "status"
    }
    fields = {str(name): FieldSpec(str(found[name].dtype), dims) for name, dims in extra.items()}
    bases = np.stack([plane.basis.numpy() for plane in planes])
    tensors = {"origin": planes[0].origin.numpy(), "basis": bases if len(planes) > 1 else bases[0]}
    return Store.create(
        path,
        spec={"test": path.name},
        attrs=dict(attrs),
        dims=dims,
        fields=fields,
        chunk=CHUNK,
        tensors=tensors,
    )


def fill(store: Store, found: xr.Dataset, first: int, after: int | None = None) -> None:
    """Append pieces first .. after - 1 of a landscape to its store, or all from the first."""
    dims = found["status"].ndim
    flat = {name: found[name].values.reshape(-1, *found[name].shape[dims:]) for name in store.fields}
    status = found["status"].values.reshape(-1)
    for at in _pieces(found)[first:after]:
        store.append(at, {name: values[at] for name, values in flat.items()}, status[at])


def _pieces(found: xr.Dataset) -> list[np.ndarray]:
    """Return the positions that are appended together, coarse to fine, of several planes beside each other."""
    sizes = {str(name): found.sizes[name] for name in found["status"].dims}
    planes = sizes.pop("seed", 1)
    order = Grid({label: (0.0, 1.0, points) for label, points in sizes.items()}).order
    every = (order[:, None] + len(order) * np.arange(planes)).reshape(-1)
    return np.split(every, range(CHUNK, len(every), CHUNK))


def text_of(components: Any) -> str:
    """Return what Dash sends for components, as text."""
    return json.dumps(components, default=lambda each: each.to_plotly_json(), ensure_ascii=False)
