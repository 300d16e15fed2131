"""Devices that a caller names."""

import torch


def check_device(device: torch.device | str | None) -> None:
    """Do nothing if tensors can be made on this device, or it is None.

    Raises:
        ValueError: PyTorch knows no such device, or this machine has none.
    """
    if device is None:
        return
    try:
        torch.empty(0, device=device)
    # A build without CUDA says so by an AssertionError.
    except (RuntimeError, AssertionError, NotImplementedError, TypeError) as error:
        why = str(error).splitlines()[0][:120]
        raise ValueError(f'expected a device of this machine, such as "cpu"; got {str(device)!r}: {why}') from error
