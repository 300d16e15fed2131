"""Absent: what stands in a chunk of format 1 for a number that is not there, which no computation yields."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

_BITS = {np.dtype(np.float16): 0x7E4C, np.dtype(np.float32): 0x7FC4C1E5, np.dtype(np.float64): 0x7FF84C1E5C4B2A19}
"""Of a quiet NaN whose payload says so."""


def is_absent(values: NDArray[Any]) -> NDArray[np.bool_]:
    """Return where nothing stands; nowhere among integers, whose 0 may be a result."""
    bits = _BITS.get(values.dtype)
    if bits is None:
        return np.zeros(values.shape, dtype=bool)
    absent: NDArray[np.bool_] = np.ascontiguousarray(values).view(f"u{values.itemsize}") == bits
    return absent
