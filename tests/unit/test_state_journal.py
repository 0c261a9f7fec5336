"""The journal: what survives a crash, what is refused, and what a failed write leaves."""

from __future__ import annotations

import errno
import logging
import os
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.state import StateCorrupt, StateDB, StateWriteFailed
from appwrite_emulator.state.disk import Disk
from appwrite_emulator.state.journal import Journal


class FullDisk(Disk):
    """A disk that takes `room` more bytes and then says that it is full."""

    def __init__(self) -> None:
        self.room: int | None = None
        self.truncates = True

    def write(self, descriptor: int, data: bytes) -> None:
        if self.room is not None and len(data) > self.room:
            os.write(descriptor, data[: self.room])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().write(descriptor, data)

    def truncate(self, descriptor: int, size: int) -> None:
        if not self.truncates:
            raise OSError(errno.EIO, "Input/output error")
        super().truncate(descriptor, size)


class HastyDisk(Disk):
    """A disk that waits for nothing, for tests that open a state hundreds of times."""

    def sync(self, descriptor: int) -> None: ...

    def sync_folder(self, folder: Path) -> None: ...


class CountingDisk(Disk):
    """A disk that tells of each sync."""

    def __init__(self) -> None:
        self.syncs = 0
        self.synced = threading.Event()

    def sync(self, descriptor: int) -> None:
        super().sync(descriptor)
        self.syncs += 1
        self.synced.set()


def write(db: StateDB) -> None:
    functions = db.table("functions")
    functions.put("p/a", {"$id": "a", "name": "a"})
    functions.patch("p/a", {"name": "b"})
    with db.transaction():
        functions.put("p/b", {"$id": "b"})
        db.table("variables").put("p/v", {"$id": "v", "value": "ä\n"})
    functions.drop("p/b")


def replace_a_by_z(db: StateDB) -> None:
    with db.transaction():
        db.table("functions").drop("p/a")
        db.table("functions").put("p/z", {"$id": "z"})


def copy(state: Path, into: Path) -> Path:
    """The files as a crash at this moment would leave them."""
    into.mkdir()
    for file in state.parent.glob("state.json*"):
        shutil.copy2(file, into)
    return into / "state.json"


@pytest.fixture
def crashed(tmp_path: Path) -> Path:
    """A state file that never was, with a journal of four lines."""
    with StateDB.open(tmp_path / "live" / "state.json") as db:
        write(db)
        return copy(tmp_path / "live" / "state.json", tmp_path / "crashed")


def rows(db: StateDB) -> dict[str, dict[str, Any]]:
    return db.storage.read() or {}


def files(folder: Path) -> dict[str, bytes]:
    return {file.name: file.read_bytes() for file in folder.iterdir() if "lock" not in file.name}


def journal_of(state: Path) -> Path:
    return state.with_name("state.json.journal")


def test_a_change_is_in_the_file_when_the_call_returns(crashed: Path) -> None:
    with StateDB.open(crashed) as db:
        assert rows(db) == {
            "functions": {"p/a": {"$id": "a", "name": "b"}},
            "variables": {"p/v": {"$id": "v", "value": "ä\n"}},
        }


def test_a_patch_journals_the_changed_fields_only(crashed: Path) -> None:
    assert b'"ops":[["set","functions","p/a",{"name":"b"}]]' in journal_of(crashed).read_bytes()


def test_a_transaction_is_one_line(crashed: Path) -> None:
    assert len(journal_of(crashed).read_bytes().splitlines()) == 4


def test_a_restore_is_in_the_journal(tmp_path: Path) -> None:
    with StateDB.open(tmp_path / "live" / "state.json") as db:
        write(db)
        db.table("functions").put("p/c", {"$id": "c"})
        snapshot = db.snapshot()
        db.table("functions").drop("p/a")
        db.restore(snapshot)
        expected = [(name, list(table.items())) for name, table in rows(db).items()]
        state = copy(tmp_path / "live" / "state.json", tmp_path / "crashed")
    with StateDB.open(state) as db:
        assert [(name, list(table.items())) for name, table in rows(db).items()] == expected


