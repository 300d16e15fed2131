"""Layout: one Zarr array but for its content."""

import math
from dataclasses import dataclass
from typing import Any

DTYPES = {"float16": 2, "float32": 4, "float64": 8, "bool": 1, "int8": 1, "uint8": 1, "int32": 4, "int64": 8}
"""What may be stored -> bytes of one entry."""


@dataclass(frozen=True)
class Layout:
    """Shape, chunks and type of an array, and what stands in it where nothing was written."""

    shape: tuple[int, ...]
    chunk: tuple[int, ...]
    dtype: str
    names: tuple[str, ...]
    """Of its dimensions."""
    empty: float
    """NaN, or an integer."""

    @property
    def chunk_bytes(self) -> int:
        """Bytes of a chunk in memory; every chunk is stored in full, uncompressed."""
        return math.prod(self.chunk) * DTYPES[self.dtype]

    @property
    def _fill_value(self) -> str | float | bool:
        if math.isnan(self.empty):
            return "NaN"
        return bool(self.empty) if self.dtype == "bool" else self.empty

    @property
    def document(self) -> dict[str, Any]:
        """The array's zarr.json. No compression: a file's size is known before it is read, and losses barely shrink."""
        return {
            "zarr_format": 3,
            "node_type": "array",
            "shape": list(self.shape),
            "data_type": self.dtype,
            "chunk_grid": {"name": "regular", "configuration": {"chunk_shape": list(self.chunk)}},
            "chunk_key_encoding": {"name": "default", "configuration": {"separator": "."}},
            "fill_value": self._fill_value,
            "codecs": [{"name": "bytes", "configuration": {"endian": "little"}}, {"name": "crc32c"}],
            "attributes": {},
            "dimension_names": list(self.names),
            "storage_transformers": [],
        }


def empty_of(dtype: str) -> float:
    """Return what stands for a number that is not there: NaN, or 0 where the type has none."""
    return math.nan if dtype.startswith("float") else 0
