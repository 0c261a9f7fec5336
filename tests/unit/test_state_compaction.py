"""Compaction: the journal becomes the state file, and no step of it may lose anything."""

from __future__ import annotations

import contextlib
import errno
import json
import logging
import shutil
import threading
from pathlib import Path
from typing import Any

import pytest

from appwrite_emulator.state import StateCorrupt, StateDB, StateWriteFailed
from appwrite_emulator.state.disk import Disk, Paths


class WatchedDisk(Disk):
    """A disk that tells when a state file was replaced and the old journal is gone."""

    def __init__(self) -> None:
        self.folded = threading.Event()

    def remove(self, path: Path) -> None:
        super().remove(path)
        if path.name.endswith(".journal.1"):
            self.folded.set()


class FailingDisk(Disk):
    """A disk on which the operation number `failing` fails, before or after its effect."""

    def __init__(self, failing: int, *, is_after: bool) -> None:
        self.done = 0
        self.armed = False
        self._failing = failing
        self._is_after = is_after

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found) or not self.armed:
            return found

        def operate(*args: Any, **options: Any) -> Any:
            self.done += 1
            is_failing = self.done == self._failing
            if is_failing and not self._is_after:
                raise OSError(errno.EIO, "Input/output error")
            result = found(*args, **options)
            if is_failing:
                raise OSError(errno.EIO, "Input/output error")
            return result

        return operate


class CopyingDisk(Disk):
    """A disk that copies all files before each operation, as a crash would leave them."""

    def __init__(self, state: Path, into: Path) -> None:
        self.copies: list[tuple[Path, list[str]]] = []
        self.acknowledged: list[str] = []
        self._state = state
        self._into = into
        self._alone = threading.Lock()

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found

        def operate(*args: Any, **options: Any) -> Any:
            with self._alone:
                target = self._into / f"copy-{len(self.copies)}"
                self.copies.append((copy(self._state, target), list(self.acknowledged)))
                return found(*args, **options)

        return operate


def put(db: StateDB, *ids: str) -> None:
    for id in ids:
        db.table("functions").put(f"p/{id}", {"$id": id})


def ids(db: StateDB) -> list[str]:
    return [row["$id"] for row in db.table("functions").rows()]


def copy(state: Path, into: Path) -> Path:
    """The files as a crash at this moment would leave them."""
    into.mkdir()
    for file in state.parent.glob("state.json*"):
        shutil.copy2(file, into)
    return into / "state.json"


def copy_in_use(state: Path, into: Path) -> Path:
    """The files as a crash would leave them; the newest last, since they move meanwhile."""
    into.mkdir()
    paths = Paths(state)
    for file in (paths.journal, paths.folding, state):
        with contextlib.suppress(FileNotFoundError):
            shutil.copy2(file, into)
    return into / "state.json"


def test_a_journal_over_the_threshold_is_folded_in_the_background(tmp_path: Path) -> None:
    disk, path = WatchedDisk(), tmp_path / "state.json"
    with StateDB.open(path, compact_at=1, disk=disk) as db:
        put(db, "a")
        assert disk.folded.wait(10)
        assert "p/a" in json.loads(path.read_text())["functions"]
        assert Paths(path).journal.read_bytes() == b""


def test_a_small_journal_is_folded_when_nothing_happens(tmp_path: Path) -> None:
    disk, path = WatchedDisk(), tmp_path / "state.json"
    with StateDB.open(path, disk=disk) as db:
        put(db, "a")
        assert disk.folded.wait(15)
        assert "p/a" in json.loads(path.read_text())["functions"]


