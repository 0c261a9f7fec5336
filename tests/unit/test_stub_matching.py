"""Stubs: which calls match, and how the others differ."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any
from unittest.mock import ANY
from urllib.parse import urlencode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.http.params import query_params
from appwrite_emulator.services.stubs import Criteria, Exactly, Stub, StubCall, StubRefused
from appwrite_emulator.services.stubs.matching import (
    body_differences,
    check,
    differences,
    query_differences,
)

NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=0x2FF), min_size=1, max_size=6)
LEAVES = st.none() | st.booleans() | st.integers(-9, 9) | st.floats(-9, 9) | st.text(max_size=6)
VALUES: st.SearchStrategy[Any] = st.recursive(
    LEAVES,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=12,
)
OBJECTS = st.dictionaries(NAMES, VALUES, max_size=4)
SEGMENTS = st.text(st.characters(blacklist_characters="/*?"), min_size=1, max_size=8)
PARAMS = st.dictionaries(
    st.text("abcdefgh", min_size=1), st.text(max_size=6) | st.lists(st.text(max_size=6), min_size=1)
)


def call(
    method: str = "POST",
    path: str = "/v1/databases/main",
    *,
    query: Mapping[str, Any] | None = None,
    headers: Mapping[str, str] | None = None,
    json: Any = None,
    **who: Any,
) -> StubCall:
    return StubCall("shop", method, path, query or {}, headers or {}, json=json, **who)


def declared(method: str = "POST", path: Any = "/databases/main", **criteria: Any) -> Stub:
    return Stub.declared("shop", method, path, Criteria(**criteria))


def texts(wanted: Any, found: Any) -> list[str]:
    return list(differences(wanted, found, "body"))


@given(VALUES)
def test_a_value_matches_itself_also_exactly(value: Any) -> None:
    assert texts(value, value) == []
    assert texts(Exactly(value), value) == []


@given(OBJECTS, OBJECTS)
def test_an_object_matches_whatever_has_all_that_it_has(part: Any, more: Any) -> None:
    whole = {**more, **part}
    assert texts(part, whole) == []
    assert (texts(Exactly(part), whole) == []) == (whole.keys() == part.keys())


@given(OBJECTS, NAMES, VALUES)
def test_what_lacks_a_key_differs_and_the_key_is_named(whole: Any, name: str, value: Any) -> None:
    found = {key: held for key, held in whole.items() if key != name}
    (text,) = texts({**found, name: value}, found)
    assert text.startswith(f"body.{name}: nothing instead of ")


@given(OBJECTS, OBJECTS, OBJECTS)
def test_to_match_a_part_of_a_part_is_to_match_the_whole(one: Any, two: Any, three: Any) -> None:
    middle = {**two, **one}
    whole = {**three, **middle}
    assert texts(one, middle) == texts(middle, whole) == texts(one, whole) == []


@given(VALUES, VALUES)
def test_values_that_match_exactly_are_equal_as_json(one: Any, two: Any) -> None:
    is_equal = json.dumps(one, sort_keys=True) == json.dumps(two, sort_keys=True)
    if is_equal:
        assert texts(Exactly(one), two) == []
    if texts(Exactly(one), two) == []:
        assert one == two


@given(
    st.sampled_from(["GET", "POST", "PUT", "PATCH", "DELETE"]),
    st.lists(SEGMENTS, min_size=1, max_size=5),
    PARAMS,
    OBJECTS,
)
def test_a_stub_made_of_a_call_matches_it(
    method: str, segments: list[str], params: dict[str, Any], body: Any
) -> None:
    path = "/".join(["", "v1", *segments])
    pairs = [
        (f"{name}[{number}]", each)
        for name, value in params.items()
        if isinstance(value, list)
        for number, each in enumerate(value)
    ]
    pairs += [(name, value) for name, value in params.items() if isinstance(value, str)]
    query = query_params(urlencode(pairs).encode())
    made = call(method, path, query=query, headers={"x-trace": "1"}, json=body, user="ann")
    whole = declared(method, path, query=query, json=body, headers={"X-Trace": "1"}, by="ann")
    shorter = declared(method, path.removeprefix("/v1"), query=params, json=Exactly(body))
    anything = declared("any", "/**")
    for stub in (whole, shorter, anything):
        assert list(stub.differences(made)) == []


@pytest.mark.parametrize(
    ("wanted", "found", "text"),
    [
        ({"title": "b"}, {"title": "a"}, "body.title: 'a' instead of 'b'"),
        ({"a": {"b": [1, {"c": 2}]}}, {"a": {"b": [1, {"c": 3}]}}, "body.a.b[1].c: 3 instead of 2"),
        ({"a": [1]}, {"a": [1, 2]}, "body.a: [1, 2] instead of [1]"),
        ({"a": 1}, {"a": True}, "body.a: True instead of 1"),
        ({"a": True}, {"a": 1}, "body.a: 1 instead of True"),
        ({"a": None}, {}, "body.a: nothing instead of None"),
        ({"a": ANY}, {}, "body.a: nothing instead of <ANY>"),
        ({"a": 1}, None, "body: None instead of {'a': 1}"),
        (Exactly({"a": 1}), {"a": 1, "b": 2}, "body.b: 2 instead of nothing"),
        ({"a": Exactly({})}, {"a": {"b": 2}}, "body.a.b: 2 instead of nothing"),
        ({"a": re.compile("x+")}, {"a": "xxy"}, "body.a: 'xxy' instead of text like /x+/"),
        ({"a": re.compile("1")}, {"a": 1}, "body.a: 1 instead of text like /1/"),
        ({"a": str}, {"a": 1}, "body.a: 1 instead of str"),
        ({"a": bool}, {}, "body.a: nothing instead of bool"),
        (str.isupper, "a", "body: 'a' instead of what isupper wants"),
        (str.isupper, 1, "body: isupper raised TypeError("),
        ({"a": str.isupper}, {}, "body.a: nothing instead of isupper"),
        ("x" * 100, "y" * 100, f"body: '{'y' * 79}… instead of '{'x' * 79}…"),
    ],
)
def test_a_difference_names_the_place_and_both_values(wanted: Any, found: Any, text: str) -> None:
    (told,) = texts(wanted, found)
    assert told.startswith(text)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        ({"a": ANY}, {"a": None}),
        ({"a": ANY}, {"a": True}),
        ({"a": int, "b": str}, {"a": 1, "b": "", "c": 2}),
        ({"a": re.compile(r"\w+@example\.org")}, {"a": "ann@example.org"}),
        (lambda body: body["n"] > 3, {"n": 4}),
        ({"a": 1}, {"a": 1.0}),
        ({"a": (1, 2)}, {"a": [1, 2]}),
        ({"a": pytest.approx(0.3)}, {"a": 0.1 + 0.2}),
    ],
)
def test_tests_may_stand_for_values(wanted: Any, found: Any) -> None:
    assert texts(wanted, found) == []


LIMIT = '{"method":"limit","values":[5]}'


@pytest.mark.parametrize(
    ("wanted", "query"),
    [
        ({"queries": [LIMIT]}, "queries[0]=" + LIMIT),
        ({"queries": [LIMIT]}, 'queries[]={"values": [5], "method": "limit"}'),
        ({"queries": [{"method": "limit", "values": [5]}]}, "queries[]=" + LIMIT),
        ({"queries": [ANY]}, "queries[]=" + LIMIT),
        ({"queries": [re.compile(".*limit.*")]}, "queries[]=" + LIMIT),
        ({"limit": 5, "total": True}, "limit=5&total=true&search="),
        ({"limit": [5]}, "limit=5"),
        ({"limit": str.isdigit}, "limit=5"),
        ({"a": "[unread"}, "a=[unread"),
        (Exactly({"limit": 5}), "limit=5"),
        ({}, "limit=5"),
    ],
)
def test_parameters_match_as_they_are_meant(wanted: Any, query: str) -> None:
    assert list(query_differences(wanted, query_params(query.encode()))) == []


@pytest.mark.parametrize(
    ("wanted", "query", "text"),
    [
        (
            {"queries": [LIMIT]},
            "queries[]=" + LIMIT.replace("5", "6"),
            "query.queries[0].values[0]: 6 instead of 5",
        ),
        (
            {"queries": [LIMIT]},
            f"queries[]={LIMIT}&queries[]={LIMIT}",
            "query.queries: [",
        ),
        ({"queries": [LIMIT]}, "", "query.queries: nothing instead of ["),
        ({"limit": 5}, "limit=6", "query.limit: '6' instead of '5'"),
        ({"total": False}, "total=true", "query.total: 'true' instead of 'false'"),
        (Exactly({}), "limit=5", "query.limit: '5' instead of nothing"),
    ],
)
def test_parameters_differ(wanted: Any, query: str, text: str) -> None:
    (told,) = query_differences(wanted, query_params(query.encode()))
    assert told.startswith(text)


@pytest.mark.parametrize(
    ("wanted", "is_met"),
    [
        ("abc", True),
        (b"abc", True),
        (re.compile("a.c"), True),
        (str.islower, True),
        ("ab", False),
        (b"ab", False),
        (re.compile("a"), False),
    ],
)
def test_a_body_is_compared_as_text_or_bytes(wanted: Any, is_met: bool) -> None:
    assert (list(body_differences(wanted, b"abc")) == []) == is_met


def test_bytes_match_what_is_no_text() -> None:
    assert list(body_differences(b"\xff", b"\xff")) == []
    assert list(body_differences("\ufffd", b"\xff")) == []


@pytest.mark.parametrize(
    ("by", "who", "is_met"),
    [
        ("guest", {}, True),
        ("guest", {"user": "ann"}, False),
        ("server", {"is_server": True}, True),
        ("server", {"function": "resize"}, False),
        ("resize", {"function": "resize"}, True),
        ("ann", {"user": "ann"}, True),
        ("user:ann", {"user": "ann"}, True),
        ("user:ann", {"function": "ann"}, False),
        ("function:ann", {"function": "ann"}, True),
        ("function:server", {"function": "server"}, True),
        ("ann", {}, False),
    ],
)
def test_callers_are_told_apart(by: str, who: dict[str, Any], is_met: bool) -> None:
    assert (list(declared(by=by).differences(call(**who))) == []) == is_met


def test_headers_match_in_any_case_and_others_may_be_there() -> None:
    stub = declared(headers={"X-Trace": re.compile("[0-9]+"), "accept": "a/b"})
    found = {"x-trace": "17", "accept": "a/b", "host": "h"}
    assert list(stub.differences(call(headers=found))) == []
    assert list(stub.differences(call(headers={"accept": "a/b"}))) == [
        "header X-Trace: nothing instead of text like /[0-9]+/"
    ]


def test_all_that_differs_is_told_the_method_and_path_first() -> None:
    stub = declared("GET", "/databases/other", json={"a": 1}, by="guest", query={"q": 1})
    assert list(stub.differences(call(json={"a": 2}, user="ann"))) == [
        "the method: POST instead of GET",
        "the path",
        "by: user ann instead of guest",
        "query.q: nothing instead of '1'",
        "body.a: 2 instead of 1",
    ]


@pytest.mark.parametrize(
    ("pattern", "path", "is_met"),
    [
        ("/users/ann", "/v1/users/ann", True),
        ("/v1/users/ann", "/v1/users/ann", True),
        ("/users/ann", "/v1/users/ann/", False),
        ("/users/a.n", "/v1/users/ann", False),
        ("/users/*", "/v1/users/ann", True),
        ("/users/*", "/v1/users/ann/prefs", False),
        ("/users/*", "/v1/users/", False),
        ("/users/*/prefs", "/v1/users/ann/prefs", True),
        ("/users/**", "/v1/users/ann/prefs", True),
        ("/users/**", "/v1/users", True),
        ("/users/**", "/v1/usersx", False),
        ("/**", "/v1/users", True),
        ("/v1x/a", "/v1/v1x/a", True),
        (re.compile("/users/[a-z]+"), "/v1/users/ann", True),
        (re.compile("/v1/users/[a-z]+"), "/v1/users/ann", True),
        (re.compile("/users/A", re.IGNORECASE), "/v1/users/a", True),
        (re.compile("/users/[a-z]"), "/v1/users/ann", False),
        (re.compile("/a|/b"), "/v1/b", True),
    ],
)
def test_patterns_take_paths(pattern: Any, path: str, is_met: bool) -> None:
    assert declared(path=pattern).takes("POST", path) == is_met


@pytest.mark.parametrize(
    ("method", "path", "criteria", "text"),
    [
        ("FETCH", "/a", {}, "'FETCH' is none of the methods GET, POST"),
        ("POTS", "/a", {}, "Did you mean POST?"),
        ("head", "/a", {}, "HEAD is answered as GET is"),
        (5, "/a", {}, "5 is none of the methods"),
        ("GET", "a", {}, "The path 'a' must be a text that begins with '/'"),
        ("GET", None, {}, "The path None must be a text"),
        ("GET", "/a?b=c", {}, "has a '?': say by `query`"),
        ("GET", "/a/x*", {}, "'*' must be a whole segment, and is part of 'x*'"),
        ("GET", "/a/**/b", {}, "'**' must be the whole last segment"),
        ("GET", re.compile(b"/a"), {}, "must be a pattern of text, not of bytes"),
        ("GET", re.compile("(?i)/a"), {}, "The pattern '(?i)/a' cannot follow /v1"),
        ("GET", "/a", {"query": "limit=5"}, "query is 'limit=5', and must be an object"),
        ("GET", "/a", {"headers": ["x"]}, "headers is ['x'], and must be an object"),
        ("GET", "/a", {"query": {"a": {1}}}, "query.a is {1}, and no JSON value is of type set"),
        ("GET", "/a", {"json": {"a": [b"x"]}}, "json.a[0] is b'x', and no JSON value"),
        ("GET", "/a", {"json": Exactly({1: 2})}, "json has the key 1: those of JSON objects"),
        ("GET", "/a", {"body": {"a": 1}}, "body is {'a': 1}, and must be text, bytes"),
        ("GET", "/a", {"by": ""}, "by is '', and must be"),
        ("GET", "/a", {"by": 5}, "by is 5, and must be"),
        ("GET", "/a", {"by": "usr:ann"}, "by is 'usr:ann', and must be 'function:ID'"),
        ("GET", "/a", {"by": "user:"}, "by is 'user:', and must be 'function:ID'"),
    ],
)
def test_what_can_be_no_stub_is_refused(method: Any, path: Any, criteria: Any, text: str) -> None:
    with pytest.raises(StubRefused, match=re.escape(text)):
        Stub.declared("shop", method, path, Criteria(**criteria))


@pytest.mark.parametrize("id", ["a b", "x" * 37, 5, "/"])
def test_an_id_is_like_others_of_appwrite(id: Any) -> None:
    with pytest.raises(StubRefused, match="A stub cannot have the id"):
        Stub.declared("shop", "GET", "/a", Criteria(), id=id)


def test_tests_of_values_are_no_mistake() -> None:
    check({"a": [str, re.compile("x"), ANY, lambda value: True, Exactly({"b": None})]}, "json")
