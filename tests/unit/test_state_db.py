"""The state as a whole: transactions, snapshots, epochs, closing, files it cannot use."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tinydb import TinyDB
from tinydb.table import Table

from appwrite_emulator.state import Snapshot, StateDB, StateError


@pytest.fixture(params=["memory", "file"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateDB]:
    path = None if request.param == "memory" else tmp_path / "state.json"
    with StateDB.open(path) as opened:
        yield opened


def fill(db: StateDB, *ids: str) -> None:
    for id in ids:
        db.table("functions").put(f"p/{id}", {"$id": id, "name": id})


def content(db: StateDB) -> list[tuple[str, Any]]:
    rows = [(name, list(table.items())) for name, table in db.storage.read().items()]  # type: ignore[union-attr]  # ours never answers None
    return sorted(rows)


def order(db: StateDB) -> list[str]:
    return [row["$id"] for row in db.table("functions").rows()]


def test_a_transaction_is_seen_inside_and_kept(db: StateDB) -> None:
    with db.transaction():
        fill(db, "a")
        db.table("variables").put("p/v", {"$id": "v"})
        assert order(db) == ["a"]
    assert db.tables() == {"functions", "variables"}


def test_an_exception_undoes_a_transaction_in_all_tables(db: StateDB) -> None:
    fill(db, "a", "b", "c")
    functions = db.table("functions")
    functions.create_index("name")
    before = content(db)

    def spoil() -> None:
        fill(db, "d")
        functions.drop("p/a")
        fill(db, "a")
        functions.patch("p/b", {"name": "z"})
        functions.drop("p/c", "p/d")
        db.table("variables").put("p/v", {"$id": "v"})
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), db.transaction():
        spoil()
    assert content(db) == before
    assert order(db) == ["a", "b", "c"]
    assert [row["$id"] for row in functions.rows(name="b")] == ["b"]
    assert len(functions.rows(name="z")) == 0


def test_a_transaction_inside_another_may_fail_alone(db: StateDB) -> None:
    def spoil() -> None:
        fill(db, "b")
        db.table("functions").drop("p/a")
        raise RuntimeError("stop")

    with db.transaction():
        fill(db, "a")
        with pytest.raises(RuntimeError, match="stop"), db.transaction():
            spoil()
        fill(db, "c")
    assert order(db) == ["a", "c"]


def test_an_outer_transaction_undoes_the_inner(db: StateDB) -> None:
    fill(db, "a", "b")

    def spoil() -> None:
        fill(db, "c")
        with db.transaction():
            db.table("functions").drop("p/a", "p/c")
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), db.transaction():
        spoil()
    assert order(db) == ["a", "b"]


def test_restore_puts_rows_back_in_their_order(db: StateDB) -> None:
    fill(db, "a", "b", "c", "d")
    db.table("functions").create_index("name")
    snapshot = db.snapshot()
    db.table("functions").drop("p/b")
    db.table("functions").patch("p/c", {"name": "changed"})
    fill(db, "e", "b")
    db.restore(snapshot)
    assert order(db) == ["a", "b", "c", "d"]
    assert len(db.table("functions").rows(name="changed")) == 0
    assert [row["$id"] for row in db.table("functions").rows(name="c")] == ["c"]


def test_a_snapshot_does_not_follow_the_state(db: StateDB) -> None:
    fill(db, "a")
    snapshot = db.snapshot()
    db.table("functions").patch("p/a", {"name": "changed"})
    assert list(snapshot.rows("functions")) == [{"$id": "a", "name": "a"}]
    assert list(snapshot.rows("executions")) == []


def test_a_closed_state_refuses_changes(db: StateDB) -> None:
    db.close()
    with pytest.raises(StateError, match="closed"):
        fill(db, "a")
    db.close()


def test_sequences_go_on_from_what_was_restored(db: StateDB) -> None:
    rows = {"p/a": {"$sequence": 41}, "p/b": {"$sequence": 3}}
    assert db.table("functions").next_sequence() == 1
    db.restore(Snapshot({"functions": rows}))
    assert db.table("functions").next_sequence() == 42


def test_rows_are_there_after_opening_again(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "state.json"
    with StateDB.open(path) as db:
        fill(db, "ä", "\ud800")
        db.table("functions").patch("p/ä", {"name": "Ü"})
        before = content(db)
    with StateDB.open(path) as db:
        assert content(db) == before


def test_a_closed_state_is_one_file_that_plain_tinydb_reads(tmp_path: Path) -> None:
    class TextIds(Table):
        document_id_class = str  # type: ignore[assignment]  # declared as int

    path = tmp_path / "state.json"
    with StateDB.open(path) as db:
        fill(db, "a", "b")
    assert {file.name for file in tmp_path.iterdir()} == {"state.json", "state.json.lock"}
    with TinyDB(path) as plain:
        assert plain.tables() == {"_meta", "functions", "_sums"}
        assert len(plain.table("functions")) == 2
        table = TextIds(plain.storage, "functions")
        assert {str(row.doc_id): row["name"] for row in table.all()} == {"p/a": "a", "p/b": "b"}


def test_a_file_that_plain_tinydb_wrote_is_opened(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with TinyDB(path) as plain:
        plain.insert({"name": "a"})
    with StateDB.open(path) as db:
        assert db.insert({"name": "b"}) == "2"
    with TinyDB(path) as plain:
        assert plain.all() == [{"name": "a"}, {"name": "b"}]


def test_each_document_has_its_own_line_and_only_the_owner_reads(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with StateDB.open(path) as db:
        fill(db, "a", "b")
    assert '"p/b": {"$id":"b","name":"b"}' in path.read_text().splitlines()
    assert json.loads(path.read_text())["_meta"] == {"state": {"format": 1, "seq": 2}}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_an_unchanged_state_is_not_written_again(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    with StateDB.open(path) as db:
        fill(db, "a")
    before = path.stat()
    with StateDB.open(path):
        pass
    assert path.stat() == before


def test_a_file_where_a_folder_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    expected = r"state\.json cannot be opened: .*/file: File exists\. Move the file out of the way"
    with pytest.raises(StateError, match=expected):
        StateDB.open(tmp_path / "file" / "state.json")
    expected = r"state\.json cannot be opened: .*/file/x: Not a directory\. Move the file"
    with pytest.raises(StateError, match=expected):
        StateDB.open(tmp_path / "file" / "x" / "state.json")


def test_a_folder_where_the_file_should_be_is_named(tmp_path: Path) -> None:
    (tmp_path / "state.json").mkdir()
    expected = r"/state\.json: Is a directory\. Name a file in it, such as --state .*/state\.json/"
    with pytest.raises(StateError, match=expected):
        StateDB.open(tmp_path / "state.json")
    assert list((tmp_path / "state.json").iterdir()) == []


def test_a_folder_that_may_not_be_changed_is_named(tmp_path: Path) -> None:
    folder = Path("/sys/kernel") if os.geteuid() == 0 else tmp_path
    folder.chmod(0o500) if folder == tmp_path else None
    expected = rf"{folder}/state\.json\.lock: .*Give user {os.geteuid()} access|--state FILE"
    with pytest.raises(StateError, match=expected):
        StateDB.open(folder / "state.json")


changes = st.lists(
    st.tuples(st.sampled_from(["put", "drop", "patch"]), st.sampled_from("abcdef")), max_size=12
)


def change(db: StateDB, taken: list[tuple[str, str]]) -> None:
    table = db.table("functions")
    for kind, id in taken:
        if kind == "drop":
            table.drop(f"p/{id}")
        elif kind == "put" or f"p/{id}" not in dict(db.storage.read() or {}).get("functions", {}):
            fill(db, id)
        else:
            table.patch(f"p/{id}", {"name": "patched"})


@given(changes, changes)
@settings(max_examples=150)
def test_restore_gives_back_rows_order_and_index(
    first: list[tuple[str, str]], second: list[tuple[str, str]]
) -> None:
    db = StateDB.open(None)
    table = db.table("functions")
    table.create_index("name")
    change(db, first)
    before, snapshot = content(db), db.snapshot()
    change(db, second)
    db.restore(snapshot)
    assert content(db) == before
    for name in (*"abcdef", "patched"):
        assert list(table.rows(name=name)) == [r for r in table.rows() if r["name"] == name]


@given(changes, changes, changes)
@settings(max_examples=150)
def test_a_rolled_back_transaction_leaves_rows_order_and_index(
    first: list[tuple[str, str]], second: list[tuple[str, str]], third: list[tuple[str, str]]
) -> None:
    db = StateDB.open(None)
    table = db.table("functions")
    table.create_index("name")
    change(db, first)
    before = content(db)

    def spoil() -> None:
        change(db, second)
        with db.transaction():
            change(db, third)
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), db.transaction():
        spoil()
    assert content(db) == before
    for name in (*"abcdef", "patched"):
        assert list(table.rows(name=name)) == [r for r in table.rows() if r["name"] == name]