def test_a_torn_end_is_kept_aside_with_one_warning(
    crashed: Path, caplog: pytest.LogCaptureFixture
) -> None:
    journal_of(crashed).write_bytes(journal_of(crashed).read_bytes() + b'{"seq":5,"c')
    with caplog.at_level(logging.WARNING), StateDB.open(crashed) as db:
        assert len(rows(db)["functions"]) == 1
        db.table("functions").put("p/z", {"$id": "z"})
        again = copy(crashed, crashed.parent / "again")
    assert len(caplog.records) == 1
    assert "never acknowledged" in caplog.text
    (torn,) = crashed.parent.glob("state.json.journal.torn-*")
    assert torn.read_bytes() == b'{"seq":5,"c'
    for state in (crashed, again):
        with StateDB.open(state) as db:
            assert "p/z" in rows(db)["functions"]


def test_a_journal_cut_anywhere_holds_its_whole_lines(crashed: Path) -> None:
    whole = journal_of(crashed).read_bytes()
    expected = _states_by_lines(crashed, whole)
    for size in range(len(whole)):
        _start_over(crashed, whole[:size])
        with StateDB.open(crashed, disk=HastyDisk()) as db:
            assert rows(db) == expected[whole[:size].count(b"\n")]


def _states_by_lines(state: Path, whole: bytes) -> list[dict[str, dict[str, Any]]]:
    lines = whole.splitlines(keepends=True)
    found = []
    for count in range(len(lines) + 1):
        _start_over(state, b"".join(lines[:count]))
        with StateDB.open(state) as db:
            found.append(rows(db))
    return found


def _start_over(state: Path, journal: bytes) -> None:
    for file in state.parent.glob("state.json*"):
        file.unlink()
    journal_of(state).write_bytes(journal)


@pytest.mark.parametrize(
    ("old", "new", "line", "column", "problem"),
    [
        (b'"name":"b"', b'"name":"c"', 2, 17, "checksum"),
        (b'{"seq":3', b'{"sex":3', 3, 1, "not a journal entry"),
        (b'{"seq":1', b'{"seq":7', 1, 17, "checksum"),
    ],
)
def test_damage_is_refused_with_its_place_and_changes_no_file(
    crashed: Path, old: bytes, new: bytes, line: int, column: int, problem: str
) -> None:
    damaged = journal_of(crashed).read_bytes().replace(old, new) + b"torn"
    journal_of(crashed).write_bytes(damaged)
    before = files(crashed.parent)
    with pytest.raises(StateCorrupt, match=problem) as caught:
        StateDB.open(crashed)
    assert (caught.value.path, caught.value.line) == (journal_of(crashed), line)
    assert caught.value.column == column
    assert f"state.json.journal:{line}:{column}: " in str(caught.value)
    assert files(crashed.parent) == before


def test_a_missing_line_is_refused(crashed: Path) -> None:
    lines = journal_of(crashed).read_bytes().splitlines(keepends=True)
    journal_of(crashed).write_bytes(b"".join([lines[0], *lines[2:]]))
    with pytest.raises(StateCorrupt, match="Entry 3 follows entry 1"):
        StateDB.open(crashed)


def test_a_journal_without_its_state_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "live" / "state.json"
    with StateDB.open(path) as db:
        write(db)
    with StateDB.open(path) as db:
        write(db)
        state = copy(path, tmp_path / "crashed")
    state.unlink()
    before = files(state.parent)
    with pytest.raises(StateCorrupt, match="entries are missing"):
        StateDB.open(state)
    assert files(state.parent) == before


def test_an_entry_for_a_row_that_is_not_there_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "live" / "state.json"
    with StateDB.open(path) as db:
        db.table("functions").put("p/a", {"$id": "a"})
    with StateDB.open(path) as db:
        db.table("functions").patch("p/a", {"name": "b"})
        state = copy(path, tmp_path / "crashed")
    state.write_text(state.read_text().replace('"p/a": {"$id":"a"}', ""))
    with pytest.raises(StateCorrupt, match="does not fit the rows before it"):
        StateDB.open(state)


