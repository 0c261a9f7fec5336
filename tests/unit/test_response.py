"""What becomes of the value that user code returned."""

from __future__ import annotations

from typing import Any

import pytest

from appwrite_emulator.execution.response import FAILED, ResponseInvalid, respond, with_charset

_TYPE = ("content-type", "text/plain; charset=utf-8")


def test_an_empty_result_is_plain_text_with_status_200() -> None:
    answer = respond({}, b"hi", "keep")

    assert (answer.status, answer.headers, answer.body) == (200, (_TYPE,), b"hi")


def test_names_are_lowered_reserved_ones_dropped_and_duplicates_kept() -> None:
    pairs = [["X-Foo", "Bar"], ["X-Open-Runtimes-Log-Id", "x"], ["set-cookie", "a"]]

    answer = respond({"headers": [*pairs, ["Set-Cookie", "b"]]}, b"", "keep")

    assert answer.headers == (("x-foo", "Bar"), ("set-cookie", "a"), ("set-cookie", "b"), _TYPE)


@pytest.mark.parametrize(
    ("given", "kept", "lowered"),
    [
        ("text/plain", "text/plain; charset=utf-8", "text/plain; charset=utf-8"),
        ("TEXT/HTML", "text/html; charset=utf-8", "text/html; charset=utf-8"),
        ("Text/HTML; Charset=UTF-16", "Text/HTML; Charset=UTF-16", "text/html; charset=utf-16"),
        ("image/png", "image/png; charset=utf-8", "image/png; charset=utf-8"),
        ("Multipart/Mixed; boundary=AbC", "Multipart/Mixed; boundary=AbC", None),
        ("", "; charset=utf-8", "; charset=utf-8"),
    ],
)
def test_content_types_get_a_charset(given: str, kept: str, lowered: str | None) -> None:
    assert with_charset(given, "keep") == kept
    assert with_charset(given, "lower") == (lowered or given.lower())


@pytest.mark.parametrize("status", [204, 304])
def test_some_statuses_have_no_body(status: int) -> None:
    answer = respond({"status": status}, b"text", "keep")

    assert (answer.status, answer.body, answer.headers) == (status, b"", (_TYPE,))


@pytest.mark.parametrize(("status", "sent"), [(201, 201), ("201", 201), (600, 600), (404.0, 404)])
def test_three_digit_statuses_pass(status: Any, sent: int) -> None:
    assert respond({"status": status}, b"", "keep").status == sent


@pytest.mark.parametrize("status", [0, 99, 1000, -1, "abc", None, [], 1e400])
def test_impossible_statuses_are_refused(status: Any) -> None:
    with pytest.raises(ResponseInvalid, match="Invalid status code"):
        respond({"status": status}, b"", "keep")


@pytest.mark.parametrize(
    "headers",
    [[["a\r\nb", "c"]], [["a", "b\r\nc"]], [["a", "\u20ac"]], [["a b", "c"]], [["", "c"]]],
)
def test_headers_that_cannot_be_sent_are_refused(headers: Any) -> None:
    with pytest.raises(ResponseInvalid, match="header"):
        respond({"headers": headers}, b"", "keep")


@pytest.mark.parametrize("headers", [7, [1], [["a"]], ["abc"], None])
def test_headers_that_are_no_pairs_are_refused(headers: Any) -> None:
    with pytest.raises(ResponseInvalid, match="not a list of pairs"):
        respond({"headers": headers}, b"", "keep")


def test_an_error_is_an_empty_500() -> None:
    assert respond({"error": {"message": "boom"}}, b"x", "keep") == FAILED
