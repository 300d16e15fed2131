"""Side effects: what evaluating somebody's model must not leave behind in the process."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from explorer.numerics.rounding import exact_products


@contextmanager
def undisturbed(device: torch.device) -> Iterator[None]:
    """Keep the caller's random numbers where they are, whatever a model on the device draws; and say nothing of
    operations that `vmap` takes one by one: whether that pays is what the calibration finds out."""
    devices = [device] if device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), warnings.catch_warnings(), exact_products(device):
        warnings.filterwarnings("ignore", message="There is a performance drop because we have not yet implemented")
        yield