def test_a_compaction_that_failed_is_not_tried_again_at_once(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class NoRoom(Disk):
        def __init__(self) -> None:
            self.tries = 0
            self.has_room = False
            self.refused = threading.Event()

        def open(self, path: Path, *, append: bool) -> int:
            if path.name.endswith(".tmp") and not self.has_room:
                self.tries += 1
                self.refused.set()
                raise OSError(errno.ENOSPC, "No space left on device")
            return super().open(path, append=append)

    disk, path = NoRoom(), tmp_path / "state.json"
    with StateDB.open(path, compact_at=1_000, disk=disk) as db:
        for number in range(200):  # about 12,000 bytes
            put(db, f"{number:05}")
            assert number != 50 or disk.refused.wait(10)
        disk.has_room = True
    assert 1 <= disk.tries < 20
    assert caplog.text.count("could not be renewed") == disk.tries
    with StateDB.open(path) as db:
        assert len(ids(db)) == 200


def test_the_snapshot_before_is_the_backup(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    for id in "abc":
        with StateDB.open(path) as db:
            put(db, id)
    assert list(json.loads(Paths(path).backup.read_text())["functions"]) == ["p/a", "p/b"]
    assert list(json.loads(path.read_text())["functions"]) == ["p/a", "p/b", "p/c"]


def test_a_file_edited_meanwhile_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "state.json"
    with StateDB.open(path) as db:
        put(db, "a")
    with caplog.at_level(logging.WARNING), StateDB.open(path) as db:
        path.write_text('{"edited": {}}')
        put(db, "b")
    (edited,) = tmp_path.glob("state.json.edited-*")
    assert edited.read_text() == '{"edited": {}}'
    assert edited.name in caplog.text
    with StateDB.open(path) as db:
        assert ids(db) == ["a", "b"]


def test_a_file_edited_between_two_runs_is_what_counts(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with StateDB.open(path) as db:
        put(db, "a")
    path.write_text(path.read_text().replace('"p/a": {"$id":"a"}', '"p/z": {"$id": "z"}'))
    with StateDB.open(path) as db:
        assert ids(db) == ["z"]


def test_files_removed_meanwhile_are_written_anew(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with StateDB.open(path) as db:
        put(db, "a")
    with StateDB.open(path) as db:
        put(db, "b")
        path.unlink()
        Paths(path).journal.unlink()
    with StateDB.open(path) as db:
        assert ids(db) == ["a", "b"]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("failing", range(1, 16))
def test_a_compaction_that_fails_at_any_step_loses_nothing(
    tmp_path: Path, failing: int, is_after: bool
) -> None:
    disk, path = FailingDisk(failing, is_after=is_after), tmp_path / "state.json"
    with StateDB.open(path) as db:
        put(db, "a")
    db = StateDB.open(path, disk=disk)
    put(db, "b")
    disk.armed = True
    db.close()
    assert disk.done > 0
    with StateDB.open(copy(path, tmp_path / "crashed")) as again:
        assert ids(again) == ["a", "b"]
    with StateDB.open(path) as again:
        put(again, "c")
    with StateDB.open(path) as again:
        assert ids(again) == ["a", "b", "c"]


@pytest.mark.parametrize("is_after", [False, True])
@pytest.mark.parametrize("failing", range(1, 18))
def test_a_background_compaction_that_fails_at_any_step_loses_nothing(
    tmp_path: Path, failing: int, is_after: bool
) -> None:
    disk, path = FailingDisk(failing, is_after=is_after), tmp_path / "state.json"
    acknowledged = []
    with StateDB.open(path, compact_at=1, disk=disk) as db:
        disk.armed = True
        for id in "abcdefgh":
            with contextlib.suppress(StateWriteFailed):
                put(db, id)
                acknowledged.append(id)
        crashed = copy_in_use(path, tmp_path / "crashed")
    for state in (crashed, path):
        with StateDB.open(state) as again:
            assert ids(again) == acknowledged


def test_a_crash_between_the_steps_loses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "live" / "state.json"
    path.parent.mkdir()
    disk = CopyingDisk(path, tmp_path)
    with StateDB.open(path, compact_at=1, disk=disk) as db:
        for id in "abcd":
            put(db, id)
            disk.acknowledged.append(id)
    assert len(disk.copies) > 20
    for state, acknowledged in disk.copies:
        with StateDB.open(state) as db:
            found = ids(db)
        following = "abcd"[len(acknowledged) :][:1]
        assert found in (acknowledged, [*acknowledged, *following])


@pytest.mark.parametrize(
    ("text", "line", "column", "problem"),
    [
        ("", 1, 1, "Expecting value"),
        ('{\n"functions": {"p/a": {]}', 2, 23, "Expecting property name"),
        ("[]", 1, 1, "not a JSON object of tables"),
        ('{"functions":\n[]}', 1, 2, "'functions' is not a table"),
        ('{"functions": {\n"p/a": 1}}', 2, 1, "'p/a' in table 'functions' is not a document"),
        ('{"_meta": {"state": {"format": 2}}}', 1, 2, "format that this version does not know"),
        ('{"_meta": {"state": {"format": 1}}}', 1, 2, "no whole number as seq"),
    ],
)
def test_a_damaged_state_file_is_refused_and_left_alone(
    tmp_path: Path, text: str, line: int, column: int, problem: str
) -> None:
    path = tmp_path / "state.json"
    path.write_text(text)
    with pytest.raises(StateCorrupt, match=problem) as caught:
        StateDB.open(path)
    assert (caught.value.line, caught.value.column) == (line, column)
    assert path.read_text() == text


def test_bytes_that_are_not_text_are_refused_with_their_place(tmp_path: Path) -> None:
    (tmp_path / "state.json").write_bytes(b'{\n"a\xff": {}}')
    with pytest.raises(StateCorrupt, match="not UTF-8") as caught:
        StateDB.open(tmp_path / "state.json")
    assert (caught.value.line, caught.value.column) == (2, 3)
