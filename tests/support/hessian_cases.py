"""Objectives whose Hessian is given, or small enough to be written down."""

import torch
from torch import nn

from explorer import Objective
from tests.support.cases import Bowl


def bowl_with(spectrum, dtype=torch.float64, seed=0):
    """A bowl whose Hessian has that spectrum, and its eigenvectors [P, P] as columns."""
    values = torch.as_tensor(spectrum, dtype=torch.float64)
    generator = torch.Generator().manual_seed(seed)
    basis = torch.linalg.qr(torch.randn(len(values), len(values), generator=generator, dtype=torch.float64)).Q
    model = Bowl((basis @ torch.diag(values) @ basis.T).to(dtype), torch.zeros(len(values), dtype=dtype))
    return Objective(model, terms={"bowl": lambda model: model()}), basis


def network(samples, seed=0):
    """2-3-1, tanh, mean squared error, float64."""
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(2, 3), nn.Tanh(), nn.Linear(3, 1)).double()
    x = torch.randn(samples, 2, dtype=torch.float64)
    return Objective(model, nn.MSELoss(), (x, x.prod(1, keepdim=True)))


def in_blocks(objective, size):
    """Cut its data into blocks of that many samples."""
    objective._data = objective._data.in_blocks(size)
    return objective
