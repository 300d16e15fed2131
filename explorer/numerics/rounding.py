"""Roundings: how exact float32 is on a device, where PyTorch may round the factors of products to fewer bits."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor

_TF32 = 2.0**-11
"""Half a unit in the last of TF32's 10 bits."""


@contextmanager
def exact_products(device: torch.device) -> Iterator[None]:
    """Keep convolutions on CUDA as exact as matrix products are.

    cuDNN rounds float32 to TF32 unless told otherwise, matrix products only when asked for by
    torch.set_float32_matmul_precision: that is taken as asking for both.
    """
    if device.type != "cuda":
        yield
        return
    before = torch._C._get_cudnn_allow_tf32()
    torch._C._set_cudnn_allow_tf32(before and uses_tf32(device))
    try:
        yield
    finally:
        torch._C._set_cudnn_allow_tf32(before)


def uses_tf32(device: torch.device) -> bool:
    """Return whether float32 products on a device may be rounded to TF32, as the caller asked for."""
    return device.type == "cuda" and torch.get_float32_matmul_precision() != "highest"


def eps_of(value: Tensor) -> float:
    """Return the relative rounding of what was computed in the value's dtype on its device."""
    eps = float(torch.finfo(value.dtype).eps)
    return max(eps, _TF32) if value.dtype is torch.float32 and uses_tf32(value.device) else eps
