"""Filters: the pieces of a parameter that Li et al. (2018) scale one by one."""

from torch import Tensor
from torch.nn.modules.conv import _ConvTransposeNd

from explorer.directions.parameter_roles import Role


def by_filter(values: Tensor, role: Role) -> Tensor:
    """Return a view of a parameter, or of a direction of its shape, as [G, F, ...]: G x F filters of all the rest.

    A filter is all that one output unit multiplies its inputs by:

    - Linear, convolutions, recurrent layers and all others: one index of the first dimension. That holds for stacked
      matrices too (`in_proj_weight` of attention, `weight_ih_l0` of an LSTM): stacking puts the rows of several
      matrices below one another, and each row still is one output unit's.
    - Embedding: one row, a token's vector.
    - ConvTranspose: stored as [inputs, outputs / groups, ...], with the inputs of each group below one another; so a
      filter is one output of one group, over the inputs of that group.
    - Scalars and vectors: one filter as a whole. Entry by entry, all that is random of a direction would be its signs.

    Under `torch.nn.utils.parametrizations` an original tensor of the weight's shape is cut as the weight: that of
    spectral_norm, and the v of weight_norm, w = g v / ||v||. The magnitudes g are a vector of scales, one filter as a
    whole. It is v that is as long as v, filter by filter, and not w.

    Args:
        values: of the parameter's shape, contiguous.
        role: what the parameter is to which module.
    """
    if not role.holds_rows(values.dim()):
        return values.reshape(1, 1, -1)
    module = role.module
    if isinstance(module, _ConvTransposeNd) and values.shape == module.weight.shape:
        grouped = values.reshape(module.groups, -1, *values.shape[1:])
        return grouped.movedim(2, 1)
    return values[None]
