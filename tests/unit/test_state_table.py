"""Rows in tables: the fast interface, indexes, and TinyDB's own interface."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import pytest
from tinydb import where
from tinydb.operations import delete
from tinydb.table import Document

from appwrite_emulator.state import StateDB, StateTable


@pytest.fixture(params=["memory", "file"])
def db(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[StateDB]:
    path = None if request.param == "memory" else tmp_path / "state.json"
    with StateDB.open(path) as opened:
        yield opened


@pytest.fixture
def table(db: StateDB) -> StateTable:
    return db.table("executions")


def fill(table: StateTable, count: int) -> None:
    for number in range(count):
        table.put(f"p/{number}", row(str(number), functionId=f"f{number % 3}"))


def row(id: str, **fields: Any) -> dict[str, Any]:
    return {"$id": id, "project": "p", **fields}


def ids(rows: Any) -> list[str]:
    return [row["$id"] for row in rows]


def test_a_row_is_given_back_without_a_copy(table: StateTable) -> None:
    stored = row("a", logs="x")
    table.put("p/a", stored)
    assert table.row("p/a") is stored
    assert table.row("p/b") is None


def test_two_projects_may_have_the_same_id(table: StateTable) -> None:
    table.put("one/a", {"$id": "a", "project": "one"})
    table.put("two/a", {"$id": "a", "project": "two"})
    assert len(table) == 2


def test_put_replaces_the_whole_row_and_keeps_its_place(table: StateTable) -> None:
    fill(table, 3)
    table.put("p/0", row("0", name="new"))
    assert next(iter(table.rows())) == {"$id": "0", "project": "p", "name": "new"}


def test_patch_changes_fields_and_leaves_rows_taken_before_alone(table: StateTable) -> None:
    table.put("p/a", row("a", status="waiting", logs="x"))
    before = table.row("p/a")
    table.patch("p/a", {"status": "completed"})
    assert table.row("p/a") == row("a", status="completed", logs="x")
    assert before == row("a", status="waiting", logs="x")


def test_patch_of_a_missing_row_is_a_key_error(table: StateTable) -> None:
    with pytest.raises(KeyError):
        table.patch("p/a", {"status": "completed"})
    assert len(table) == 0


def test_drop_ignores_ids_that_are_not_there(table: StateTable) -> None:
    fill(table, 3)
    table.drop("p/0", "p/9", "p/0", "p/2")
    assert ids(table.rows()) == ["1"]


@pytest.mark.parametrize("is_indexed", [True, False])
def test_rows_are_chosen_by_values_in_creation_order(table: StateTable, is_indexed: bool) -> None:
    if is_indexed:
        table.create_index("project", "functionId")
    fill(table, 10)
    chosen = table.rows(project="p", functionId="f1")
    assert len(chosen) == 3
    assert ids(chosen) == ["1", "4", "7"]
    assert ids(islice(reversed(chosen), 2)) == ["7", "4"]
    assert ids(table.rows(project="q", functionId="f1")) == []


def test_an_index_made_later_knows_the_rows_that_were_there(table: StateTable) -> None:
    fill(table, 6)
    table.create_index("functionId")
    assert ids(table.rows(functionId="f2")) == ["2", "5"]


def test_an_index_over_some_of_the_fields_is_completed_by_a_filter(table: StateTable) -> None:
    table.create_index("functionId")
    fill(table, 9)
    table.patch("p/4", {"status": "failed"})
    chosen = table.rows(functionId="f1", status="failed")
    assert len(chosen) == 1
    assert ids(chosen) == ["4"]
    assert ids(table.rows(functionId="f1", status=None)) == ["1", "7"]


def test_rows_that_move_into_a_value_stand_in_creation_order(table: StateTable) -> None:
    table.create_index("status")
    for id in "abcd":
        table.put(f"p/{id}", row(id, status="waiting"))
    for id in "dbca":
        table.patch(f"p/{id}", {"status": "done"})
    table.drop("p/c")
    assert ids(table.rows(status="done")) == ["a", "b", "d"]
    assert len(table.rows(status="waiting")) == 0


def test_an_index_bears_values_that_cannot_be_hashed(table: StateTable) -> None:
    table.create_index("roles")
    table.put("p/a", row("a", roles=["any"]))
    assert ids(table.rows(roles=["any"])) == ["a"]


def test_sequences_go_on_from_the_highest_row_and_never_back(db: StateDB) -> None:
    table = db.table("functions")
    table.put("p/a", row("a", **{"$sequence": 7}))
    empty = db.snapshot()
    assert table.next_sequence() == 8
    table.put("p/b", row("b", **{"$sequence": 8}))
    table.drop("p/b")
    assert table.next_sequence() == 9
    db.restore(empty)
    assert table.next_sequence() == 10


def test_tinydb_gives_copies_that_change_nothing(table: StateTable) -> None:
    table.put("p/a", row("a", events=["x"]))
    found = table.search(where("$id") == "a")[0]
    found["events"].append("y")
    assert str(found.doc_id) == "p/a"
    assert table.row("p/a") == row("a", events=["x"])


def test_tinydb_takes_copies(table: StateTable) -> None:
    given_row = row("a", events=["x"])
    assert table.insert(given_row) == "p/a"
    events = ["z"]
    table.insert_multiple([Document({"events": events}, 5)])
    table.update({"tags": events}, where("$id") == "a")
    given_row["events"].append("y")
    events.append("!")
    assert table.row("p/a") == row("a", events=["x"], tags=["z"])
    assert table.row("5") == {"events": ["z"]}


def test_an_updater_that_fails_changes_nothing(table: StateTable) -> None:
    fill(table, 3)

    def spoil(document: Any) -> None:
        document["events"] = []
        if document["$id"] == "1":
            raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        table.update(spoil)
    assert all("events" not in stored for stored in table.rows())


def test_true_and_one_are_different_values(table: StateTable) -> None:
    table.put("p/a", row("a", enabled=1))
    table.update({"enabled": True})
    stored = table.row("p/a")
    assert stored is not None
    assert stored["enabled"] is True


def test_indexes_follow_tinydb(table: StateTable) -> None:
    table.create_index("functionId")
    fill(table, 6)
    table.update({"functionId": "f0"}, where("$id") == "1")
    table.remove(where("$id") == "3")
    table.update(delete("functionId"), where("$id") == "0")
    assert ids(table.rows(functionId="f0")) == ["1"]
    table.truncate()
    assert len(table.rows(functionId="f0")) == 0


def test_ids_of_rows_that_came_back_are_not_given_again(db: StateDB) -> None:
    db.insert_multiple([{"a": 1}, {"a": 2}])

    def spoil() -> None:
        db.truncate()
        db.insert({"a": 3})
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"), db.transaction():
        spoil()
    assert db.insert_multiple([{"a": 4}, {"a": 5}]) == ["3", "4"]
    snapshot = db.snapshot()
    db.truncate()
    db.insert({"a": 6})
    db.restore(snapshot)
    assert db.insert({"a": 7}) == "5"
    assert [row["a"] for row in db.all()] == [1, 2, 4, 5, 7]


def test_dropping_a_table_keeps_the_others(db: StateDB, table: StateTable) -> None:
    fill(table, 3)
    db.table("functions").put("p/a", row("a"))
    db.drop_table("executions")
    assert db.tables() == {"functions"}
    assert len(table) == 0
    db.drop_tables()
    assert db.tables() == set()


def test_the_default_table_answers_for_the_database(db: StateDB) -> None:
    assert db.insert({"a": 1}) == "1"
    assert db.insert({"a": 2}) == "2"
    assert db.get(where("a") == 2) == {"a": 2}
    assert len(db) == 2


def test_the_name_of_the_meta_table_is_taken(db: StateDB) -> None:
    with pytest.raises(ValueError, match="_meta"):
        db.table("_meta")


def test_every_change_of_a_row_is_counted(db: StateDB, table: StateTable) -> None:
    counts = [table.changes]

    def note() -> None:
        counts.append(table.changes)

    table.put("1", row("1"))
    note()
    table.patch("1", {"x": 2})
    note()
    table.update({"x": 3})
    note()
    taken = db.snapshot()
    table.drop("1")
    note()
    db.restore(taken)
    note()
    assert counts == sorted(set(counts))


def test_an_undone_change_is_counted_too(db: StateDB, table: StateTable) -> None:
    table.put("1", row("1"))
    inside = 0
    with suppress(KeyError), db.transaction():
        table.patch("1", {"x": 2})
        inside = table.changes
        table.patch("none", {})
    assert table.changes > inside > 0


def test_changes_of_other_tables_and_of_nothing_are_not(db: StateDB, table: StateTable) -> None:
    table.put("1", row("1"))
    before = table.changes
    db.table("others").put("1", row("1"))
    table.drop("none")
    db.restore(db.snapshot())
    assert table.changes == before
