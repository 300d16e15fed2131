"""Small stores, and what may happen to their files."""

from pathlib import Path
from typing import Any

import numpy as np

from explorer.store import FieldSpec, Store
from tests.support.killed import writer


def filled(path: Path, pieces: int = writer.PIECES) -> Store:
    """A store of the writer's with its first pieces appended, all by default."""
    store = writer.make(path)
    for number in range(pieces):
        assert store.append(writer.piece(number), writer.values(writer.piece(number))) == number
    return store


def small(path: Path, **changed: Any) -> Store:
    """A store of 3 x 2 points in chunks of 4."""
    asked: dict[str, Any] = {
        "spec": {"seed": 0},
        "attrs": {},
        "dims": {"w": np.array([-1.0, 0.0, 1.0]), "b": np.array([0.0, 1.0])},
        "fields": {"loss": FieldSpec("float64")},
        "chunk": 4,
        "tensors": {"origin": np.zeros(2)},
    }
    return Store.create(path, **asked | changed)


def truncate(file: Path) -> None:
    """Cut off the end."""
    file.write_bytes(file.read_bytes()[:-5])


def zero(file: Path) -> None:
    """Write zeros over all of it."""
    file.write_bytes(bytes(file.stat().st_size))


def flip(file: Path) -> None:
    """Change one bit."""
    raw = bytearray(file.read_bytes())
    raw[len(raw) // 3] ^= 0x10
    file.write_bytes(raw)


def empty(file: Path) -> None:
    """Leave nothing of it."""
    file.write_bytes(b"")
