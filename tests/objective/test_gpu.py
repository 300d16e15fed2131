"""Batches of any structure, and models that ask for more than views of theta, on a GPU: the processor's numbers."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils.rnn import pack_sequence

import explorer
from explorer import Grid, Objective
from explorer.objective.placements import Placement
from tests.support.modules.asking import Checkpointed
from tests.support.planes import random_plane

pytestmark = [
    pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU"),
    pytest.mark.filterwarnings("ignore:None of the inputs have requires_grad"),
]
GRID = Grid({"alpha": (-0.5, 0.5, 3), "beta": (0.0, 0.5, 3)})
DRAWS = torch.Generator().manual_seed(0)
X, Y = torch.randn(7, 3, generator=DRAWS).double(), torch.randn(7, 2, generator=DRAWS).double()


def of_rows(model, batch):
    return F.mse_loss(model(batch["x"]), batch["y"])


def of_packed(model, batch):
    return (model(batch["packed"])[1][0] - batch["y"]).square().mean()


def dictionaries():
    return nn.Linear(3, 2).double(), of_rows, [{"x": X[:5], "y": Y[:5]}, {"x": X[5:], "y": Y[5:]}]


def packed():
    rows = [torch.randn(n, 3, generator=DRAWS).double() for n in (5, 3, 2)]
    return nn.GRU(3, 2).double(), of_packed, [{"packed": pack_sequence(rows), "y": Y[:3]}]


@pytest.mark.parametrize("stays", [True, False], ids=["model on the processor", "model on the device"])
@pytest.mark.parametrize("made", [dictionaries, packed])
def test_batches_move_as_copies(made, stays):
    torch.manual_seed(0)
    model, loss, batches = made()
    expected = Objective(model, batch_loss=loss, data=batches, count=lambda batch: len(batch["y"]))
    there = copy.deepcopy(model) if stays else copy.deepcopy(model).cuda()
    objective = Objective(there, batch_loss=loss, data=batches, count=lambda batch: len(batch["y"]))
    plane = random_plane(expected)
    one = explorer.sweep(expected, plane, GRID, quantities=("loss", "gradient"), progress=False, report=False)
    two = explorer.sweep(
        objective, plane.to(device=objective.device), GRID, quantities=("loss", "gradient"), device="cuda",
        progress=False, report=False,
    )  # fmt: skip
    assert two.attrs["device"].startswith("cuda")
    np.testing.assert_allclose(two.loss, one.loss, rtol=1e-11)
    np.testing.assert_allclose(two.gradient, one.gradient, rtol=1e-9, atol=1e-12)
    assert all(batch["y"].device.type == "cpu" for batch in batches)


class Spectral(nn.Module):
    def __init__(self):
        super().__init__()
        self.weight, self.head = nn.Parameter(torch.randn(3, 4, dtype=torch.complex128)), nn.Linear(4, 2)

    def forward(self, x):
        return self.head((x.to(torch.complex128) @ self.weight).abs())


@pytest.mark.parametrize(
    ("made", "placement"),
    [
        (lambda: Checkpointed(False), Placement.LEAVES),
        (lambda: Checkpointed(True), Placement.IN_PLACE),
        (Spectral, Placement.VIEWS),
    ],
    ids=["checkpoint", "reentrant", "complex"],
)
def test_models_that_ask_for_more(made, placement):
    torch.manual_seed(0)
    expected = Objective(made().double(), F.mse_loss, (X, Y))
    objective = expected.to(device="cuda")
    assert objective.placement is placement
    plane = random_plane(expected)
    quantities = ("loss", "gradient", "gradient_norm")
    one, two = (
        explorer.sweep(each, plane.to(device=each.device), GRID, quantities=quantities, progress=False, report=False)
        for each in (expected, objective)
    )
    for name in quantities:
        np.testing.assert_allclose(two[name], one[name], rtol=1e-9, atol=1e-12)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_a_worker_with_a_gpu_measures_there():
    distributed = pytest.importorskip("distributed")
    torch.manual_seed(0)
    objective = Objective(nn.Linear(3, 2).double(), F.mse_loss, (X, Y))
    plane = random_plane(objective)
    expected = explorer.sweep(objective, plane, GRID, progress=False, report=False)
    with (
        distributed.LocalCluster(
            n_workers=1, threads_per_worker=1, host="127.0.0.1", dashboard_address=None, resources={"GPU": 1},
            processes=True,
        ) as cluster,
        distributed.Client(cluster) as client,
    ):  # fmt: skip
        found = explorer.sweep(objective, plane, GRID, device="cuda", executor=client, progress=False, report=False)
    assert found.attrs["device"].startswith("cuda")
    np.testing.assert_allclose(found.loss, expected.loss, rtol=1e-11)
