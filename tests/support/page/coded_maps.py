"""Coded maps as the browser reads them."""

import base64
from typing import Any

import numpy as np
from numpy.typing import NDArray


def unpacked(drawn: dict[str, Any]) -> NDArray[np.uint16]:
    """Undo the coding of a map, as the browser does: its codes, rows upwards."""
    height, width = drawn["shape"]
    halves = np.frombuffer(base64.b64decode(drawn["codes"]), np.uint8).astype(np.uint16)
    codes = (halves[: height * width] + 256 * halves[height * width :]).reshape(height, width)
    return np.cumsum(np.cumsum(codes, axis=1, dtype=np.uint16), axis=1, dtype=np.uint16)
