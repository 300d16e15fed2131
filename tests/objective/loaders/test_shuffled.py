"""A count belongs to its batch: streamed batches that come in another order are refused, not counted as others."""

from unittest import mock

import pytest
import torch
from torch import nn
from torch.utils.data import DataLoader

from explorer import Objective
from explorer.errors import ObjectiveError
from explorer.objective.loaders import batch_data

SIZES = (1, 9, 30, 2, 17)


def batches():
    generator = torch.Generator().manual_seed(0)
    return [
        {"x": torch.randn(size, 3, generator=generator), "y": torch.randn(size, 2, generator=generator)}
        for size in SIZES
    ]


def batch_loss(model, batch):
    return (model(batch["x"]) - batch["y"]).square().mean()


def objective(source):
    torch.manual_seed(0)
    with mock.patch.object(batch_data, "room", return_value=100):
        return Objective(nn.Linear(3, 2), batch_loss=batch_loss, data=source, count=lambda batch: len(batch["x"]))


def test_in_order_they_are_the_whole():
    own = objective(DataLoader(batches(), batch_size=None))
    assert own.streamed
    model = nn.Linear(3, 2)
    torch.nn.utils.vector_to_parameters(own.theta, model.parameters())
    x, y = (torch.cat([batch[name] for batch in batches()]) for name in ("x", "y"))
    expected = (model(x) - y).square().mean()
    # Float32, means of 118 squares in another order.
    torch.testing.assert_close(own(own.theta), expected.detach(), rtol=1e-6, atol=0)


def test_in_another_order_from_the_start_they_are_refused():
    with pytest.raises(ObjectiveError, match="in the same order in every pass"):
        objective(DataLoader(batches(), batch_size=None, shuffle=True, generator=torch.Generator().manual_seed(0)))


def test_in_another_order_later_they_are_refused_by_their_number():
    source = batches()
    own = objective(source)
    source[1], source[2] = source[2], source[1]
    with pytest.raises(ObjectiveError, match="batch 1 is another one now: turn shuffling"):
        own(own.theta)
