"""The methods of queries: which rows pass, and what is said about wrong calls."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
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


def ids(*texts: str) -> str:
    """The ids of all rows that pass, in the order of creation."""
    wanted = query.parse([*texts, q("orderAsc")], ATTRIBUTES)
    return " ".join(row["$id"] for row in query.select(ROWS, wanted, find=find).rows)


def refusal(*texts: str, selectable: bool = False) -> str:
    with pytest.raises(ApiError) as caught:
        query.parse(texts, ATTRIBUTES, selectable=selectable)
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
        ('{"method":"isNull","attribute":"deployment","values":null}', "f3"),
    ],
)
def test_each_method_finds_its_rows(text: str, expected: str) -> None:
    assert ids(text) == expected


def test_all_filters_must_hold() -> None:
    assert ids(q("equal", "timeout", 15), q("startsWith", "name", "alphab")) == "f3"


def test_logic_joins_filters_and_nests() -> None:
    low = {"method": "lessThan", "attribute": "timeout", "values": [10]}
    beta = {"method": "equal", "attribute": "name", "values": ["beta"]}
    enabled = {"method": "equal", "attribute": "enabled", "values": [True]}
    either = {"method": "or", "values": [low, beta]}
    assert ids(json.dumps(either)) == "f2 f4"
    assert ids(json.dumps({"method": "and", "values": [either, enabled]})) == "f4"


def test_a_random_order_has_every_row_once() -> None:
    wanted = query.parse([q("orderRandom")], ATTRIBUTES)
    rows = query.select(ROWS, wanted, find=find).rows
    assert sorted(row["$id"] for row in rows) == ["f1", "f2", "f3", "f4"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (q("equal", "zzz", 1), "Attribute not found in schema: zzz"),
        (q("isNull"), "Attribute not found in schema: "),
        (q("exists"), "Attribute not found in schema: "),
        (q("orderAsc", "zzz"), "Attribute not found in schema: zzz"),
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
        (
            q("limit", "", 2**63),
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


def test_only_1_6_refuses_nested_attributes() -> None:
    nested = q("equal", "name.x", "a")
    assert ids(nested) == ""
    with pytest.raises(ApiError) as caught:
        query.parse([nested], ATTRIBUTES, era="1.6")
    assert str(caught.value).endswith("Cannot query nested attribute on: name")


def test_the_notation_before_1_5_must_be_admitted() -> None:
    assert refusal("limit(1)") == "Invalid query: Invalid query: Syntax error"
    assert query.parse(["limit(1)"], ATTRIBUTES, legacy=True).limit == 1


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


@given(st.text(max_size=40) | st.text(alphabet='{}[]"method:oqual,()1 ', max_size=40))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(ApiError):
        assert query.parse([text], ATTRIBUTES, legacy=True).limit >= 1


@given(st.text(max_size=30) | st.datetimes().map(str))
def test_any_text_is_a_date_or_none(text: str) -> None:
    moment = query.read_date(text)
    assert moment is None or moment.tzinfo is not None
