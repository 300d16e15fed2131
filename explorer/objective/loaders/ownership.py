"""Ownership: data whose memory someone else may write to, unseen by PyTorch, are copied."""

import torch
from torch import Tensor

from explorer.numerics.free_memory import room


def owned(tensor: Tensor) -> Tensor:
    """Return a tensor to which every write is counted: itself, or a copy where its memory is also NumPy's (or that of a
    file, or of another process), which writes to it past PyTorch. What takes more than half of the free memory is not
    copied."""
    if not _is_shared(tensor) or tensor.nbytes > room(tensor.device):
        return tensor
    return tensor.detach().clone().requires_grad_(tensor.requires_grad)


def _is_shared(tensor: Tensor) -> bool:
    # PyTorch resizes no memory that is not its own alone. Sparse and wrapped tensors have none to ask.
    if tensor.layout != torch.strided or tensor.is_meta:
        return False
    try:
        return not tensor.untyped_storage().resizable()
    except (RuntimeError, NotImplementedError):
        return False
