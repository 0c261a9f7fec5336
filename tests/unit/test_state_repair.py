"""Repair: every row that is sound is kept, what is lost is told, the originals stay."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from tinydb import TinyDB

from appwrite_emulator.state import Salvaged, StateCorrupt, StateDB, StateLocked, hold
from appwrite_emulator.state.disk import Disk, Paths

Rows = dict[str, dict[str, Any]]

FIRST: Rows = {
    "functions": {id: {"$id": id, "name": f"name of {id}"} for id in ("a", "b", "c")},
    "variables": {"v": {"$id": "v", "value": "secret"}},
}


@pytest.fixture
def paths(tmp_path: Path) -> Paths:
    """A state file with four rows, and a journal with five commits, as a kill leaves them."""
    path = tmp_path / "live" / "state.json"
    with StateDB.open(path) as db:
        for name, table in FIRST.items():
            for id, row in table.items():
                db.table(name).put(id, row)
    with StateDB.open(path) as db:
        db.table("functions").patch("a", {"name": "patched"})
        db.table("functions").put("d", {"$id": "d"})
        db.table("functions").patch("d", {"name": "patched"})
        db.table("functions").drop("b")
        db.table("variables").put("w", {"$id": "w"})
        shutil.copytree(path.parent, tmp_path / "crashed")
    return Paths(tmp_path / "crashed" / "state.json")


def rot(path: Path, old: bytes, new: bytes) -> None:
    """Change bytes as bad hardware does: the date stays."""
    data, date = path.read_bytes(), path.stat().st_mtime_ns
    assert data.count(old) == 1, data
    path.write_bytes(data.replace(old, new))
    os.utime(path, ns=(date, date))


def salvaged(paths: Paths) -> Salvaged:
    with hold(paths.state, "test") as held:
        assert held.damage() is not None
        return held.salvage()


def told(paths: Paths) -> list[str]:
    return [str(each) for each in salvaged(paths).dropped]


def rows(paths: Paths) -> Rows:
    with StateDB.open(paths.state) as db:
        return {name: dict(table) for name, table in (db.storage.read() or {}).items()}


def repaired(paths: Paths) -> list[Path]:
    with hold(paths.state, "test") as held:
        return held.repair(held.salvage())


WHOLE: Rows = {
    "functions": {
        "a": {"$id": "a", "name": "patched"},
        "c": {"$id": "c", "name": "name of c"},
        "d": {"$id": "d", "name": "patched"},
    },
    "variables": {"v": {"$id": "v", "value": "secret"}, "w": {"$id": "w"}},
}


def without(*ids: str) -> Rows:
    return {
        name: {id: row for id, row in table.items() if id not in ids}
        for name, table in WHOLE.items()
    }


def test_a_sound_state_has_no_damage_and_loses_nothing(paths: Paths) -> None:
    with hold(paths.state, "test") as held:
        assert held.damage() is None
        assert held.salvage().dropped == ()
        assert held.salvage().snapshot.tables == WHOLE


ROWS: dict[str, tuple[bytes, bytes, str]] = {
    "a letter of a value": (b"name of c", b"name oF c", "functions c: its checksum is wrong"),
    "a quote": (b'name of c"', b"name of c", "functions c: Unterminated string starting at"),
    "not UTF-8": (b"name of c", b"name \xff c", "functions c: This is not UTF-8"),
    "its id": (b'"c": {', b'"e": {', "functions e: its checksum is wrong"),
}


@pytest.mark.parametrize(("old", "new", "dropped"), ROWS.values(), ids=list(ROWS))
def test_a_damaged_row_of_the_state_file_costs_that_row(
    paths: Paths, old: bytes, new: bytes, dropped: str
) -> None:
    rot(paths.state, old, new)
    assert told(paths) == [f"state.json:6: {dropped}"]
    (kept,) = repaired(paths)
    assert new in kept.read_bytes()
    assert kept.name.startswith("state.json.damaged-")
    assert rows(paths) == without("c")


FRAME: dict[str, tuple[bytes, bytes, str]] = {
    "the name of a table": (
        b'"functions": {', b'"funktions": {',
        "3: table funktions: no table of this name was written",
    ),
    "the line of a table": (
        b'"functions": {', b'"functions"; {', "3: a line: Expecting ':' delimiter",
    ),
    "the end of a table": (
        b'c"}\n},', b'c"}\n|,',
        "7: a row of functions: Expecting property name enclosed in double quotes",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("old", "new", "dropped"), FRAME.values(), ids=list(FRAME))
def test_damage_between_the_rows_costs_none(
    paths: Paths, old: bytes, new: bytes, dropped: str
) -> None:
    rot(paths.state, old, new)
    assert told(paths) == [f"state.json:{dropped}"]
    repaired(paths)
    assert rows(paths) == WHOLE


def test_two_rows_that_became_one_line_are_lost(paths: Paths) -> None:
    rot(paths.state, b'"},\n"c"', b'"},J"c"')
    assert told(paths) == [
        "state.json:5: functions b: Expecting property name enclosed in double quotes"
    ]
    assert rows_after(paths) == without("b", "c")


def rows_after(paths: Paths) -> Rows:
    repaired(paths)
    return rows(paths)


def test_damaged_checksums_cost_no_rows(paths: Paths) -> None:
    text = paths.state.read_bytes()
    rot(paths.state, text[text.rindex(b'"_sums"') :], b'"_sumz": {}\n}\n')
    assert rows_after(paths) == WHOLE


def test_a_damaged_commit_costs_that_commit(paths: Paths) -> None:
    rot(paths.journal, b'{"$id":"d"}', b'{"$iD":"d"}')
    assert told(paths) == [
        "state.json.journal:2: a commit to functions d: The checksum is wrong",
        "state.json.journal:3: functions d: the row that it changes is not there",
    ]
    (kept,) = repaired(paths)
    assert kept.name.startswith("state.json.journal.damaged-")
    assert b'"$iD"' in kept.read_bytes()
    assert rows(paths) == without("d")


def test_a_commit_that_lost_its_newline_only_is_kept(paths: Paths) -> None:
    data = paths.journal.read_bytes()
    paths.journal.write_bytes(data[:-1] + b"J")
    assert told(paths) == []
    assert rows_after(paths) == WHOLE


def test_missing_commits_are_told(paths: Paths) -> None:
    lines = paths.journal.read_bytes().splitlines(keepends=True)
    paths.journal.write_bytes(b"".join([*lines[:1], *lines[4:]]))
    assert told(paths) == ["state.json.journal:2: commits 6 to 8: they are missing"]
    assert set(rows_after(paths)["functions"]) == {"a", "b", "c"}


def test_a_state_file_cut_short_keeps_the_rows_before_the_cut(paths: Paths) -> None:
    data = paths.state.read_bytes()
    cut = data.index(b'"c": {') + 9
    paths.state.write_bytes(data[:cut])
    paths.journal.unlink()
    first, second = told(paths)
    assert first.startswith("state.json:6: functions c: ")
    assert second == "state.json:6: the end of the file: it is missing, with the rows in it"
    assert rows_after(paths) == {"functions": {id: FIRST["functions"][id] for id in ("a", "b")}}


def test_an_edit_with_a_slip_keeps_the_other_edits(paths: Paths) -> None:
    text = paths.state.read_text()
    text = text.replace("name of c", "edited").replace('"$id":"b",', '"$id":"b"')
    paths.state.write_text(text)
    (dropped,) = told(paths)
    assert dropped.startswith("state.json:5: functions b: Expecting ")
    assert rows_after(paths)["functions"]["c"]["name"] == "edited"


def test_a_file_of_plain_tinydb_that_is_damaged_has_no_lines_to_keep(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with TinyDB(path) as plain:
        plain.insert({"name": "a"})
    path.write_text(path.read_text()[:-2])
    assert salvaged(Paths(path)).snapshot.tables == {}


def test_every_row_survives_wherever_one_byte_is_wrong(paths: Paths) -> None:
    """One wrong byte costs at most the two rows that it joins."""
    whole = paths.state.read_bytes()
    date = paths.state.stat().st_mtime_ns
    paths.journal.unlink()
    for position in range(len(whole)):
        paths.state.write_bytes(whole[:position] + b"\x07" + whole[position + 1 :])
        os.utime(paths.state, ns=(date, date))
        found = salvaged(paths).snapshot.tables
        for name, table in found.items():
            assert all(FIRST[name][id] == row for id, row in table.items())
        assert sum(map(len, found.values())) >= 2


def test_salvaging_changes_no_file(paths: Paths) -> None:
    rot(paths.state, b"name of c", b"name oF c")
    before = {
        file: file.read_bytes() for file in paths.state.parent.iterdir() if file != paths.lock
    }
    salvaged(paths)
    assert {f: f.read_bytes() for f in paths.state.parent.iterdir() if f != paths.lock} == before


def test_what_another_process_uses_is_not_held(paths: Paths) -> None:
    expected = rf"pid {os.getpid()} \(http://127.0.0.1:1, since"
    with (
        StateDB.open(paths.state, address="http://127.0.0.1:1"),
        pytest.raises(StateLocked, match=expected),
    ):
        hold(paths.state, "test").__enter__()
    with hold(paths.state, "state repair"), pytest.raises(StateLocked, match="state repair, since"):
        StateDB.open(paths.state)


class Stopped(BaseException):
    """The process would be dead now."""


class StoppingDisk(Disk):
    """A disk that ends everything before its operation number `last`."""

    def __init__(self, last: int) -> None:
        self.asked = 0
        self._last = last

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name.startswith("_") or not callable(found):
            return found

        def operate(*args: Any, **options: Any) -> Any:
            self.asked += 1
            if self.asked >= self._last:
                raise Stopped
            return found(*args, **options)

        return operate


def _stop_at_each_operation(
    paths: Paths, into: Path, work: Callable[[Paths, Disk], object], check: Callable[[Paths], None]
) -> int:
    for last in count(1):
        copy = Paths(into / str(last) / "state.json")
        shutil.copytree(paths.state.parent, copy.state.parent)
        try:
            work(copy, StoppingDisk(last))
        except Stopped:
            check(copy)
            continue
        check(copy)
        return last
    raise AssertionError


def test_a_repair_that_is_killed_can_be_repeated(paths: Paths, tmp_path: Path) -> None:
    rot(paths.state, b"name of c", b"name oF c")
    rot(paths.journal, b'{"$id":"w"}', b'{"$id":"W"}')

    def work(copy: Paths, disk: Disk) -> None:
        with hold(copy.state, "test", disk=disk) as held:
            held.repair(held.salvage())

    def check(copy: Paths) -> None:
        with hold(copy.state, "test") as held:
            if held.damage() is not None:
                held.repair(held.salvage())
        assert rows(copy) == without("c", "w")
        kept = [file.read_bytes() for file in copy.state.parent.glob("*.damaged-*")]
        assert any(b"name oF c" in data for data in kept)
        assert any(b'{"$id":"W"}' in data for data in kept)

    assert _stop_at_each_operation(paths, tmp_path / "stopped", work, check) > 10


def test_a_repair_that_has_put_its_file_in_place_is_done(paths: Paths, tmp_path: Path) -> None:
    """A sound journal that a kill leaves beside the new file does no harm."""
    rot(paths.state, b"name of c", b"name oF c")

    def work(copy: Paths, disk: Disk) -> None:
        with hold(copy.state, "test", disk=disk) as held:
            held.repair(held.salvage())

    def check(copy: Paths) -> None:
        with hold(copy.state, "test") as held:
            damage = held.damage()
        if damage is None:
            assert rows(copy) == without("c")
        else:
            assert (damage.path, damage.line) == (copy.state, 6)

    assert _stop_at_each_operation(paths, tmp_path / "stopped", work, check) > 8


def test_a_state_that_is_emptied_is_the_old_one_or_empty(paths: Paths, tmp_path: Path) -> None:
    def work(copy: Paths, disk: Disk) -> None:
        with hold(copy.state, "test", disk=disk) as held:
            held.empty()

    def check(copy: Paths) -> None:
        assert rows(copy) in (WHOLE, {})

    assert _stop_at_each_operation(paths, tmp_path / "stopped", work, check) > 7


def test_emptying_a_damaged_state_ends_empty_however_often_it_is_killed(
    paths: Paths, tmp_path: Path
) -> None:
    rot(paths.journal, b'{"$id":"w"}', b'{"$id":"W"}')

    def work(copy: Paths, disk: Disk) -> None:
        with hold(copy.state, "test", disk=disk) as held:
            held.empty()

    def check(copy: Paths) -> None:
        try:
            assert rows(copy) == {}
        except StateCorrupt:
            work(copy, Disk())
            assert rows(copy) == {}

    assert _stop_at_each_operation(paths, tmp_path / "stopped", work, check) > 7
