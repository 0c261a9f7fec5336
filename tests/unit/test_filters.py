"""Filters: which payloads pass the queries of a subscription."""

from __future__ import annotations

import json
from typing import Any

import pytest

from appwrite_emulator.filters import Filter
from appwrite_emulator.models import ExecutionStatus
from appwrite_emulator.query_syntax import Refused

PAYLOAD = {
    "status": ExecutionStatus.COMPLETED, "code": 200, "duration": 1.5, "logging": True,
    "scheduledAt": None, "roles": ("a", "b"),
}  # fmt: skip


def query(method: str, attribute: str = "", *values: Any) -> str:
    return json.dumps({"method": method, "attribute": attribute, "values": values})


def both(method: str, *queries: str) -> str:
    return json.dumps({"method": method, "values": [json.loads(each) for each in queries]})


IS_DONE, IS_LATE = query("equal", "status", "completed"), query("greaterThan", "code", 399)


@pytest.mark.parametrize(
    ("texts", "passes"),
    [
        ([], True),
        ([query("select", "", "*")], True),
        ([query("select", "", "*"), IS_LATE], True),
        ([IS_DONE], True),
        ([IS_DONE, IS_LATE], False),
        ([query("equal", "status", "failed", "completed")], True),
        ([query("equal", "status", "Completed")], False),
        ([query("equal", "code", "200")], False),
        ([query("equal", "code", 200.0)], False),
        ([query("equal", "logging", 1)], False),
        ([query("equal", "logging", True)], True),
        ([query("equal", "roles", ["a", "b"])], True),
        ([query("equal", "absent", "x")], False),
        ([query("notEqual", "absent", "x")], False),
        ([query("notEqual", "status", "failed")], True),
        ([query("notEqual", "status", "completed")], False),
        ([query("lessThan", "code", 201)], True),
        ([query("lessThan", "code", 200)], False),
        ([query("lessThanEqual", "duration", 2)], True),
        ([query("greaterThanEqual", "code", 200)], True),
        ([query("greaterThan", "status", "a")], True),
        ([query("greaterThan", "status", 1)], False),
        ([query("greaterThan", "logging", 0)], False),
        ([query("greaterThan", "scheduledAt", 0)], False),
        ([query("isNull", "scheduledAt")], True),
        ([query("isNull", "status")], False),
        ([query("isNull", "absent")], False),
        ([query("isNotNull", "status")], True),
        ([query("isNotNull", "scheduledAt")], False),
        ([both("or", IS_LATE, IS_DONE)], True),
        ([both("and", IS_LATE, IS_DONE)], False),
        ([both("and", both("or", IS_LATE, IS_DONE), IS_DONE)], True),
        ([both("or", query("select", "", "*"), IS_LATE)], True),
    ],
)
def test_a_payload_passes_that_all_queries_hold_of(texts: list[str], passes: bool) -> None:
    assert Filter.parse(texts).passes(PAYLOAD) is passes


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "Invalid query: Syntax error"),
        ("no", "Invalid query: Syntax error"),
        ("[" * 40_000, "Invalid query: Syntax error"),
        ("7", "Invalid query. Must be an array, got integer"),
        ("{}", "Invalid query method: "),
        (query("foo", "a"), "Invalid query method: foo"),
        (query("search", "name", "x"),
         "Query method 'search' is not supported in Realtime queries. Allowed query methods are: "
         "equal, notEqual, lessThan, lessThanEqual, greaterThan, greaterThanEqual, isNull, "
         "isNotNull, and, or, select"),
        (both("or", IS_DONE, query("limit", "", 1)), "Query method 'limit' is not supported"),
        (query("select", "", "name"), 'Only select("*") is allowed in Realtime queries.'),
        (query("select", "", "*", "name"), 'Only select("*") is allowed in Realtime queries.'),
    ],
)  # fmt: skip
def test_a_query_that_cannot_be_told_of_a_payload_is_refused(text: str, reason: str) -> None:
    with pytest.raises(Refused) as refused:
        Filter.parse([text])
    assert str(refused.value).startswith(reason)
