"""From query strings and bodies to checked parameters."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from appwrite_emulator.errors import ApiError
from appwrite_emulator.http.params import Param, body_params, checked, query_params, read
from appwrite_emulator.http.validators import ArrayOf, Boolean, Nullable, Range, Text

RULES = (
    Param("name", Text(8)),
    Param("timeout", Range(1, 900), 15),
    Param("events", ArrayOf(Text(4)), ()),
    Param("secret", Nullable(Boolean()), None),
)


def refusal(raw: dict[str, Any]) -> str:
    with pytest.raises(ApiError) as caught:
        read(RULES, raw)
    assert caught.value.type == "general_argument_invalid"
    return str(caught.value)


def test_absent_parameters_take_their_defaults_and_others_are_ignored() -> None:
    values = read(RULES, {"name": "shop", "data": 1})
    assert values == {"name": "shop", "timeout": 15, "events": (), "secret": None}
    assert values.given == {"name"}


def test_given_parameters_are_cleaned_and_known_as_given() -> None:
    values = read(RULES, {"name": "shop", "timeout": "30", "events": ["a"], "secret": False})
    assert values == {"name": "shop", "timeout": 30, "events": ("a",), "secret": False}
    assert values.given == {"name", "timeout", "events", "secret"}


def test_null_counts_as_absent() -> None:
    values = read(RULES, {"name": "shop", "timeout": None})
    assert values["timeout"] == 15
    assert values.given == {"name"}
    assert refusal({"name": None}) == 'Param "name" is not optional.'


def test_an_empty_text_goes_to_the_validator() -> None:
    text = "Value must be a valid string and at least 1 chars and no longer than 8 chars"
    assert refusal({"name": ""}) == f"Invalid `name` param: {text}"


def test_the_first_declared_parameter_that_is_wrong_is_named() -> None:
    assert refusal({"timeout": 0}) == 'Param "name" is not optional.'
    text = "Value must be a valid range between 1 and 900"
    assert refusal({"events": 1, "timeout": 0, "name": "a"}) == f"Invalid `timeout` param: {text}"


def test_a_value_can_be_checked_on_its_own() -> None:
    assert checked(Range(1, 5), "3") == 3
    with pytest.raises(ApiError, match=r"^Value must be a valid boolean$") as caught:
        checked(Boolean(), 1, type="general_bad_request")
    assert caught.value.type == "general_bad_request"


@pytest.mark.parametrize(
    ("query", "params"),
    [
        (b"", {}),
        (b"a=1&b=&a=2", {"a": "2", "b": ""}),
        (b"a[]=x&a[]=y", {"a": ["x", "y"]}),
        (b"queries[0]=x&queries[1]=y", {"queries": ["x", "y"]}),
        (b"queries%5B1%5D=x&queries%5B0%5D=y", {"queries": ["x", "y"]}),
        (b"a[0]=x&a[0]=y&a[]=z", {"a": ["y", "z"]}),
        (b"a[b]=x&a[c]=y", {"a": {"b": "x", "c": "y"}}),
        (b"a=1&a[]=x", {"a": ["x"]}),
        (b"a[]=x&a=1", {"a": "1"}),
        (b"a=%C3%BC+%2B&=1&[]=2", {"a": "ü +", "": "1", "[]": "2"}),
        (b"a=%ff\xff", {"a": "\ufffd\ufffd"}),
    ],
)
def test_a_query_string_is_read_as_php_reads_it(query: bytes, params: dict[str, Any]) -> None:
    assert query_params(query) == params


@pytest.mark.parametrize(
    ("content_type", "body", "params"),
    [
        ("application/json", b'{"a": [1, null]}', {"a": [1, None]}),
        ("Application/JSON; charset=utf-8", b'{"a": "\xc3\xbc"}', {"a": "ü"}),
        ("application/json", b'{"a": "\\ud83d\\ude00"}', {"a": "\U0001f600"}),
        ("application/json", b'{"a": "\\ud83d"}', {}),
        ("application/json", b'{"a": "\xff"}', {}),
        ("application/json", b"", {}),
        ("application/json", b"{", {}),
        ("application/json", b"[1]", {}),
        ("application/json", b"[" * 100_000, {}),
        ("application/x-www-form-urlencoded", b"a=1&b[]=2", {"a": "1", "b": ["2"]}),
        ("text/plain", b'{"a": 1}', {}),
        ("", b'{"a": 1}', {}),
    ],
)
def test_a_body_is_read_or_counts_as_empty(
    content_type: str, body: bytes, params: dict[str, Any]
) -> None:
    assert body_params(content_type, body) == params


@given(st.lists(st.text()))
def test_a_list_survives_the_url(values: list[str]) -> None:
    pairs = (f"a[{i}]={quote(value, safe='')}" for i, value in enumerate(values))
    assert query_params("&".join(pairs).encode()) == ({"a": values} if values else {})


@given(st.binary(max_size=60))
def test_any_bytes_are_read_without_failing(data: bytes) -> None:
    query_params(data)
    body_params("application/json", data)
