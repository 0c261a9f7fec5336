"""The replies of stubs: what they say, and what cannot be one."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from typing import Any

import pytest

from appwrite_emulator.errors import table
from appwrite_emulator.services.stubs import Criteria, Stub, StubCall, StubRefused, StubReply

CALL = StubCall("shop", "GET", "/v1/databases/main/collections/posts/documents/one", {}, {})


def test_each_kind_says_its_type() -> None:
    replies = {
        StubReply.json({"a": "ü"}): (b'{"a":"\xc3\xbc"}', "application/json; charset=UTF-8"),
        StubReply.text("ü", 404): (b"\xc3\xbc", "text/plain; charset=UTF-8"),
        StubReply.bytes(b"\xff"): (b"\xff", "application/octet-stream"),
        StubReply.empty(): (b"", "text/plain; charset=UTF-8"),
    }
    for reply, (body, kind) in replies.items():
        assert (reply.body, dict(reply.headers)["content-type"]) == (body, kind)
    assert [reply.status for reply in replies] == [200, 404, 200, 204]


def test_headers_may_say_another_type() -> None:
    reply = StubReply.bytes(b"GIF", headers={"Content-Type": "image/gif", "X-More": "1"}, delay=2)
    assert reply.headers == (("content-type", "image/gif"), ("x-more", "1"))
    assert reply.delay == 2.0


@pytest.mark.parametrize("type", ["document_not_found", "general_rate_limit_exceeded"])
def test_an_error_that_is_known_says_what_appwrite_does(type: str) -> None:
    row = StubReply.error(type).row(CALL, "1.9")
    known = table()[type]["1.9"]
    assert row is not None
    assert (row.type, row.code) == (type, known.code)
    assert row.message == known.message.replace("%s", "one")
    changed = StubReply.error(type, "Mine", 418).row(CALL, "1.6")
    assert changed is not None
    assert (changed.type, changed.code, changed.message) == (type, 418, "Mine")


def test_an_error_names_the_id_that_a_body_gives() -> None:
    call = StubCall("shop", "POST", "/v1/d", {}, {}, json={"documentId": "two", "data": {}})
    row = StubReply.error("document_already_exists").row(call, "1.9")
    assert row is not None
    assert "requested ID 'two' already" in row.message


def test_an_error_that_is_not_known_says_what_the_test_does() -> None:
    row = StubReply.error("collection_not_found", "Gone", 404).row(CALL, "1.9")
    assert row is not None
    assert (row.type, row.code, row.message) == ("collection_not_found", 404, "Gone")


@pytest.mark.parametrize(
    ("value", "body", "status"),
    [
        ({"a": 1}, b'{"a":1}', 200),
        ([1], b"[1]", 200),
        (5, b"5", 200),
        ("text", b"text", 200),
        (b"\xff", b"\xff", 200),
        (None, b"", 204),
        (StubReply.text("x", 201), b"x", 201),
    ],
)
def test_what_code_returns_becomes_a_reply(value: Any, body: bytes, status: int) -> None:
    reply = StubReply.of(value)
    assert (reply.body, reply.status) == (body, status)


@pytest.mark.parametrize(
    ("make", "text"),
    [
        (lambda: StubReply.json({1, 2}), "cannot be written as JSON: Object of type set"),
        (lambda: StubReply.json({"a": float("nan")}), "cannot be written as JSON: Out of range"),
        (lambda: StubReply.json("\udc80"), "cannot be written as JSON: 'utf-8' codec"),
        (lambda: StubReply.json({}, 99), "The status 99 must be a whole number from 200 to 599."),
        (lambda: StubReply.json({}, "200"), "The status '200' must be"),  # type: ignore[arg-type]
        (lambda: StubReply.json({}, 204), "A reply with status 204 has no body."),
        (lambda: StubReply.text(b"x"), "A reply's text must be a str"),  # type: ignore[arg-type]
        (lambda: StubReply.bytes("x"), "A reply's bytes must be of type bytes"),  # type: ignore[arg-type]
        (lambda: StubReply.json({}, delay=-1), "The delay -1 must be seconds from 0 to 3,600."),
        (lambda: StubReply.json({}, delay=float("nan")), "The delay nan must be seconds"),
        (lambda: StubReply.json({}, headers={"a b": ""}), "'a b' cannot be the name of a header."),
        (lambda: StubReply.json({}, headers={"x": "a\r\nb: c"}), "The header x cannot have"),
        (lambda: StubReply.json({}, headers={"x": "€"}), "The header x cannot have the value"),
        (lambda: StubReply.json({}, headers={"Content-Length": "1"}), "is the emulator's to set"),
        (lambda: StubReply.json({}, headers=["x"]), "must be an object of names"),  # type: ignore[arg-type]
        (lambda: StubReply.error("document_not_fond"), "Did you mean document_not_found"),
        (lambda: StubReply.error("mine", status=404), "give its message and status too."),
        (lambda: StubReply.error("mine", "Mine", 200), "The status 200 must be a whole number"),
        (lambda: StubReply.error(["mine"]), "type ['mine'] and message None must be texts"),  # type: ignore[arg-type]
        (lambda: StubReply.of(StubReply.answer(repr)), "must return a reply"),
        (lambda: StubReply.answer("x"), "'x' must be a plain function"),  # type: ignore[arg-type]
    ],
)
def test_what_can_be_no_reply_is_refused(make: Callable[[], StubReply], text: str) -> None:
    with pytest.raises(StubRefused, match=re.escape(text)):
        make()


def test_an_answer_cannot_be_a_coroutine_function() -> None:
    async def answer(call: StubCall) -> None: ...

    with pytest.raises(StubRefused, match="must be a plain function that takes a call"):
        StubReply.answer(answer)


def test_a_stub_cannot_have_more_replies_than_calls() -> None:
    stub = Stub.declared("shop", "GET", "/a", Criteria())
    two = stub.replying(StubReply.json(1), StubReply.json(2))
    with pytest.raises(StubRefused, match="2 replies and times=1: the last would never be given"):
        two.limited(1)
    with pytest.raises(StubRefused, match="3 replies and times=2"):
        two.limited(2).replying(StubReply.json(3))
    for times in (0, -1, True, "2", 1.5):
        with pytest.raises(StubRefused, match="must be a whole number from 1 on"):
            stub.limited(times)  # type: ignore[arg-type]  # what a caller might give


def test_a_stub_can_be_shown_whatever_it_holds() -> None:
    criteria = Criteria(
        query={"a": str}, json={"b": [re.compile("c"), lambda value: True]}, by="guest"
    )
    stub = Stub.declared("shop", "any", re.compile("/a+"), criteria, id="mine")
    replies = (StubReply.json({}), StubReply.error("user_not_found"), StubReply.answer(repr))
    told = json.loads(json.dumps(stub.replying(*replies).to_json()))
    assert (told["id"], told["method"], told["path"], told["by"]) == (
        "mine",
        "ANY",
        "//a+/",
        "guest",
    )
    assert [reply.get("status") for reply in told["replies"]] == [200, 404, None]
    assert told["replies"][2] == {"answer": "repr"}
