"""The two notations of query strings, JSON and the one before Appwrite 1.5, read into calls."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterator
from dataclasses import dataclass
from typing import Any

from .errors import ApiError

_DEPTH = 32
_GETTYPE = {bool: "boolean", int: "integer", float: "double", str: "string", type(None): "NULL"}
_LOGIC = ("and", "or")
_LEGACY = re.compile(r"([A-Za-z]+)\((.*)\)", re.DOTALL)
_TOKEN = re.compile(
    r"""\s*(?:(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<mark>[\[\],])"""
    r"""|(?P<word>true|false|null|-?\d+(?:\.\d+)?))\s*""",
    re.DOTALL,
)
_BARE = ("limit", "offset", "cursorAfter", "cursorBefore")


class Refused(Exception):
    """A query is wrong: what, in Appwrite's words after "Invalid query: "."""


@dataclass(frozen=True, slots=True)
class Call:
    """One query: `values` of `and` and `or` are calls themselves."""

    method: str
    attribute: str
    values: tuple[Any, ...]


def read(text: str, methods: Container[str], *, legacy: bool = False) -> Call:
    """The call that `text` writes down; with `legacy`, the old notation is understood too.

    Raises Refused, and ApiError `general_query_invalid` for a slip in the old notation.
    """
    try:
        value = json.loads(text)
        if "\\u" in text:  # half a surrogate pair could not be sent back in an error
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError) as exc:
        if legacy and (match := _LEGACY.fullmatch(text)):
            return _read_legacy(match[1], match[2], methods)
        raise Refused("Invalid query: Syntax error") from exc
    return _read_json(value, methods, 0)


def _read_json(value: Any, methods: Container[str], depth: int) -> Call:
    if not isinstance(value, dict | list):
        raise Refused(f"Invalid query. Must be an array, got {_GETTYPE[type(value)]}")
    if depth > _DEPTH:
        raise Refused("Invalid query: Maximum stack depth exceeded")
    parts = value if isinstance(value, dict) else {}
    method = _string(parts, "method")
    if method not in methods:
        raise Refused(f"Invalid query method: {method}")
    attribute, values = _string(parts, "attribute"), _values(parts)
    if method in _LOGIC:
        values = tuple(_read_json(inner, methods, depth + 1) for inner in values)
    return Call(method, attribute, values)


def _string(parts: dict[str, Any], name: str) -> str:
    value = parts.get(name)
    if value is None:
        return ""
    if not isinstance(value, str):
        kind = _GETTYPE.get(type(value), "array")
        raise Refused(f"Invalid query {name}. Must be a string, got {kind}")
    return value


def _values(parts: dict[str, Any]) -> tuple[Any, ...]:
    values = parts.get("values")
    if values is None:
        return ()
    if isinstance(values, dict):  # to PHP an array as well
        return tuple(values.values())
    if not isinstance(values, list):
        raise Refused(f"Invalid query values. Must be an array, got {_GETTYPE[type(values)]}")
    return tuple(values)


def _read_legacy(method: str, inside: str, methods: Container[str]) -> Call:
    """A call such as `equal("name", ["a", 'b'])` or `limit(25)`."""
    if method not in methods or method in _LOGIC:
        raise ApiError("general_query_invalid", "Invalid query method")
    arguments = _arguments(inside)
    if method in _BARE:
        return Call(method, "", tuple(arguments))
    attribute, *rest = arguments or [""]
    if not isinstance(attribute, str):
        raise ApiError("general_query_invalid", "Invalid query")
    values = rest[0] if len(rest) == 1 and isinstance(rest[0], list) else rest
    return Call(method, attribute, tuple(values))


def _arguments(inside: str) -> list[Any]:
    """The arguments between the parentheses. JSON reads them once the quotes are JSON's."""
    try:
        arguments: list[Any] = json.loads(f"[{''.join(_as_json(inside))}]")
    except ValueError as exc:
        raise ApiError("general_query_invalid", "Invalid query") from exc
    return arguments


def _as_json(inside: str) -> Iterator[str]:
    place = 0
    while place < len(inside):
        token = _TOKEN.match(inside, place)
        if token is None:
            raise ApiError("general_query_invalid", "Invalid query")
        text = token["text"]
        yield json.dumps(re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.S)) if text else token[0]
        place = token.end()
