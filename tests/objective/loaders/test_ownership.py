"""Arrays of NumPy that are written to after an objective was made change nothing in it: PyTorch does not see that."""

from dataclasses import dataclass

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils.rnn import PackedSequence
from torch.utils.data import DataLoader, TensorDataset

from explorer import Objective
from explorer.errors import ObjectiveError
from explorer.objective.loaders.ownership import owned


def arrays():
    generator = np.random.default_rng(0)
    return generator.normal(size=(6, 3)), generator.normal(size=(6, 1))


def torchs(x, y):
    return torch.from_numpy(x), torch.from_numpy(y)


def batch_loss(model, batch):
    return (model(batch["x"]) - batch["y"]).square().mean()


MADE = {
    "pair": lambda model, x, y: Objective(model, nn.MSELoss(), torchs(x, y)),
    "batches of pairs": lambda model, x, y: Objective(
        model, nn.MSELoss(), [torchs(x[:4], y[:4]), torchs(x[4:], y[4:])]
    ),
    "one batch of a loader": lambda model, x, y: Objective(
        model, nn.MSELoss(), DataLoader(TensorDataset(*torchs(x, y)), batch_size=6, collate_fn=lambda _: torchs(x, y))
    ),
    "batches of their own kind": lambda model, x, y: Objective(
        model, batch_loss=batch_loss, data=[dict(zip("xy", torchs(x, y), strict=True))]
    ),
}


@pytest.mark.parametrize("kind", MADE)
def test_what_is_written_to_an_array_afterwards_changes_nothing(kind):
    torch.manual_seed(0)
    model, (x, y) = nn.Linear(3, 1).double(), arrays()
    expected = nn.functional.mse_loss(model(torch.from_numpy(x.copy())), torch.from_numpy(y.copy())).item()
    objective = MADE[kind](model, x, y)
    x += 1
    y[:] = 0
    # Twelve products and a mean of six: a few units of the last place.
    assert objective(objective.theta).item() == pytest.approx(expected, rel=1e-14)


def test_writing_to_a_tensor_of_pytorchs_own_is_still_refused():
    x, y = torch.randn(6, 3), torch.randn(6, 1)
    objective = Objective(nn.Linear(3, 1), nn.MSELoss(), (x, y))
    assert objective.resident()[0].data_ptr() == x.data_ptr()
    x += 1
    with pytest.raises(ObjectiveError, match="changed in place"):
        objective(objective.theta)


def test_only_memory_that_others_may_write_to_is_copied():
    own, sparse = torch.ones(3), torch.eye(3).to_sparse()
    meta, array = torch.ones(3, device="meta"), torch.from_numpy(np.ones(3))
    assert all(owned(tensor) is tensor for tensor in (own, own[1:], sparse, meta))
    for tensor in (array, array[1:], array.requires_grad_()):
        copy = owned(tensor)
        assert torch.equal(copy, tensor)
        assert copy.data_ptr() != tensor.data_ptr()
        assert (copy.is_leaf, copy.requires_grad) == (True, tensor.requires_grad)


def test_what_is_too_large_to_be_copied_is_read_where_it_is(monkeypatch):
    monkeypatch.setattr("explorer.objective.loaders.ownership.room", lambda device: 8)
    array = torch.from_numpy(np.ones(3))
    assert owned(array) is array


def test_a_packed_sequence_of_arrays_stays_one():
    array = np.ones((4, 2))
    packed = PackedSequence(torch.from_numpy(array), torch.tensor([2, 1, 1]))

    def mean(model, batch):
        assert type(batch["packed"]) is PackedSequence
        return model(batch["packed"].data).square().mean()

    objective = Objective(nn.Linear(2, 1).double(), batch_loss=mean, data=[{"packed": packed}], count=lambda batch: 4)
    before = objective(objective.theta)
    array[:] = 9
    assert torch.equal(objective(objective.theta), before)


@dataclass
class Arrays:
    """A batch of arrays, as a loader of NumPy makes them."""

    x: np.ndarray
    y: np.ndarray
    scale: torch.Tensor


def of_arrays(model, batch):
    x, y = torch.from_numpy(batch.x), torch.from_numpy(batch.y)
    return batch.scale * (model(x) - y).square().mean()


def test_arrays_within_batches_are_the_objectives_own():
    torch.manual_seed(0)
    model, (x, y) = nn.Linear(3, 1).double(), arrays()
    batch = Arrays(x, y, torch.tensor(2.0).double())
    expected = of_arrays(model, batch).item()
    objective = Objective(model, batch_loss=of_arrays, data=[batch], count=lambda batch: 6)
    other = Objective(model, batch_loss=of_arrays, data=[Arrays(x + 1, y, batch.scale)], count=lambda batch: 6)
    assert objective.describe()["data"]["sha256"] != other.describe()["data"]["sha256"]
    x += 1
    batch.y = y * 0
    assert objective(objective.theta).item() == pytest.approx(expected, rel=1e-14)


def test_what_is_asked_of_a_batchs_tensors_is_not_asked_of_the_users():
    def smooth(model, batch):
        place = batch["x"].requires_grad_()
        out = model(place)
        slope = torch.autograd.grad(out.sum(), place, create_graph=True)[0]
        return (out - batch["y"]).square().mean() + slope.square().mean()

    torch.manual_seed(0)
    data = [
        dict(zip("xy", torchs(*arrays()), strict=True)),
        {"x": torch.ones(2, 3).double(), "y": torch.ones(2, 1).double()},
    ]
    objective = Objective(nn.Linear(3, 1).double(), batch_loss=smooth, data=data)
    objective(objective.theta)
    assert not any(batch["x"].requires_grad for batch in data)


@pytest.mark.parametrize("writes", [0, 1])
def test_a_batch_that_is_written_to_is_refused_before_that_reaches_the_user(writes):
    def writing(model, batch):
        if len(batch["x"]) == 2 + writes:
            batch["x"].mul_(2)
        return (model(batch["x"]) - batch["y"]).square().mean()

    data = [{"x": torch.ones(n, 3).double(), "y": torch.ones(n, 1).double()} for n in (2, 3)]
    with pytest.raises(ObjectiveError, match=f"tensors of batch {writes} have been written to"):
        Objective(nn.Linear(3, 1).double(), batch_loss=writing, data=data)
    assert all(bool((batch["x"] == 1).all()) for batch in data)
