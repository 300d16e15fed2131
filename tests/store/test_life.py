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
from tests.support.killed import writer
from tests.support.store_cases import empty, flip, truncate, zero

POSITIONS = st.lists(st.integers(0, writer.POINTS - 1), min_size=1, max_size=writer.CHUNK, unique=True).map(np.array)
BETTER = [0, 3, 2, 1]
"""Status -> its rank among those that chunks may have of one point."""


class StoreLife(RuleBasedStateMachine):
    """Append, fail, damage, verify, open again; after each the landscape holds what was appended and is undamaged."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(mkdtemp())
        self.path = self.folder / "x.zarr"
        self.store = writer.make(self.path)
        self.watcher = Store.open(self.path)
        self.there: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        self.damaged: set[int] = set()
        self.news: set[int] = set()

    def teardown(self) -> None:
        shutil.rmtree(self.folder)

    @rule(positions=POSITIONS, data=st.data())
    def append(self, positions: np.ndarray, data: st.DataObject) -> None:
        status = np.array([data.draw(st.sampled_from([1, 2])) for _ in positions], np.int8)
        self._came(self.store.append(positions, writer.values(positions), status), positions, status)

    @rule(positions=POSITIONS)
    def fail(self, positions: np.ndarray) -> None:
        before = set(self.store.numbers)
        self.store.fail(positions, "why")
        (number,) = set(self.store.numbers) - before
        self._came(number, positions, np.full(len(positions), 3, np.int8))

    def _came(self, number: int, positions: np.ndarray, status: np.ndarray) -> None:
        assert number not in self.there
        self.there[number] = positions, status
        self.news.add(number)

    @precondition(lambda self: self.there)
    @rule(data=st.data(), harm=st.sampled_from([truncate, zero, flip, empty, Path.unlink]),
          name=st.sampled_from(["steps", "status", "reason"]))  # fmt: skip
    def damage(self, data: st.DataObject, harm: object, name: str) -> None:
        number = data.draw(st.sampled_from(sorted(self.there)))
        file = self.path / name / (f"c.{number}.0" if name == "reason" else f"c.{number}")
        if number not in self.damaged and file.exists():
            assert callable(harm)
            harm(file)
            self.damaged.add(number)

    @rule()
    def verify(self) -> None:
        assert self.store.verify() == sorted(self.damaged)
        for number in self.damaged:
            del self.there[number]
        self.news -= self.damaged
        self.damaged.clear()

    @rule()
    def look_for_news(self) -> None:
        seen = [chunk.number for chunk in self.watcher.news()]
        assert seen == sorted(self.news - self.damaged)
        self.news.clear()

    @rule()
    def leave_what_a_killed_writer_leaves(self) -> None:
        (self.path / "loss" / f"c.0.{'0' * 32}.partial").write_bytes(b"half")
        claimed = max([*self.store.numbers, *self.there, -1]) + 1
        (self.path / "index" / f"c.{claimed}.claim").write_bytes(b"")
        (self.path / "loss" / f"c.{claimed}").write_bytes(b"half")

    @rule()
    def open_again(self) -> None:
        self.store = Store.open(self.path, write=True)

    @invariant()
    def what_was_appended_is_there(self) -> None:
        found = Store.open(self.path).landscape()
        expected = np.zeros(writer.POINTS, dtype=np.int8)
        for number in self.there.keys() - self.damaged:
            for position, status in zip(*self.there[number], strict=True):
                expected[position] = max(expected[position], status, key=BETTER.__getitem__)
        np.testing.assert_array_equal(found["status"].values.reshape(-1), expected)
        computed = np.isin(expected, (1, 2))
        for name, whole in writer.values(np.arange(writer.POINTS)).items():
            seen = found[name].values.reshape(whole.shape)
            np.testing.assert_array_equal(seen[computed], whole[computed])
        if not self.damaged:
            assert self.watcher.settled == np.count_nonzero(expected)


class LongStoreLife(StoreLife):
    """The same for longer."""


TestStoreLife = StoreLife.TestCase
TestStoreLife.settings = settings(max_examples=20, stateful_step_count=25, deadline=None)
TestLongStoreLife = pytest.mark.slow(LongStoreLife.TestCase)
TestLongStoreLife.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
