"""Undisturbed: what evaluating an objective must not leave behind in the caller's process."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

import torch

from explorer.numerics.rounding import exact_products
from explorer.objective import Objective


@contextmanager
def undisturbed(objective: Objective) -> Iterator[None]:
    """Keep the caller's random numbers where they are, whatever a model draws; and say nothing of operations that
    `vmap` takes one by one: whether that pays is what the calibration finds out."""
    devices = [objective.device] if objective.device.type == "cuda" else []
    with torch.random.fork_rng(devices=devices), warnings.catch_warnings(), exact_products(objective.device):
        warnings.filterwarnings("ignore", message="There is a performance drop because we have not yet implemented")
        yield
