"""The two notations of query strings."""

from __future__ import annotations

import json

import pytest

from appwrite_emulator.errors import ApiError
from appwrite_emulator.query_syntax import Call, Refused, read

METHODS = {"equal", "isNull", "orderDesc", "limit", "cursorAfter", "and", "or"}


def refusal(text: str, *, legacy: bool = False) -> str:
    with pytest.raises(Refused) as caught:
        read(text, METHODS, legacy=legacy)
    return str(caught.value)


def test_a_call_is_read_with_its_defaults() -> None:
    text = '{"method": "equal", "attribute": "name", "values": ["a", 1]}'
    assert read(text, METHODS) == Call("equal", "name", ("a", 1))
    assert read('{"method": "isNull"}', METHODS) == Call("isNull", "", ())
    nulls = '{"method": "isNull", "attribute": null, "values": null}'
    assert read(nulls, METHODS) == Call("isNull", "", ())


def test_the_calls_inside_logic_are_read() -> None:
    text = '{"method": "or", "values": [{"method": "isNull", "attribute": "a"}, {"method": "and"}]}'
    inner = (Call("isNull", "a", ()), Call("and", "", ()))
    assert read(text, METHODS) == Call("or", "", inner)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "Invalid query: Syntax error"),
        ('equal("name", ["a"])', "Invalid query: Syntax error"),
        ("[" * 100_000, "Invalid query: Syntax error"),
        ('{"method":"\\ud83d"}', "Invalid query: Syntax error"),
        ('{"method":"\\ud83d\\ude00"}', "Invalid query method: \U0001f600"),
        ("1", "Invalid query. Must be an array, got integer"),
        ("1.5", "Invalid query. Must be an array, got double"),
        ('"a"', "Invalid query. Must be an array, got string"),
        ("true", "Invalid query. Must be an array, got boolean"),
        ("null", "Invalid query. Must be an array, got NULL"),
        ("[]", "Invalid query method: "),
        ("{}", "Invalid query method: "),
        ('{"method":"foo"}', "Invalid query method: foo"),
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
    ],
)
def test_wrong_json_is_refused_in_appwrites_words(text: str, message: str) -> None:
    assert refusal(text) == message


def test_deep_logic_is_refused() -> None:
    text = json.dumps({"method": "isNull", "attribute": "a"})
    for _ in range(60):
        text = f'{{"method":"and","values":[{text}]}}'
    assert refusal(text) == "Invalid query: Maximum stack depth exceeded"


@pytest.mark.parametrize(
    ("text", "call"),
    [
        (
            'equal("name", ["a", \'b\', 2, -1.5, true, null])',
            Call("equal", "name", ("a", "b", 2, -1.5, True, None)),
        ),
        ('equal("enabled",false)', Call("equal", "enabled", (False,))),
        ('equal("a", 1, 2)', Call("equal", "a", (1, 2))),
        (r"""equal('na\'me', "q\"\\ü")""", Call("equal", "na'me", ('q"\\ü',))),
        ('isNull("a")', Call("isNull", "a", ())),
        ("orderDesc()", Call("orderDesc", "", ())),
        ("limit( 25 )", Call("limit", "", (25,))),
        ('cursorAfter("f3")', Call("cursorAfter", "", ("f3",))),
    ],
)
def test_the_notation_before_1_5_is_read_when_it_is_admitted(text: str, call: Call) -> None:
    assert read(text, METHODS, legacy=True) == call
    assert refusal(text) == "Invalid query: Syntax error"


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
        read(text, METHODS, legacy=True)
    assert caught.value.type == "general_query_invalid"


def test_what_is_no_notation_at_all_is_a_syntax_error() -> None:
    assert refusal("equal", legacy=True) == "Invalid query: Syntax error"
