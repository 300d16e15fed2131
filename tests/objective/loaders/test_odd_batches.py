"""Batches that cannot be read are refused in words, whatever PyTorch says of them."""

import pytest
import torch
from torch import nn

from explorer import Objective
from explorer.errors import ObjectiveError


def batch_loss(model, batch):
    return model(torch.ones(2, 3)).square().mean()


def circular():
    batch = {"x": torch.ones(2, 3)}
    batch["self"] = batch
    return batch


ODD = {
    "jagged": lambda: {"x": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)], layout=torch.jagged)},
    "nested": lambda: {"x": torch.nested.nested_tensor([torch.ones(2), torch.ones(3)])},
    "meta": lambda: {"x": torch.ones(2, 3, device="meta")},
    "contains itself": circular,
}


@pytest.mark.filterwarnings("ignore:The PyTorch API of nested tensors")
@pytest.mark.parametrize("count", [None, lambda batch: 2], ids=["found", "told"])
@pytest.mark.parametrize("kind", ODD)
def test_a_batch_that_cannot_be_read_is_refused_in_words(kind, count):
    with pytest.raises(ObjectiveError, match="expected"):
        Objective(nn.Linear(3, 1), batch_loss=batch_loss, data=[ODD[kind]()], count=count)
