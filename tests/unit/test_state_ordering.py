"""Rows in the order of one field, while they come, change and go."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from operator import itemgetter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator import query
from appwrite_emulator.state import StateDB, StateTable

FIELD = "$createdAt"

dates = st.sampled_from(["", "2026-01-01", "2026-01-02", "2026-01-03"])
numbers = st.integers(0, 8)
acts = st.one_of(
    st.tuples(st.just("put"), numbers, st.sampled_from("fg"), dates | st.none()),
    st.tuples(st.just("patch"), numbers, st.sampled_from("fg"), dates),
    st.tuples(st.just("drop"), numbers),
    st.tuples(st.just("look"), st.booleans()),
)


@pytest.fixture
def table() -> Iterator[StateTable]:
    with StateDB.open(None) as db:
        yield indexed(db)


def indexed(db: StateDB) -> StateTable:
    table = db.table("executions")
    table.create_index("functionId")
    return table


def put(table: StateTable, id: int, function: str, date: Any) -> None:
    table.put(str(id), {"$id": str(id), "$sequence": id, "functionId": function, FIELD: date})


def ids(rows: Any) -> list[str]:
    return [row["$id"] for row in rows]


def test_rows_are_ordered_by_a_field_equal_ones_oldest_first(table: StateTable) -> None:
    for id, date in enumerate(["b", "a", "b", "c", "a"]):
        put(table, id, "f", date)
    put(table, 9, "g", "a")
    rows = table.rows(functionId="f")

    assert ids(rows.by(FIELD, descending=False) or ()) == ["1", "4", "0", "2", "3"]
    assert ids(rows.by(FIELD, descending=True) or ()) == ["3", "0", "2", "1", "4"]
    put(table, 5, "f", "b")
    assert ids(rows.by(FIELD, descending=True) or ()) == ["3", "0", "2", "5", "1", "4"]


def test_an_order_that_no_index_knows_is_nobodys(table: StateTable) -> None:
    put(table, 1, "f", "a")
    assert table.rows().by(FIELD, descending=True) is None
    assert table.rows(functionId="f", status="x").by(FIELD, descending=True) is None
    assert table.rows(functionId="f").by("$nothing", descending=True) is None
    put(table, 2, "f", None)
    assert table.rows(functionId="f").by(FIELD, descending=True) is None


@given(st.lists(acts, max_size=40))
def test_the_order_is_that_of_sorting_after_any_change(steps: list[tuple[Any, ...]]) -> None:
    with StateDB.open(None) as db:
        table = indexed(db)
        for kind, *values in [*steps, ("look", False), ("look", True)]:
            if kind == "put":
                put(table, *values)
            elif kind == "drop":
                table.drop(str(values[0]))
            elif kind == "patch" and table.row(str(values[0])):
                table.patch(str(values[0]), {"functionId": values[1], FIELD: values[2]})
            elif kind == "look":
                _look(table, descending=values[0])


def _look(table: StateTable, *, descending: bool) -> None:
    for function in "fg":
        rows = table.rows(functionId=function)
        known = rows.by(FIELD, descending=descending)
        if known is None:
            assert not len(rows) or any(row[FIELD] is None for row in rows)
        else:
            assert list(known) == sorted(rows, key=itemgetter(FIELD), reverse=descending)


@given(
    st.lists(dates, max_size=12),
    st.sampled_from(["orderAsc", "orderDesc"]),
    st.integers(0, 13),
    st.integers(1, 13),
    st.booleans(),
)
def test_a_page_is_the_same_whether_its_order_was_known_or_not(
    values: list[str], method: str, offset: int, limit: int, is_filtered: bool
) -> None:
    texts = [
        f'{{"method":"{method}","attribute":"{FIELD}"}}',
        f'{{"method":"offset","values":[{offset}]}}',
        f'{{"method":"limit","values":[{limit}]}}',
        *['{"method":"notEqual","attribute":"$createdAt","values":["2026-01-02"]}'] * is_filtered,
    ]
    with StateDB.open(None) as db:
        table = indexed(db)
        for id, date in enumerate(values, 1):
            put(table, id, "f", date)
        rows, wanted = table.rows(functionId="f"), query.parse(texts, {})

        page = query.select(rows, wanted, find=table.row, walk=rows.by)

        assert page == query.select(rows, wanted, find=table.row)
        in_order = rows.by(FIELD, descending=method == "orderDesc")
        if not is_filtered:
            assert page.rows == list(islice(in_order or (), offset, offset + limit))
