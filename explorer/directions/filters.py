"""Filters: the pieces of a parameter that Li et al. (2018) scale one by one."""

from torch import Tensor, nn
from torch.nn.modules.conv import _ConvTransposeNd


def by_filter(values: Tensor, owner: nn.Module) -> Tensor:
    """Return a view of a parameter, or of a direction of its shape, as [G, F, ...]: G x F filters of all the rest.

    A filter is all that one output unit multiplies its inputs by:

    - Linear, convolutions, recurrent layers and all others: one index of the first dimension. That holds for stacked
      matrices too (`in_proj_weight` of attention, `weight_ih_l0` of an LSTM): stacking puts the rows of several
      matrices below one another, and each row still is one output unit's.
    - Embedding: one row, a token's vector.
    - ConvTranspose: stored as [inputs, outputs / groups, ...], with the inputs of each group below one another; so a
      filter is one output of one group, over the inputs of that group.
    - Scalars and vectors: one filter as a whole. Entry by entry, all that is random of a direction would be its signs.

    Args:
        values: of the parameter's shape, contiguous.
        owner: the module that holds the parameter.
    """
    if values.dim() < 2:
        return values.reshape(1, 1, -1)
    if isinstance(owner, _ConvTransposeNd) and values.shape == owner.weight.shape:
        grouped = values.reshape(owner.groups, -1, *values.shape[1:])
        return grouped.movedim(2, 1)
    return values[None]
