"""Memory: how much is free, and how much a computation keeps for its backward pass."""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.autograd.graph import saved_tensors_hooks


def room(device: torch.device) -> int:
    """Return how many bytes data may take on a device: half of what is free."""
    if device.type == "cuda":
        return torch.cuda.mem_get_info(device)[0] // 2
    return _free() // 2


def saved_bytes(evaluate: Callable[[], Any], shared: Sequence[Tensor] = ()) -> int:
    """Return how many bytes one evaluation keeps for its backward pass, `shared` tensors not counted."""
    known = {tensor.untyped_storage().data_ptr() for tensor in shared}
    saved: dict[int, int] = {}

    def note(tensor: Tensor) -> Tensor:
        try:
            place, size = tensor.untyped_storage().data_ptr(), tensor.untyped_storage().nbytes()
        except RuntimeError:
            # A tensor of torch.func (a term with jvp inside) has no storage of its own to look at.
            place, size = id(tensor), tensor.numel() * tensor.element_size()
        if place not in known:
            saved[place] = size
        return tensor

    with torch.enable_grad(), saved_tensors_hooks(note, lambda tensor: tensor):
        # The result keeps the graph, and so every saved tensor, alive until all are counted.
        kept = evaluate()
    del kept
    return sum(saved.values())


def _free() -> int:
    """Return the bytes that can be had without swapping (Linux), or all there are."""
    meminfo = Path("/proc/meminfo")
    if meminfo.exists():
        for line in meminfo.read_text(encoding="ascii").splitlines():
            if line.startswith("MemAvailable:"):
                return int(line.split()[1]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
