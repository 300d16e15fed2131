"""Seeds: numbers that are drawn the same each time."""

import torch

_LEAST, _MOST = -(1 << 63), (1 << 64) - 1


def generator(seed: int) -> torch.Generator:
    """Return a generator on the processor, begun with a seed.

    Raises:
        ValueError: the seed is beyond what PyTorch takes.
    """
    if not _LEAST <= seed <= _MOST:
        raise ValueError(f"expected a seed of at most 64 bits; got {seed}")
    return torch.Generator().manual_seed(int(seed))
