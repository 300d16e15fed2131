"""For every test: one torch thread, so that small operations do not wait for a second one on a busy machine."""

import os

import torch

torch.set_num_threads(1)


def pytest_xdist_auto_num_workers() -> int:
    """Return three processes for two cores: those that drive a browser wait half of the time."""
    return max(2, 3 * (os.cpu_count() or 1) // 2)
