"""The request of a call: what a test says of it, as Appwrite wants it."""

from __future__ import annotations

import json as jsonlib
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_FRAMING = ("content-length", "transfer-encoding")

Query = Mapping[str, str | int | float | bool | Iterable[str | int | float | bool]]
"""Parameters by name; several of one name are a list."""


def body(given: str | bytes, json: Any) -> bytes:
    """The bytes to send. Raises TypeError for what is neither text nor bytes, and for both."""
    if not isinstance(given, str | bytes | bytearray | memoryview):
        advice = "Say json=... to send it as JSON" if _is_json(given) else "Give text or bytes"
        raise TypeError(f"body is {given!r}, a {type(given).__name__}. {advice}.")
    if json is None:
        return given.encode() if isinstance(given, str) else bytes(given)
    if given:
        raise TypeError("Both body and json are given. A request has one body: leave one out.")
    return jsonlib.dumps(json, allow_nan=False).encode()


def headers(given: Mapping[str, str] | None, json: Any) -> dict[str, str]:
    """The headers to send, with the content type of JSON. Raises TypeError."""
    if not isinstance(given, Mapping | None):
        raise TypeError(f"headers is {given!r}, it must be an object of names and texts.")
    sent = dict(given or {})
    for name, value in sent.items():
        if not isinstance(name, str) or not isinstance(value, str):
            raise TypeError(f"The header {name!r} is {value!r}. Names and values must be texts.")
    if json is not None and not any(name.lower() == "content-type" for name in sent):
        sent["content-type"] = "application/json"
    return sent


def framed(sent: Mapping[str, str]) -> None:
    """Raise ValueError for headers that would say another length of the body than it has."""
    for name in sent:
        if name.lower() in _FRAMING:
            raise ValueError(f"The header {name!r} is set for the body as it is. Leave it out.")


def method(given: str) -> str:
    """The method in capitals, as Appwrite knows them. Raises TypeError."""
    if not isinstance(given, str):
        raise TypeError(f"method is {given!r}, it must be a text such as 'GET'.")
    return given.upper()


def path(given: str, query: Query | None) -> str:
    """The path with the query. Raises TypeError."""
    if not isinstance(given, str):
        raise TypeError(f"path is {given!r}, it must be a text such as '/users?page=2'.")
    if not query:
        return given
    if not isinstance(query, Mapping):
        raise TypeError(f'query is {query!r}, it must be an object such as {{"page": 2}}.')
    pairs = [(name, _text(each)) for name, value in query.items() for each in _several(value)]
    return f"{given}{'&' if '?' in given else '?'}{urlencode(pairs)}"


def moment(given: datetime | str) -> str:
    """When an execution begins, as ISO 8601; naive dates are meant in UTC.

    Raises ValueError unless it is a full minute, since Appwrite begins executions at those.
    """
    if isinstance(given, str):
        return given
    if not isinstance(given, datetime):
        raise TypeError(
            f"at is {given!r}, it must be a datetime or a text such as 2030-01-01T12:00Z."
        )
    if given.second or given.microsecond:
        raise ValueError(
            f"at is {given.isoformat()}. Appwrite begins executions at full minutes: give one that "
            "is more than a minute away, such as by at.replace(second=0, microsecond=0)."
        )
    return (given if given.tzinfo else given.replace(tzinfo=UTC)).isoformat()


def _is_json(value: Any) -> bool:
    return isinstance(value, dict | list | tuple | int | float)


def _several(value: Any) -> Iterable[Any]:
    is_one = isinstance(value, str | bytes | Mapping) or not isinstance(value, Iterable)
    return (value,) if is_one else value


def _text(value: Any) -> str:
    if not isinstance(value, str | int | float):
        raise TypeError(f"query has {value!r}, a {type(value).__name__}. Give texts or numbers.")
    return str(value).lower() if isinstance(value, bool) else str(value)
