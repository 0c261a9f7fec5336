"""Reading query strings, and the page of rows they ask for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from contextlib import suppress
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
    "duration": query.Attribute("duration", "float"),
    "invited": query.Attribute("invited", "datetime"),
    "labels": query.Attribute("labels", "string[]"),
    "deployment": query.Attribute("deploymentId", "string"),
    "double": query.Attribute("", "int", lambda row: row["timeout"] * 2),
}

ROWS: list[Row] = [
    {
        "$id": f"f{number}",
        "$sequence": number,
        "$createdAt": f"2026-01-0{number}T00:00:00.000+00:00",
        "name": name,
        "enabled": number != 2,
        "timeout": timeout,
        "duration": timeout / 2,
        "invited": invited,
        "labels": labels,
        "deploymentId": None if number == 3 else f"d{number}",
    }
    for number, (name, timeout, invited, labels) in enumerate(
        [
            ("Alpha", 15, "", []),
            ("beta", 30, "2026-02-01T00:00:00.000+00:00", ["Red"]),
            ("ALPHABET", 15, "2026-03-01T00:00:00.000+00:00", ["red", "blue"]),
            ("Gamma", 5, "2026-04-01T00:00:00.000+00:00", ["green"]),
        ],
        1,
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


def refusal(*texts: str, legacy: bool = False, selectable: bool = False) -> str:
    with pytest.raises(ApiError) as caught:
        query.parse(texts, ATTRIBUTES, legacy=legacy, selectable=selectable)
    assert caught.value.type == "general_argument_invalid"
    prefix = "Invalid `queries` param: "
    assert str(caught.value).startswith(prefix)
    return str(caught.value).removeprefix(prefix)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (q("equal", "name", "alpha"), "f1"),
        (q("equal", "name", "BETA", "gamma"), "f2 f4"),
        (q("equal", "enabled", False), "f2"),
        (q("equal", "$id", "f3"), "f3"),
        (q("equal", "$sequence", 2), "f2"),
        (q("equal", "$internalId", "2"), "f2"),
        (q("equal", "double", 60), "f2"),
        (q("notEqual", "name", "ALPHA"), "f2 f3 f4"),
        (q("notEqual", "deployment", "d1"), "f2 f4"),
        (q("lessThan", "timeout", 15), "f4"),
        (q("lessThanEqual", "timeout", 15), "f1 f3 f4"),
        (q("greaterThan", "duration", 7.5), "f2"),
        (q("greaterThanEqual", "duration", 7), "f1 f2 f3"),
        (q("between", "timeout", 5, 15), "f1 f3 f4"),
        (q("notBetween", "timeout", 5, 15), "f2"),
        (q("startsWith", "name", "ALPHA"), "f1 f3"),
        (q("notStartsWith", "name", "alpha"), "f2 f4"),
        (q("startsWith", "timeout", 1), "f1 f3"),
        (q("endsWith", "name", "Bet"), "f3"),
        (q("notEndsWith", "name", "a"), "f3"),
        (q("contains", "name", "ET", "mm"), "f2 f3 f4"),
        (q("contains", "labels", "RED"), "f2 f3"),
        (q("containsAny", "labels", "green", "blue"), "f3 f4"),
        (q("containsAll", "labels", "red", "blue"), "f3"),
        (q("notContains", "name", "alpha"), "f2 f4"),
        (q("isNull", "deployment"), "f3"),
        (q("isNotNull", "deployment"), "f1 f2 f4"),
        (q("exists", "", "deployment", "invited"), "f2 f4"),
        (q("notExists", "invited"), "f1"),
        (q("greaterThan", "invited", "2026-02-28T23:00:00-02:00"), "f4"),
        (q("between", "$createdAt", "2026-01-02", "2026-01-03T00:00:00Z"), "f2 f3"),
        (q("orderRandom"), "f1 f2 f3 f4"),
        ('{"method":"isNull","attribute":"deployment","values":null}', "f3"),
    ],
)
def test_each_method_finds_its_rows(text: str, expected: str) -> None:
    assert sorted(ids(text).split()) == expected.split()


def test_all_filters_must_hold() -> None:
    assert ids(q("equal", "timeout", 15), q("startsWith", "name", "alphab")) == "f3"


def test_logic_joins_filters_and_nests() -> None:
    low = {"method": "lessThan", "attribute": "timeout", "values": [10]}
    beta = {"method": "equal", "attribute": "name", "values": ["beta"]}
    enabled = {"method": "equal", "attribute": "enabled", "values": [True]}
    either = {"method": "or", "values": [low, beta]}
    assert ids(json.dumps(either)) == "f2 f4"
    assert ids(json.dumps({"method": "and", "values": [either, enabled]})) == "f4"


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
    ("text", "message"),
    [
        ("", "Invalid query: Syntax error"),
        ('equal("name", ["a"])', "Invalid query: Syntax error"),
        ("[" * 100_000, "Invalid query: Syntax error"),
        ("1", "Invalid query. Must be an array, got integer"),
        ("1.5", "Invalid query. Must be an array, got double"),
        ('"a"', "Invalid query. Must be an array, got string"),
        ("true", "Invalid query. Must be an array, got boolean"),
        ("null", "Invalid query. Must be an array, got NULL"),
        ("[]", "Invalid query method: "),
        ("{}", "Invalid query method: "),
        (q("foo"), "Invalid query method: foo"),
        ('{"method":1}', "Invalid query method. Must be a string, got integer"),
        (
            '{"method":"equal","attribute":1}',
            "Invalid query attribute. Must be a string, got integer",
        ),
        (
            '{"method":"equal","attribute":[]}',
            "Invalid query attribute. Must be a string, got array",
        ),
        ('{"method":"equal","values":"a"}', "Invalid query values. Must be an array, got string"),
        ('{"method":"or","values":["a"]}', "Invalid query. Must be an array, got string"),
        (q("equal", "zzz", 1), "Attribute not found in schema: zzz"),
        (q("isNull"), "Attribute not found in schema: "),
        (q("exists"), "Attribute not found in schema: "),
        (q("orderAsc", "zzz"), "Attribute not found in schema: zzz"),
        (q("equal", "name.x", "a"), "Cannot query nested attribute on: name"),
        (q("equal", "name"), "Equal queries require at least one value."),
        (q("contains", "name"), "Contains queries require at least one value."),
        (q("notEqual", "name", "a", "b"), "NotEqual queries require exactly one value."),
        (q("between", "timeout", 1), "Between queries require exactly two values."),
        (q("equal", "enabled", "true"), 'Query value is invalid for attribute "enabled"'),
        (q("equal", "timeout", "15"), 'Query value is invalid for attribute "timeout"'),
        (q("equal", "timeout", True), 'Query value is invalid for attribute "timeout"'),
        (q("equal", "timeout", 15.0), 'Query value is invalid for attribute "timeout"'),
        (q("equal", "duration", "1"), 'Query value is invalid for attribute "duration"'),
        (q("equal", "name", 1), 'Query value is invalid for attribute "name"'),
        (q("equal", "name", None), 'Query value is invalid for attribute "name"'),
        (q("equal", "invited", "soon"), 'Query value is invalid for attribute "invited"'),
        (
            q("contains", "timeout", 1),
            'Cannot query contains on attribute "timeout" because it is not an array, string, '
            "or object.",
        ),
        (
            q("equal", "labels", "red"),
            'Cannot query equal on attribute "labels" because it is an array.',
        ),
        (
            q("limit", "", 0),
            "Invalid limit: Value must be a valid range between 1 and 9,223,372,036,854,775,808",
        ),
        (q("limit"), "Invalid limit: Value must be a valid number"),
        (q("limit", "", "x"), "Invalid limit: Value must be a valid number"),
        (q("offset", "", True), "Invalid limit: Value must be a valid number"),
        (
            q("offset", "", -1),
            "Invalid offset: Value must be a valid range between 0 and 9,223,372,036,854,775,808",
        ),
        (
            q("cursorAfter", "", "_a"),
            "Invalid cursor: UID must contain at most 36 chars. Valid chars are a-z, A-Z, 0-9, "
            "and underscore. Can't start with a leading underscore",
        ),
        ('{"method":"or","values":[]}', "Or queries require at least two queries"),
        (
            '{"method":"and","values":[{"method":"limit","values":[1]}]}',
            "And queries can only contain filter queries",
        ),
        (q("elemMatch", "labels", "a"), "elemMatch is not supported by the database"),
    ],
)
def test_a_wrong_query_is_refused_in_appwrites_words(text: str, message: str) -> None:
    assert refusal(text) == f"Invalid query: {message}"


def test_deep_logic_is_refused() -> None:
    text = q("isNull", "name")
    for _ in range(60):
        text = f'{{"method":"and","values":[{text},{q("isNull", "name")}]}}'
    assert refusal(text) == "Invalid query: Invalid query: Maximum stack depth exceeded"


def test_select_is_for_lists_that_allow_it() -> None:
    assert refusal(q("select", "", "name")) == "Invalid query method: select"
    wanted = query.parse([q("select", "", "name", "$id")], ATTRIBUTES, selectable=True)
    assert wanted.selects == ("name", "$id")


@pytest.mark.parametrize("method", ["search", "notSearch"])
def test_a_search_by_attribute_has_no_index(method: str) -> None:
    message = '^Searching by attribute "name" requires a fulltext index.$'
    with pytest.raises(ApiError, match=message) as caught:
        query.parse([q(method, "name", "x")], ATTRIBUTES)
    assert caught.value.type == "general_query_invalid"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ('equal("name", ["alpha", \'beta\'])', "f1 f2"),
        ('equal("enabled", [false])', "f2"),
        ('equal("enabled",false)', "f2"),
        ('between("timeout", 1, 15)', "f1 f3 f4"),
        (r'equal("name", ["be\ta"])', "f2"),
        (r"startsWith('name', 'Al\pha')", "f1 f3"),
        ('isNull("deployment")', "f3"),
        ('orderDesc("")', "f1 f2 f3 f4"),
        ('cursorAfter("f3")', "f4"),
        ("limit(2)", "f1 f2"),
        ("offset( 3 )", "f4"),
    ],
)
def test_the_notation_before_1_5_is_read(text: str, expected: str) -> None:
    assert sorted(ids(text).split()) == expected.split()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('foo("name")', "Invalid query method"),
        ('and("name")', "Invalid query method"),
        ('equal("name", [a])', "Invalid query"),
        ('equal("name", ["a")', "Invalid query"),
        ("equal(1, 2)", "Invalid query"),
        ('equal("name" "a")', "Invalid query"),
    ],
)
def test_a_slip_in_the_old_notation_is_refused(text: str, message: str) -> None:
    with pytest.raises(ApiError, match=f"^{message}$") as caught:
        query.parse([text], ATTRIBUTES, legacy=True)
    assert caught.value.type == "general_query_invalid"
    assert refusal(text) == "Invalid query: Invalid query: Syntax error"


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


@settings(max_examples=150, deadline=None)
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


@given(st.text(max_size=40) | st.text(alphabet='{}[]"method:oqual,()1 ', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ApiError):
        assert query.parse([text], ATTRIBUTES, legacy=True).limit >= 1


@given(st.text(max_size=30) | st.datetimes().map(str))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = query.read_date(text)
    assert moment is None or moment.tzinfo is not None
