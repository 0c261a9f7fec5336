"""The conditions of an expectation hold for what they were made from, and each tells its miss."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.client.execution import Execution
from appwrite_emulator.client.matching import check, missed, says

WORDS = st.text("abc/?.\n é", min_size=1, max_size=12)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | WORDS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(WORDS, inner, max_size=3),
    max_leaves=6,
)
EVENTS = st.builds("users.{}.{}".format, st.text("ab", min_size=1), st.sampled_from(["create"]))


@st.composite
def executions(draw: st.DrawFn) -> Execution:
    """One that was run, of whatever kind."""
    failed = draw(st.booleans())
    return Execution(
        id="e1",
        function="greet",
        trigger=draw(st.sampled_from(["http", "schedule", "event"])),
        event=draw(EVENTS),
        user=draw(WORDS),
        method=draw(st.sampled_from(["GET", "POST"])),
        path=draw(WORDS),
        request_body=json.dumps(draw(VALUES)).encode(),
        status="failed" if failed else "completed",
        outcome="threw" if failed else "answered",
        status_code=draw(st.integers(200, 503)),
        body=json.dumps(draw(VALUES)).encode(),
        logs=draw(WORDS),
        errors=draw(WORDS),
    )


def conditions_of(execution: Execution) -> dict[str, Any]:
    """All conditions that hold for it."""
    return {
        "status": execution.status,
        "status_code": execution.status_code,
        "outcome": execution.outcome,
        "body": execution.text,
        "body_contains": execution.text[:5],
        "json": execution.json(),
        "json_contains": execution.json(),
        "logs_contain": [execution.logs[:2], execution.logs[2:]],
        "errors_contain": re.compile(re.escape(execution.errors)),
        "trigger": execution.trigger,
        "event": execution.event,
        "user": execution.user,
        "method": execution.method,
        "path": execution.path,
        "request_body": execution.request_body,
        "request_json": json.loads(execution.request_body),
        "request_json_contains": json.loads(execution.request_body),
    }


OTHER: Mapping[str, Any] = {
    "status": "waiting",
    "status_code": 100,
    "outcome": "crashed",
    "body": "other",
    "body_contains": "other",
    "json": {"other": 1},
    "json_contains": {"other": 1},
    "logs_contain": "other",
    "errors_contain": re.compile("other"),
    "trigger": re.compile("ht"),
    "event": "users.*.update",
    "user": "other",
    "method": "PUT",
    "path": lambda path: "other" in path,
    "request_body": b"other",
    "request_json": {"other": 1},
    "request_json_contains": {"other": 1},
}


@given(executions())
def test_all_conditions_that_are_made_of_an_execution_hold(execution: Execution) -> None:
    assert missed(conditions_of(execution), execution) == {}


@given(executions(), st.sampled_from(sorted(OTHER)))
def test_the_one_condition_that_differs_is_told(execution: Execution, name: str) -> None:
    wanted = conditions_of(execution) | {name: OTHER[name]}

    found = missed(wanted, execution)

    assert [*found] == [name]
    assert found[name].startswith(name)


@given(executions(), st.data())
def test_objects_may_have_more_than_is_wanted_of_them(
    execution: Execution, data: st.DataObject
) -> None:
    value = data.draw(st.dictionaries(WORDS, VALUES, min_size=1))
    execution = replace(execution, body=json.dumps(value).encode())
    names = data.draw(st.sets(st.sampled_from(sorted(value)), max_size=len(value) - 1))
    part = {name: value[name] for name in names}

    assert missed({"json_contains": part}, execution) == {}
    assert "json" in missed({"json": part}, execution)


def execution(**fields: Any) -> Execution:
    made = Execution(
        id="e1",
        function="greet",
        trigger="event",
        event="users.ann.update.email",
        method="POST",
        path="/",
        status="completed",
        outcome="answered",
        status_code=200,
        body=b'{"ok": true, "items": [{"price": 3}]}',
    )
    return replace(made, **fields)


@pytest.mark.parametrize(
    ("name", "wanted", "told"),
    [
        ("status_code", 500, "status_code: 200 instead of 500"),
        ("status_code", lambda code: code > 200, "status_code: 200 instead of what <lambda> wants"),
        ("status", re.compile("fail.*"), "status: 'completed' instead of text like /fail.*/"),
        ("json", {"ok": 1, "items": [{"price": 3}]}, "json.ok: True instead of 1"),
        ("json", {"ok": True}, "json.items: [{'price': 3}] instead of nothing"),
        (
            "json_contains",
            {"items": [{"price": 4}]},
            "json_contains.items[0].price: 3 instead of 4",
        ),
        ("json_contains", {"name": str}, "json_contains.name: nothing instead of str"),
        ("logs_contain", ["a", "b"], "logs_contain: 'a' is not in nothing\nlogs_contain: 'b' is"),
        ("event", "users.*.create", "event: users.ann.update.email instead of users.*.create"),
        ("body", "no", 'body: \'{"ok": true, '),
    ],
)
def test_a_miss_says_what_there_is_instead(name: str, wanted: object, told: str) -> None:
    assert missed({name: wanted}, execution())[name].startswith(told)


@pytest.mark.parametrize(
    "pattern", ["users.*", "users.*.update", "users.ann.update.email", "users.*.update.*"]
)
def test_an_event_is_named_as_functions_name_it(pattern: str) -> None:
    assert missed({"event": pattern}, execution()) == {}


@pytest.mark.parametrize("pattern", ["users.*.update.email.more", "teams.*", "use"])
def test_an_event_that_would_not_call_does_not_match(pattern: str) -> None:
    assert "event" in missed({"event": pattern}, execution())


def test_a_body_of_several_lines_is_compared_line_by_line() -> None:
    told = missed({"body": "one\ntwo\nthree"}, execution(body=b"one\n2\nthree"))["body"]

    assert told.split("\n") == [
        "body differs, - is wanted and + is there:",
        "  one",
        "- two",
        "+ 2",
        "  three",
    ]


def test_of_long_differences_twenty_lines_are_told() -> None:
    body = "\n".join(map(str, range(100)))

    lines = missed({"body": f"{body}\nend"}, execution(body=body.encode()))["body"].split("\n")

    assert len(lines) == 22
    assert lines[-1] == "… 81 lines more"


def test_what_is_no_json_is_shown() -> None:
    told = missed({"json": {}}, execution(body=b"<html>"))

    assert told == {"json": "json: '<html>' is no JSON"}


def test_a_test_that_raises_says_no() -> None:
    told = missed({"json": lambda value: value["gone"]}, execution())["json"]

    assert told.startswith("json: <lambda> raised KeyError('gone') for {'ok': True")


@pytest.mark.parametrize(
    ("text", "wanted", "holds"),
    [
        ("no flour left", "flour", True),
        ("no flour left", re.compile(r"flour \w+"), True),
        ("no flour left", ["no", re.compile("left$")], True),
        ("no flour left", ["no", "heat"], False),
        ("", "", True),
        ("", [], True),
    ],
)
def test_text_contains_all_that_is_wanted(
    text: str, wanted: str | re.Pattern[str] | list[str | re.Pattern[str]], holds: bool
) -> None:
    assert says(text, wanted) is holds


@pytest.mark.parametrize(
    ("conditions", "error", "told"),
    [
        ({"stat": "failed"}, TypeError, "no condition 'stat'. Did you mean status?"),
        ({"xyz": 1}, TypeError, "no condition 'xyz'. There are status, status_code, "),
        ({"status": "fail"}, ValueError, "the status 'fail'. Did you mean failed?"),
        ({"trigger": "cron"}, ValueError, "trigger 'cron'. There are: http, schedule, event."),
        ({"outcome": "throw"}, ValueError, "the outcome 'throw'. Did you mean threw?"),
    ],
)
def test_what_nobody_can_want_is_refused(
    conditions: dict[str, Any], error: type[Exception], told: str
) -> None:
    with pytest.raises(error, match=re.escape(told)):
        check(conditions)


def test_patterns_and_tests_may_stand_for_words() -> None:
    decide: Callable[[str], bool] = lambda status: status.startswith("comp")  # noqa: E731

    check({"status": re.compile("x"), "trigger": decide})
    assert missed({"status": decide}, execution()) == {}
