"""A study whose paths are known in closed form: a straight line through two points, mean squared error."""

import torch
from torch import Tensor, nn

from explorer.study import Study, TargetSet
from models import LOSSES


class Line(nn.Module):
    """w x + b."""

    def __init__(self) -> None:
        super().__init__()
        self.w = nn.Parameter(torch.zeros((), dtype=torch.float64))
        self.b = nn.Parameter(torch.zeros((), dtype=torch.float64))

    def forward(self, x: Tensor) -> Tensor:
        return self.w * x + self.b


X = torch.tensor([-2.0, 2.0], dtype=torch.float64)
LINE = Study(
    name="line",
    title="A straight line",
    formula="ŷ = w·x + b",
    model=Line,
    losses={"mse": LOSSES["mse"]},
    targets={"pair": TargetSet("pair", "Two points", "A bowl.", X, 0 * X, {"w": (-4, 4), "b": (-4, 4)})},
)
"""L = 4 w² + b²: the Hessian is diag(8, 2) everywhere, 2/λmax = 0.25, the best constant rate 0.2, the minimum at 0."""
