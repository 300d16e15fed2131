"""Arrays of NumPy that are written to after an objective was made change nothing in it: PyTorch does not see that."""

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
