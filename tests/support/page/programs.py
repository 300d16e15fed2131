"""Programs that the page shows, run as they are."""

import contextlib
import io

import torch
from torch import Tensor


def printed(source: str) -> str:
    """Return what a program prints, run in this process as a file is."""
    output = io.StringIO()
    with contextlib.redirect_stdout(output):
        exec(compile(source, "<program>", "exec"), {"__name__": "__main__"})
    return output.getvalue()


def path_in(text: str) -> Tensor:
    """Return step, L, w and b of every line that a training program printed, [T, 4]."""
    heading, *lines = text.splitlines()
    assert heading == "step L w b"
    return torch.tensor([[float(each) for each in line.split()] for line in lines], dtype=torch.float64)
