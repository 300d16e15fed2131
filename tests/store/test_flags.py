"""Numbers of chunks: what is left lying about must not end a store that has room."""

from pathlib import Path

import pytest

from explorer.errors import StoreError
from explorer.store.flags import Flags


def flags(folder: Path, *names: str, capacity: int = 8) -> Flags:
    for name in names:
        (folder / name).write_bytes(b"")
    return Flags(folder, capacity)


def test_numbers_rise_above_what_is_done_and_claimed(tmp_path: Path) -> None:
    assert flags(tmp_path, "c.0", "c.0.claim", "c.3.claim").claim() == 4


def test_a_stray_claim_of_the_last_number_leaves_the_room_before_it(tmp_path: Path) -> None:
    found = flags(tmp_path, "c.0", "c.0.claim", "c.1", "c.1.claim", "c.7.claim")
    # The last one stays taken: whoever claimed it may be writing.
    assert [found.claim() for _ in range(5)] == [2, 3, 4, 5, 6]
    with pytest.raises(StoreError, match="all 8 are taken"):
        found.claim()


def test_a_full_store_is_full(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="all 2 are taken"):
        flags(tmp_path, "c.0", "c.0.claim", "c.1", "c.1.claim", capacity=2).claim()
