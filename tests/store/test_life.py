"""The life of a store, as a machine that does anything in any order and remembers what must be there."""

import shutil
from pathlib import Path
from tempfile import mkdtemp

import numpy as np
import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from explorer.store import Store
from tests.store.test_store import empty, filled, flip, truncate, zero
from tests.support.killed import writer

CHUNKS = st.integers(0, -(-writer.POINTS // writer.CHUNK) - 1)


class StoreLife(RuleBasedStateMachine):
    """Put, fail, damage, verify, open again; after each the landscape holds what was put and is undamaged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.path = self.folder / "x.zarr"
        self.store = filled(self.path, chunks=0)
        self.done: set[int] = set()
        self.failed: set[int] = set()
        self.holes: dict[int, int] = {}
        self.damaged: set[int] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(chunk=CHUNKS)
    def put(self, chunk: int) -> None:
        self.store.put(chunk, writer.values(self.store.positions(chunk)))
        self.done.add(chunk)
        self.failed.discard(chunk)
        self.holes.pop(chunk, None)
        self.damaged.discard(chunk)

    @rule(chunk=CHUNKS)
    def fail(self, chunk: int) -> None:
        self.store.fail(chunk, f"chunk {chunk}")
        self._has_failed(chunk)

    @rule(chunk=CHUNKS, hole=st.integers(1, writer.CHUNK))
    def fail_in_part(self, chunk: int, hole: int) -> None:
        fields = writer.values(self.store.positions(chunk))
        self.store.fail(chunk, f"chunk {chunk}", fields=fields, holes=[(0, hole)])
        self._has_failed(chunk)
        self.holes[chunk] = hole

    def _has_failed(self, chunk: int) -> None:
        self.failed.add(chunk)
        self.holes.pop(chunk, None)
        self.done.discard(chunk)
        self.damaged.discard(chunk)

    @precondition(lambda self: self.done)
    @rule(data=st.data(), harm=st.sampled_from([truncate, zero, flip, empty, Path.unlink]))
    def damage(self, data: st.DataObject, harm: object) -> None:
        chunk = data.draw(st.sampled_from(sorted(self.done)))
        if chunk not in self.damaged:
            assert callable(harm)
            harm(self.path / "steps" / f"c.{chunk}")
            self.damaged.add(chunk)

    @rule()
    def verify(self) -> None:
        assert self.store.verify() == sorted(self.damaged)
        self.done -= self.damaged
        self.damaged.clear()

    @rule()
    def leave_a_half_written_file(self) -> None:
        (self.path / "loss" / f"c.0.{'0' * 32}.partial").write_bytes(b"half")

    @rule()
    def open_again(self) -> None:
        self.store = Store.open(self.path, write=True)

    @invariant()
    def what_was_put_is_there(self) -> None:
        found = Store.open(self.path).landscape()
        expected = np.zeros(writer.POINTS, dtype=np.int8)
        for chunks, status in ((self.done - self.damaged, 1), (self.failed, 3)):
            for chunk in chunks:
                expected[self.store.positions(chunk)] = status
        for chunk, hole in self.holes.items():
            expected[self.store.positions(chunk)[hole:]] = 1
        np.testing.assert_array_equal(found["status"].values.reshape(-1), expected)
        for name, whole in writer.values(np.arange(writer.POINTS)).items():
            seen = found[name].values.reshape(whole.shape)
            np.testing.assert_array_equal(seen[expected == 1], whole[expected == 1])


class LongStoreLife(StoreLife):
    """The same for longer."""


TestStoreLife = StoreLife.TestCase
TestStoreLife.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestLongStoreLife = pytest.mark.slow(LongStoreLife.TestCase)
TestLongStoreLife.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
