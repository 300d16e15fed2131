"""Capturing: a point's operations recorded once on a GPU and played again, without launching them one by one."""

from collections.abc import Callable

import torch
from torch import Tensor

Values = dict[str, Tensor]
AtPoint = Callable[[Tensor], Values]
"""coords [K] of one point -> values."""

_WARM = 3
"""Runs before recording, as PyTorch asks for: libraries choose their kernels and take their memory then."""


def captured(at: AtPoint, coords: Tensor) -> AtPoint:
    """Return the function as a CUDA graph; as it is where the device is another, or it cannot be recorded.

    Args:
        at: makes no decision by the values of tensors, and waits for none.
        coords: of one point [K].
    """
    if coords.device.type != "cuda":
        return at
    place = coords.clone()
    try:
        return _recorded(at, place)
    except torch.OutOfMemoryError:
        raise
    except RuntimeError:
        return at


def _recorded(at: AtPoint, place: Tensor) -> AtPoint:
    stream = torch.cuda.Stream(place.device)  # type: ignore[no-untyped-call]
    stream.wait_stream(torch.cuda.current_stream(place.device))
    with torch.cuda.stream(stream):
        for _ in range(_WARM):
            at(place)
    torch.cuda.current_stream(place.device).wait_stream(stream)
    graph = torch.cuda.CUDAGraph()
    with torch.cuda.graph(graph):
        found = at(place)

    def play(coords: Tensor) -> Values:
        place.copy_(coords)
        graph.replay()
        # The next point writes to the same memory.
        return {name: value.clone() for name, value in found.items()}

    return play
