"""From what user code returned to what is sent: status, headers and body. Pure functions."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, Literal, NamedTuple

from ..models import Headers

ContentTypeCase = Literal["keep", "lower"]

PLAIN: Headers = (("content-type", "text/plain; charset=utf-8"),)
_RESERVED = "x-open-runtimes-"
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9a-z-]+")
_BAD_VALUE = re.compile(r"[\0\r\n]|[^\0-\xff]")
_WITHOUT_BODY = (204, 304)


class ResponseInvalid(Exception):
    """User code returned something that HTTP cannot carry; the message says what."""


class Response(NamedTuple):
    """A function's answer, ready for the caller."""

    status: int
    headers: Headers
    body: bytes


FAILED = Response(500, PLAIN, b"")


def respond(header: dict[str, Any], body: bytes, case: ContentTypeCase) -> Response:
    """The answer that a RESULT frame stands for. Source: contract, what is sent.

    Raises ResponseInvalid for a status that is no three-digit number and for headers that cannot
    be sent; the caller answers `FAILED` then.
    """
    if "error" in header:
        return FAILED
    status = _status(header.get("status", 200))
    headers = send_headers(header.get("headers", ()), case)
    return Response(status, headers, b"" if status in _WITHOUT_BODY else body)


def _status(value: Any) -> int:
    try:
        status = int(value)
    except (TypeError, ValueError, OverflowError):
        raise ResponseInvalid(f"Invalid status code: {value!r}") from None
    if not 100 <= status <= 999:
        raise ResponseInvalid(f"Invalid status code: {status}")
    return status


def send_headers(pairs: Iterable[Any], case: ContentTypeCase) -> Headers:
    """Lower-case names without reserved ones, and a content type with its charset."""
    headers: list[tuple[str, str]] = []
    content_type = "text/plain"
    for name, value in _checked(pairs):
        if name == "content-type":
            content_type = value
        elif not name.startswith(_RESERVED):
            headers.append((name, value))
    headers.append(("content-type", with_charset(content_type, case)))
    return tuple(headers)


def _checked(pairs: Iterable[Any]) -> Iterable[tuple[str, str]]:
    try:
        known = [(str(name).lower(), str(value)) for name, value in pairs]
    except (TypeError, ValueError):
        raise ResponseInvalid("Invalid headers: not a list of pairs") from None
    for name, value in known:
        if not _NAME.fullmatch(name):
            raise ResponseInvalid(f"Invalid header name: {name!r}")
        if _BAD_VALUE.search(value):
            raise ResponseInvalid(f"Invalid character in header content: {name!r}")
    return known


def with_charset(content_type: str, case: ContentTypeCase) -> str:
    """The content type sent: anything but multipart is declared UTF-8 unless it names a charset.

    `case` says what becomes of a value that is left alone; upstream differs by language.
    """
    lower = content_type.lower()
    if not lower.startswith("multipart/") and "charset=" not in lower:
        return f"{lower}; charset=utf-8"
    return content_type if case == "keep" else lower
