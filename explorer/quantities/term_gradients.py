"""Term gradients: the gradient of each term of an objective along the directions, unweighted as the terms are.

Where they are asked for, `gradient` is their weighted sum: one backward pass a term instead of one of the loss beside
them.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from explorer.objective import Objective
from explorer.quantities.quantity import Dims
from explorer.quantities.values import Derivative, Sums, Value


def _dims(objective: Objective, labels: Sequence[str]) -> Dims:
    return {"term": objective.term_names, "direction": labels}


def _stacked(sums: Sums) -> Tensor:
    return torch.stack(list(sums.slopes_of_terms.values()), dim=1)


TERM_GRADIENTS = Value("term_gradients", _stacked, _dims, Derivative.OF_TERMS)
