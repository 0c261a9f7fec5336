"""The state against plain TinyDB: whatever is done to both, the same rows in the same order."""

from __future__ import annotations

import copy
import shutil
import tempfile
import threading
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule
from tinydb import TinyDB, where
from tinydb.operations import delete, increment
from tinydb.storages import MemoryStorage

from appwrite_emulator.state import Snapshot, StateDB
from appwrite_emulator.state.disk import Disk

pytestmark = pytest.mark.timeout(90)

TABLES = ("functions", "executions")

names = st.sampled_from(TABLES)
numbers = st.integers(0, 3)
values = st.one_of(numbers, st.booleans(), st.none(), st.text(max_size=3), st.lists(numbers))
documents = st.fixed_dictionaries({"a": numbers}, optional={"b": values, "c": values})
Act = Callable[[Any], Any]


def _act(kind: str, a: int, document: dict[str, Any], table: Any) -> Any:
    """One of TinyDB's operations; what it answers, as far as ids allow to compare."""
    match kind:
        case "insert":
            table.insert(document)
        case "insert several":
            return len(table.insert_multiple([document, {"a": a}, document]))
        case "update":
            return len(table.update({"b": document}, where("a") == a))
        case "update all":
            return len(table.update({"c": a}))
        case "increment":
            return len(table.update(increment("a"), where("a") == a))
        case "delete field":
            return len(table.update(delete("b"), where("b").exists() & (where("a") == a)))
        case "upsert":
            return len(table.upsert(document, where("a") == a))
        case "remove":
            return len(table.remove(where("a") == a))
        case "truncate":
            table.truncate()
    return None


KINDS = (
    "insert", "insert several", "update", "update all", "increment", "delete field", "upsert",
    "remove", "truncate",
)  # fmt: skip
acts = st.builds(partial, st.just(_act), st.sampled_from(KINDS), numbers, documents)


class _Undone(Exception):
    """Leaves a transaction."""


class HastyDisk(Disk):
    """A disk that waits for nothing."""

    def sync(self, descriptor: int) -> None: ...

    def sync_folder(self, folder: Path) -> None: ...


class Twins(RuleBasedStateMachine):
    """Our state and TinyDB's, changed alike."""

    def __init__(self) -> None:
        super().__init__()
        self.folder = Path(tempfile.mkdtemp())
        self.kept: tuple[Snapshot, Any] | None = None
        self.stock = TinyDB(storage=MemoryStorage)
        self.ours: StateDB | None = None

    def _open(self) -> StateDB:
        db = StateDB.open(self.folder / "state.json", compact_at=500, disk=HastyDisk())
        for name in TABLES:
            db.table(name).create_index("a")
        return db

    @property
    def db(self) -> StateDB:
        assert self.ours is not None
        return self.ours

    @initialize()
    def begin(self) -> None:
        self.ours = self._open()

    @rule(name=names, act=acts)
    def change(self, name: str, act: Act) -> None:
        assert act(self.db.table(name)) == act(self.stock.table(name))

    @rule(taken=st.lists(st.tuples(names, acts), max_size=4))
    def transaction(self, taken: list[tuple[str, Act]]) -> None:
        with self.db.transaction():
            for name, act in taken:
                assert act(self.db.table(name)) == act(self.stock.table(name))

    @rule(
        taken=st.lists(st.tuples(names, acts), max_size=4),
        inner=st.lists(st.tuples(names, acts), max_size=2),
    )
    def undone_transaction(
        self, taken: list[tuple[str, Act]], inner: list[tuple[str, Act]]
    ) -> None:
        try:
            with self.db.transaction():
                for name, act in taken:
                    act(self.db.table(name))
                with self.db.transaction():
                    for name, act in inner:
                        act(self.db.table(name))
                raise _Undone
        except _Undone:
            pass

    @rule(name=names)
    def drop_table(self, name: str) -> None:
        self.db.drop_table(name)
        self.stock.drop_table(name)

    @rule()
    def snapshot(self) -> None:
        self.kept = self.db.snapshot(), copy.deepcopy(self.stock.storage.read())

    @rule()
    def restore(self) -> None:
        if self.kept is not None:
            ours, stock = self.kept
            self.db.restore(ours)
            self.stock = TinyDB(storage=MemoryStorage)
            self.stock.storage.write(copy.deepcopy(stock) or {})

    @rule()
    def compact(self) -> None:
        for thread in threading.enumerate():
            if thread.name == "state compaction":
                thread.join()

    @rule()
    def reopen(self) -> None:
        """A snapshot is of the rows in memory, but it can be restored into any state."""
        self.db.close()
        self.ours = self._open()

    @rule()
    def crash(self) -> None:
        with tempfile.TemporaryDirectory() as folder:
            self.compact()
            for file in self.folder.iterdir():
                shutil.copy2(file, folder)
            with StateDB.open(Path(folder) / "state.json", disk=HastyDisk()) as again:
                self._compare(again)

    @invariant()
    def same_rows_in_the_same_order(self) -> None:
        if self.ours is not None:
            self._compare(self.ours)

    def _compare(self, db: StateDB) -> None:
        for name in TABLES:
            stock, table = self.stock.table(name).all(), db.table(name)
            assert repr(table.all()) == repr(stock)  # 1 and True are not the same
            assert len(table) == len(stock)
            for a in range(5):
                found = [row for row in stock if row["a"] == a]
                assert list(table.rows(a=a)) == found
                assert table.search(where("a") == a) == found
                assert table.count(where("a") == a) == len(found)

    def teardown(self) -> None:
        if self.ours is not None:
            self.ours.close()
        shutil.rmtree(self.folder)


TestTwins = Twins.TestCase
TestTwins.settings = settings(max_examples=60, stateful_step_count=30)
