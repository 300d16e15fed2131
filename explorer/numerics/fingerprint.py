"""Fingerprints of tensors: the same bytes, the same text."""

import hashlib

import torch
from torch import Tensor


def sha256(*tensors: Tensor) -> str:
    """Return the SHA-256, in hexadecimal, of the tensors' bytes one after another (C order)."""
    digest = hashlib.sha256()
    for tensor in tensors:
        # Hashed where it lies; as bytes, because NumPy has no bfloat16.
        flat = tensor.detach().cpu().contiguous().reshape(-1)
        digest.update(flat.view(torch.uint8).numpy().data if flat.numel() else b"")
    return digest.hexdigest()
