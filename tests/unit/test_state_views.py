"""Snapshots that share what has not changed, and restores that look only at what has."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from appwrite_emulator.state import StateDB


@pytest.fixture
def db() -> Iterator[StateDB]:
    with StateDB.open(None) as opened:
        for number in range(3):
            opened.table("a").put(f"p/{number}", {"$sequence": number})
            opened.table("b").put(f"p/{number}", {"$sequence": number})
        yield opened


def test_what_has_not_changed_is_shared_by_snapshots(db: StateDB) -> None:
    first = db.snapshot()
    db.table("a").patch("p/0", {"name": "changed"})
    second = db.snapshot()
    assert second.tables["b"] is first.tables["b"]
    assert second.tables["a"] is not first.tables["a"]
    assert first.tables["a"]["p/0"] == {"$sequence": 0}
    db.restore(first)
    assert db.snapshot().tables["a"] is first.tables["a"]


def test_a_snapshot_stays_as_it_is_whatever_is_changed_later(db: StateDB) -> None:
    taken = db.snapshot()
    db.table("a").drop("p/1")
    db.table("a").put("p/9", {})
    with db.transaction():
        db.table("b").drop("p/0", "p/1", "p/2")
    assert [*taken.tables["a"]] == [*taken.tables["b"]] == ["p/0", "p/1", "p/2"]
    db.restore(taken)
    assert [row["$sequence"] for row in db.table("a").rows()] == [0, 1, 2]
    assert [row["$sequence"] for row in db.table("b").rows()] == [0, 1, 2]


def test_a_transaction_that_was_undone_leaves_the_table_comparable(db: StateDB) -> None:
    taken = db.snapshot()

    def undone() -> None:
        with db.transaction():
            db.table("a").drop("p/1")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        undone()
    db.restore(taken)
    assert [*db.table("a").ids()] == ["p/0", "p/1", "p/2"]


def test_an_older_snapshot_is_restored_after_a_newer_one(db: StateDB) -> None:
    older = db.snapshot()
    db.table("a").drop("p/0")
    newer = db.snapshot()
    for _ in range(2):
        db.restore(older)
        assert len(db.table("a")) == 3
        db.restore(newer)
        assert len(db.table("a")) == 2


def test_a_table_that_was_empty_is_empty_again(db: StateDB) -> None:
    taken = db.snapshot()
    db.table("c").put("p/1", {})
    db.restore(taken)
    assert len(db.table("c")) == 0


def test_numbers_are_not_given_twice_when_rows_come_back(db: StateDB) -> None:
    table = db.table("a")
    table.put("p/x", {"$sequence": 50})
    taken = db.snapshot()
    table.drop("p/x")
    assert table.next_sequence() == 3
    db.restore(taken)
    assert table.next_sequence() == 51
    table.put("p/y", {"$sequence": 51})
    db.restore(taken)
    assert table.next_sequence() == 52
