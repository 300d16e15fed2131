"""Dtypes that a caller names."""

import torch


def check_dtype(dtype: object) -> None:
    """Do nothing if this is a floating-point dtype of torch, or None.

    Raises:
        TypeError: it is none, such as its name as text or a dtype of NumPy.
        ValueError: it holds no fractions.
    """
    if dtype is None:
        return
    if not isinstance(dtype, torch.dtype):
        name = str(dtype).rpartition(".")[2]
        meant = isinstance(getattr(torch, name, None), torch.dtype)
        cure = f"say torch.{name}" if meant else "say torch.float32 or torch.float64"
        raise TypeError(f"expected dtype to be a torch.dtype; got {dtype!r} ({type(dtype).__name__}): {cure}")
    if not dtype.is_floating_point:
        raise ValueError(f"expected a floating-point dtype, such as torch.float64; got {dtype}: a loss has fractions")
