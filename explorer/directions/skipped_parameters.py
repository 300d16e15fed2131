"""Which parameters a random direction leaves where they are."""

import re
from collections.abc import Sequence

from torch import nn
from torch.nn.modules.batchnorm import _NormBase

from explorer.directions.parameter_roles import role_of
from explorer.objective import Objective

SKIPS = ("bias", "norm", "vector")
"""What can be skipped. All three together are what the code of Li et al. calls "biasbn": every tensor of at most one
dimension.

Under `torch.nn.utils.parametrize` an original tensor is of the kind of what is made from it: that of a bias is a bias.

bias: parameters named bias, bias_... or ..._bias (`in_proj_bias`, `bias_ih_l0`, `bias_k`), of any module and shape;
norm: all parameters of a normalization layer (batch, layer, group, instance, RMS; also modules whose class is called
    ...Norm or ...Norm2d, such as a library's own RMS norm);
vector: every other scalar or vector (a PReLU's slope, a layer's scale), and the magnitudes of
    `parametrizations.weight_norm`, which are scales in the shape [N, 1, ...].
"""

_BIAS = re.compile(r"^bias(_.*)?$|_bias$")
_NORM = re.compile(r"Norm(\d[dD])?$")
_NORMS = (_NormBase, nn.LayerNorm, nn.GroupNorm, nn.RMSNorm)


def skipped(objective: Objective, kinds: Sequence[str]) -> list[str]:
    """Return the names of the objective's parameters that are of one of these kinds, in theta's order.

    Raises:
        ValueError: a kind that is not among SKIPS.
    """
    unknown = set(kinds) - set(SKIPS)
    if isinstance(kinds, str) or unknown:
        raise ValueError(f'expected skip among {SKIPS}, such as ("bias", "norm"); got {kinds!r}')
    return [name for name in objective.layout.shapes if _kind(objective, name) in kinds]


def _kind(objective: Objective, name: str) -> str:
    role = role_of(objective, name)
    if isinstance(role.module, _NORMS) or _NORM.search(type(role.module).__name__):
        return "norm"
    if _BIAS.search(role.tensor):
        return "bias"
    return "weight" if role.holds_rows(len(objective.layout.shapes[name])) else "vector"