def test_a_lock_is_free_again_when_the_files_were_refused(crashed: Path) -> None:
    whole = journal_of(crashed).read_bytes()
    journal_of(crashed).write_bytes(b"x" + whole)
    with pytest.raises(StateCorrupt):
        StateDB.open(crashed)
    journal_of(crashed).write_bytes(whole)
    StateDB.open(crashed).close()


def test_a_failed_write_changes_nothing(tmp_path: Path) -> None:
    disk = FullDisk()
    with StateDB.open(tmp_path / "state.json", disk=disk) as db:
        write(db)
        before, journal = rows(db), journal_of(tmp_path / "state.json").read_bytes()
        disk.room = 7
        with pytest.raises(StateWriteFailed, match="No space left on device"):
            db.table("functions").put("p/z", {"$id": "z"})
        with pytest.raises(StateWriteFailed):
            replace_a_by_z(db)
        assert rows(db) == before
        assert journal_of(tmp_path / "state.json").read_bytes() == journal
        disk.room = None
        db.table("functions").put("p/z", {"$id": "z"})
        state = copy(tmp_path / "state.json", tmp_path / "crashed")
    with StateDB.open(state) as db:
        assert "p/z" in rows(db)["functions"]


def test_a_failed_write_that_cannot_be_undone_ends_writing(tmp_path: Path) -> None:
    disk = FullDisk()
    with StateDB.open(tmp_path / "state.json", disk=disk) as db:
        write(db)
        before = rows(db)
        disk.room, disk.truncates = 7, False
        for _ in range(2):
            with pytest.raises(StateWriteFailed):
                db.table("functions").put("p/z", {"$id": "z"})
        disk.room = None
        with pytest.raises(StateWriteFailed, match="earlier failed write"):
            db.table("functions").put("p/z", {"$id": "z"})
        state = copy(tmp_path / "state.json", tmp_path / "crashed")
    for path in (state, tmp_path / "state.json"):
        with StateDB.open(path) as db:
            assert rows(db) == before


@pytest.mark.parametrize("failing", ["open", "replace"])
def test_a_journal_that_cannot_be_rotated_goes_on_under_its_name(
    tmp_path: Path, failing: str
) -> None:
    class FailingDisk(Disk):
        is_failing = False

        def open(self, path: Path, *, append: bool) -> int:
            if self.is_failing and failing == "open":
                raise OSError(errno.EMFILE, "Too many open files")
            return super().open(path, append=append)

        def replace(self, source: Path, target: Path) -> None:
            super().replace(source, target)
            if self.is_failing and failing == "replace":
                self.is_failing = False
                raise OSError(errno.EIO, "Input/output error")

    disk = FailingDisk()
    journal = Journal(disk, tmp_path / "journal")
    journal.open()
    journal.append(b"one\n", durable=False)
    disk.is_failing = True
    with pytest.raises(OSError, match=r"Too many|Input"):
        journal.rotate(tmp_path / "journal.1")
    journal.append(b"two\n", durable=False)
    journal.close()
    assert (tmp_path / "journal").read_bytes() == b"one\ntwo\n"
    assert not (tmp_path / "journal.1").exists()


def test_a_value_that_json_does_not_know_changes_nothing(tmp_path: Path) -> None:
    with StateDB.open(tmp_path / "state.json") as db:
        with pytest.raises(TypeError):
            db.table("functions").put("p/z", {"$id": {1, 2}})
        assert rows(db) == {}


def test_durability_disk_syncs_before_the_call_returns(tmp_path: Path) -> None:
    disk = CountingDisk()
    with StateDB.open(tmp_path / "state.json", durability="disk", disk=disk) as db:
        db.table("functions").put("p/a", {"$id": "a"})
        assert disk.syncs >= 1


def test_durability_process_syncs_soon_after(tmp_path: Path) -> None:
    disk = CountingDisk()
    with StateDB.open(tmp_path / "state.json", disk=disk) as db:
        db.table("functions").put("p/a", {"$id": "a"})
        assert disk.synced.wait(10)
