"""The page of rows that queries ask for, and the search by words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from appwrite_emulator import query
from appwrite_emulator.errors import ApiError
from appwrite_emulator.models import Row

ATTRIBUTES: query.Attributes = {
    "name": query.Attribute("name", "string"),
    "enabled": query.Attribute("enabled", "bool"),
    "timeout": query.Attribute("timeout", "int"),
    "deployment": query.Attribute("deploymentId", "string"),
}

ROWS: list[Row] = [
    {
        "$id": f"f{number}",
        "$sequence": number,
        "name": name,
        "enabled": number != 2,
        "timeout": timeout,
        "deploymentId": None if number == 3 else f"d{number}",
    }
    for number, (name, timeout) in enumerate(
        [("Alpha", 15), ("beta", 30), ("ALPHABET", 15), ("Gamma", 5)], 1
    )
]


def q(method: str, attribute: str = "", *values: Any) -> str:
    return json.dumps({"method": method, "attribute": attribute, "values": values})


def find(id: str) -> Row | None:
    return next((row for row in ROWS if row["$id"] == id), None)


def page(*texts: str, rows: Sequence[Row] = ROWS, count: bool = True) -> query.Page:
    wanted = query.parse(texts, ATTRIBUTES, legacy=True)
    return query.select(rows, wanted, count=count, find=find)


def ids(*texts: str) -> str:
    return " ".join(row["$id"] for row in page(*texts).rows)


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ((), "f1 f2 f3 f4"),
        ((q("orderDesc"),), "f4 f3 f2 f1"),
        (('{"method":"orderDesc","values":["$id"]}',), "f4 f3 f2 f1"),
        ((q("orderDesc", "$sequence"),), "f4 f3 f2 f1"),
        ((q("orderAsc", "name"),), "f1 f3 f2 f4"),
        ((q("orderDesc", "timeout"),), "f2 f1 f3 f4"),
        ((q("orderAsc", "timeout"), q("orderDesc", "name")), "f4 f3 f1 f2"),
        ((q("orderAsc", "deployment"),), "f3 f1 f2 f4"),
        ((q("orderDesc", "enabled"), q("orderDesc")), "f4 f3 f1 f2"),
        ((q("limit", "", 2),), "f1 f2"),
        ((q("limit", "", "2"), q("limit", "", 3), q("offset", "", 1), q("offset", "", 3)), "f2 f3"),
        ((q("offset", "", 9),), ""),
        ((q("offset", "", 1), q("limit", "", 2**63 - 1)), "f2 f3 f4"),
        ((q("cursorAfter", "", "f2"),), "f3 f4"),
        ((q("cursorAfter", "", "f1"), q("offset", "", 1), q("limit", "", 1)), "f3"),
        ((q("cursorAfter", "", "f1"), q("cursorBefore", "", "f2")), "f2 f3 f4"),
        ((q("cursorBefore", "", "f4"), q("limit", "", 2)), "f2 f3"),
        ((q("cursorBefore", "", "f4"), q("limit", "", 2), q("offset", "", 1)), "f1 f2"),
        ((q("cursorBefore", "", "f1"),), ""),
        ((q("cursorBefore", "", "f2"), q("orderDesc")), "f4 f3"),
        ((q("cursorAfter", "", "f3"), q("orderDesc")), "f2 f1"),
        ((q("cursorAfter", "", "f1"), q("orderDesc", "timeout")), "f3 f4"),
        ((q("cursorBefore", "", "f4"), q("orderDesc", "timeout"), q("limit", "", 1)), "f3"),
        ((q("cursorAfter", "", "f1"), q("orderAsc", "name"), q("equal", "timeout", 30)), "f2"),
        ((q("cursorAfter", "", "f2"), q("equal", "timeout", 15)), "f3"),
    ],
)
def test_order_limit_and_cursor_make_the_page(texts: tuple[str, ...], expected: str) -> None:
    assert ids(*texts) == expected


def test_the_total_counts_all_pages() -> None:
    assert page(q("limit", "", 1)).total == 4
    assert page(q("limit", "", 1), q("equal", "timeout", 15)).total == 2
    assert page(q("cursorAfter", "", "f3"), q("orderAsc", "name")).total == 4
    assert (
        page(q("equal", "timeout", 30), q("orderAsc", "name"), q("cursorAfter", "", "f1")).total
        == 1
    )


def test_the_total_is_capped_and_can_be_left_out() -> None:
    many = [{"$id": str(number), "$sequence": number} for number in range(5001)]
    assert page(rows=many).total == 5000
    assert page(q("isNotNull", "$id"), rows=many).total == 5000
    assert page(count=False) == query.Page(page().rows, 0)
    assert page(q("equal", "timeout", 15), count=False).total == 0


def test_a_page_holds_25_rows_by_default() -> None:
    many = [{"$id": str(number), "$sequence": number} for number in range(30)]
    assert len(page(rows=many).rows) == 25


class Counted(Sequence[Row]):
    """Rows that count how many of them were looked at."""

    def __init__(self, size: int) -> None:
        self.size = size
        self.seen = 0

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, index: Any) -> Any:
        self.seen += 1
        return {"$id": str(index), "$sequence": index, "name": "x"}

    def __iter__(self) -> Iterator[Row]:
        return (self[index] for index in range(self.size))

    def __reversed__(self) -> Iterator[Row]:
        return (self[index] for index in range(self.size - 1, -1, -1))


@pytest.mark.parametrize("order", ["orderAsc", "orderDesc"])
def test_the_newest_or_oldest_rows_are_found_without_a_scan(order: str) -> None:
    rows = Counted(4000)
    found = page(q(order), q("limit", "", 10), q("offset", "", 5), rows=rows)
    assert len(found.rows) == 10
    assert found.total == 4000
    assert rows.seen == 15


def test_an_uncounted_filter_stops_at_the_end_of_the_page() -> None:
    rows = Counted(4000)
    page(q("equal", "name", "x"), q("limit", "", 10), rows=rows, count=False)
    assert rows.seen == 10


def test_an_unknown_cursor_is_named() -> None:
    wanted = query.parse([q("cursorAfter", "", "gone")], ATTRIBUTES)
    with pytest.raises(ApiError) as caught:
        query.select(ROWS, wanted, resource="Execution", find=find)
    assert caught.value.type == "general_cursor_not_found"
    assert str(caught.value) == "Execution 'gone' for the 'cursor' value not found."


def test_a_cursor_without_a_value_to_order_by_is_refused() -> None:
    with pytest.raises(ApiError, match="The order attribute 'deployment' had a null") as caught:
        page(q("cursorAfter", "", "f3"), q("orderAsc", "deployment"))
    assert caught.value.type == "database_query_order_null"


@pytest.mark.parametrize(
    ("term", "found"),
    [
        ("orders", True),
        ("ORD", True),
        ("ders", False),
        ("ord node", True),
        ("nothing orders", True),
        ("orders nothing", True),
        ("ord nothing", False),
        ("my-func.1", True),
        ('"node 22"', True),
        ('"22 node"', False),
        ('"node 2"', False),
        ("@+-*)(<>~", False),
        ("", False),
        ('""', False),
    ],
)
def test_search_looks_for_words(term: str, found: bool) -> None:
    assert query.search(term, ["my-func.1", "Orders of the day", "node-22"]) is found


FIELDS = {"name": st.sampled_from(["a", "B", "c", "AB"]), "timeout": st.integers(0, 4)}
row_values = st.fixed_dictionaries({"name": FIELDS["name"], "timeout": FIELDS["timeout"]})
naive_filters = st.one_of(
    st.tuples(st.just("equal"), st.just("timeout"), FIELDS["timeout"]),
    st.tuples(st.just("greaterThan"), st.just("timeout"), FIELDS["timeout"]),
    st.tuples(st.just("notEqual"), st.just("name"), FIELDS["name"]),
)
naive_orders = st.tuples(
    st.sampled_from(["orderAsc", "orderDesc"]), st.sampled_from(["name", "timeout", "$sequence"])
)


def holds(row: Row, filter: tuple[str, str, Any]) -> bool:
    method, attribute, value = filter
    stored = row[attribute]
    if isinstance(value, str):
        stored, value = stored.lower(), value.lower()
    return bool({"equal": stored == value, "notEqual": stored != value}.get(method, stored > value))


def precedes(left: Row, right: Row, orders: list[tuple[str, str]]) -> bool:
    """Whether `left` comes before `right`, said without sorting."""
    for method, attribute in [*orders, ("orderAsc", "$sequence")]:
        one, other = left[attribute], right[attribute]
        if isinstance(one, str):
            one, other = one.lower(), other.lower()
        if one != other:
            return bool(one < other) is (method == "orderAsc")
    return False


@settings(max_examples=150)
@given(
    st.lists(row_values, min_size=1, max_size=12),
    st.lists(naive_filters, max_size=2),
    st.lists(naive_orders, max_size=2),
    st.data(),
)
def test_every_page_is_that_of_a_naive_model(
    values: list[dict[str, Any]],
    filters: list[tuple[str, str, Any]],
    orders: list[tuple[str, str]],
    data: st.DataObject,
) -> None:
    rows: list[Row] = [{"$id": f"r{i}", "$sequence": i, **row} for i, row in enumerate(values, 1)]
    cursor = data.draw(st.sampled_from(rows))
    after, limit = data.draw(st.booleans()), data.draw(st.integers(1, 5))
    texts = [q(method, attribute, value) for method, attribute, value in filters]
    texts += [q(method, attribute) for method, attribute in orders]
    texts += [
        q("limit", "", limit),
        q("cursorAfter" if after else "cursorBefore", "", cursor["$id"]),
    ]

    kept = [row for row in rows if all(holds(row, filter) for filter in filters)]
    side = [
        row
        for row in kept
        if (precedes(cursor, row, orders) if after else precedes(row, cursor, orders))
    ]
    side = sorted(side, key=lambda row: sum(precedes(other, row, orders) for other in side))
    wanted = query.parse(texts, ATTRIBUTES)
    found = query.select(rows, wanted, find={row["$id"]: row for row in rows}.get)
    assert found == query.Page(side[:limit] if after else side[-limit:], len(kept))


def test_the_total_is_counted_up_to_5000() -> None:
    rows: list[Row] = [{"$id": f"r{n}", "$sequence": n, "name": "x"} for n in range(1, 5002)]
    filtered = q("equal", "name", "x")
    for texts in ((), (filtered,), (q("orderAsc", "name"),), (filtered, q("limit", "", 9000))):
        found = page(*texts, rows=rows)
        assert found.total == 5000
    assert len(page(q("limit", "", 9000), rows=rows).rows) == 5001
