"""Every file operation of commits and compactions goes wrong once: nothing acknowledged is lost."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import threading
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from tinydb import where

from appwrite_emulator.state import StateDB, StateError, StateWriteFailed
from appwrite_emulator.state.disk import Disk

Rows = list[tuple[str, list[tuple[str, Any]]]]


class Fault(NamedTuple):
    """How an operation goes wrong."""

    number: int  # the system's, such as ENOSPC
    done: float  # the part of it that was done before
    lasts: bool = False  # all operations fail from then on


FAULTS = {
    "refused": Fault(errno.EIO, 0),
    "done, then refused": Fault(errno.EIO, 1),
    "half done": Fault(errno.EIO, 0.5),
    "disk full": Fault(errno.ENOSPC, 0.5, lasts=True),
    "disk read only": Fault(errno.EROFS, 0, lasts=True),
}


class CountingDisk(Disk):
    """A disk that counts what it is asked to do, and does it without waiting for hardware."""

    def __init__(self) -> None:
        self.asked = 0
        self._alone = threading.RLock()

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or name in ("operate", "mend") or not callable(found):
            return found

        def operate(*args: Any, **options: Any) -> Any:
            with self._alone:
                self.asked += 1
                return self.operate(name, lambda: found(*args, **options), args)

        return operate

    def operate(self, name: str, do: Callable[[], Any], args: tuple[Any, ...]) -> Any:
        return do()

    def sync(self, descriptor: int) -> None: ...

    def sync_folder(self, folder: Path) -> None: ...


class FaultyDisk(CountingDisk):
    """A disk on which the operation number `failing` goes wrong."""

    def __init__(self, failing: int, fault: Fault) -> None:
        super().__init__()
        self._failing = failing
        self._fault = fault
        self._is_mended = False

    def mend(self) -> None:
        self._is_mended = True

    def operate(self, name: str, do: Callable[[], Any], args: tuple[Any, ...]) -> Any:
        late = self.asked - self._failing
        if self._is_mended or late < 0 or (late > 0 and not self._fault.lasts):
            return do()
        if name == "close" or self._fault.done == 1:  # a close works whatever it answers
            do()
        elif self._fault.done and name == "write":
            os.write(args[0], args[1][: int(len(args[1]) * self._fault.done)])
        raise OSError(self._fault.number, os.strerror(self._fault.number))


class DyingDisk(CountingDisk):
    """A disk that nothing reaches from the operation number `last` on, as after a kill.

    Of a write that comes then, the part `done` arrives.
    """

    def __init__(self, last: int, done: float) -> None:
        super().__init__()
        self._last = last
        self._done = done

    @property
    def is_alive(self) -> bool:
        return self.asked < self._last

    def operate(self, name: str, do: Callable[[], Any], args: tuple[Any, ...]) -> Any:
        if self.is_alive or name == "close":
            return do()
        if self.asked == self._last and name == "write":
            os.write(args[0], args[1][: int(len(args[1]) * self._done)])
        return os.open(os.devnull, os.O_WRONLY) if name == "open" else None


def together(db: StateDB) -> None:
    with db.transaction():
        db.table("functions").drop("p/b")
        db.table("variables").put("p/v", {"$id": "v", "value": "x" * 300})


STEPS: tuple[Callable[[StateDB], Any], ...] = (
    lambda db: db.table("functions").put("p/b", {"$id": "b", "text": "x" * 300}),
    lambda db: db.table("functions").patch("p/a", {"name": "changed"}),
    together,
    lambda db: db.table("variables").update({"value": "y" * 300}, where("$id") == "v"),
    lambda db: db.table("functions").insert({"project": "p", "$id": "c"}),
)


def rows(db: StateDB) -> Rows:
    return [(name, list(table.items())) for name, table in (db.storage.read() or {}).items()]


def settled() -> None:
    """Wait for a compaction that began."""
    for thread in threading.enumerate():
        if thread.name == "state compaction":
            thread.join()


def begun(path: Path, model: StateDB) -> None:
    """A state file from an earlier run with one row, and its model."""
    with StateDB.open(path) as db:
        for each in (db, model):
            each.table("functions").put("p/a", {"$id": "a"})


def opened(path: Path, disk: FaultyDisk) -> StateDB:
    """The state; when the disk refuses, the next attempt must find everything unharmed."""
    with contextlib.suppress(StateError):
        return StateDB.open(path, compact_at=1, disk=disk)
    disk.mend()
    return StateDB.open(path, compact_at=1, disk=disk)


def reopened(path: Path) -> Rows:
    with StateDB.open(path) as db:
        return rows(db)


def crashed(path: Path) -> Path:
    """The files as a crash at this moment would leave them."""
    target = path.parent / "crashed"
    target.mkdir()
    for file in path.parent.glob("state.json*"):
        shutil.copy2(file, target)
    return target / path.name


def changed(db: StateDB, step: Callable[[StateDB], Any], told: list[str]) -> bool:
    """Whether the step was acknowledged; if not, what it said is `told`."""
    try:
        step(db)
    except StateWriteFailed as exc:
        told.append(str(exc))
        return False
    return True


def live(path: Path, disk: FaultyDisk) -> None:
    """Change the state on a disk that fails once, or for a while."""
    model = StateDB.open(None)
    begun(path, model)
    db = opened(path, disk)
    told: list[str] = []
    for step in STEPS:
        if changed(db, step, told):
            step(model)
        settled()
        assert rows(db) == rows(model)
    assert all(f"{path}.journal could not be written: " in text for text in told)
    disk.mend()
    for each in (db, model):
        each.table("functions").put("p/z", {"$id": "z"})
    settled()
    assert reopened(crashed(path)) == rows(model)
    db.close()
    assert reopened(path) == rows(model)


@pytest.mark.timeout(60)
@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_an_operation_that_goes_wrong_costs_no_more_than_its_change(
    tmp_path: Path, fault: Fault
) -> None:
    for failing in count(1):
        disk = FaultyDisk(failing, fault)
        live(tmp_path / str(failing) / "state.json", disk)
        if disk.asked < failing:
            break
    assert failing > 30


@pytest.mark.parametrize("fault", FAULTS.values(), ids=list(FAULTS))
def test_a_last_compaction_that_goes_wrong_leaves_the_journal(tmp_path: Path, fault: Fault) -> None:
    for failing in count(1):
        path, model = tmp_path / str(failing) / "state.json", StateDB.open(None)
        begun(path, model)
        disk = FaultyDisk(failing, fault)
        db = opened(path, disk)
        asked = disk.asked
        STEPS[0](model)
        try:
            STEPS[0](db)
        except StateWriteFailed:
            disk.mend()
            STEPS[0](db)
        db.close()
        assert reopened(path) == rows(model)
        if disk.asked < failing:
            break
    assert failing > asked + 8


@pytest.mark.timeout(60)
@pytest.mark.parametrize("done", [0, 0.5, 1])
def test_a_kill_at_any_operation_leaves_a_change_whole_or_not_at_all(
    tmp_path: Path, done: float
) -> None:
    for last in count(1):
        path, model, one_more = tmp_path / str(last) / "state.json", StateDB.open(None), None
        begun(path, model)
        disk = DyingDisk(last, done)
        db = StateDB.open(path, compact_at=1, disk=disk)
        for step in STEPS:
            step(db)
            if not disk.is_alive:
                one_more = step
                break
            step(model)
            settled()
        db.close()
        expected = [rows(model)]
        if one_more is not None:
            one_more(model)
            expected.append(rows(model))
        assert reopened(path) in expected
        assert reopened(path) in expected
        if disk.is_alive:
            break
    assert last > 30


def test_rows_can_be_read_and_changed_again_when_the_disk_has_room(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    disk = FaultyDisk(10**6, FAULTS["disk full"])
    db = StateDB.open(path, disk=disk)
    db.table("functions").put("p/a", {"$id": "a"})
    disk.asked = 10**6
    for _ in range(3):
        with pytest.raises(StateWriteFailed, match=r"state\.json\.journal could not be written"):
            db.table("functions").put("p/b", {"$id": "b"})
        assert [row["$id"] for row in db.table("functions").rows()] == ["a"]
        assert db.table("functions").get(where("$id") == "a") == {"$id": "a"}
    disk.mend()
    db.table("functions").put("p/c", {"$id": "c"})
    assert [row["$id"] for row in db.table("functions").rows()] == ["a", "c"]
    db.close()
    assert reopened(path) == [("functions", [("p/a", {"$id": "a"}), ("p/c", {"$id": "c"})])]
