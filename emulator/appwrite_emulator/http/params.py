"""From the bytes of a request to the parameters a door declared."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Final
from urllib.parse import parse_qsl

from .. import jsontext
from ..errors import ApiError
from .validators import Validator

_SUBSCRIPT = re.compile(r"([^\[]+)\[([^\]]*)\]")
_SURROGATE = re.compile(rb"\\u[dD][89a-fA-F]")
_DEPTH = 512  # lists and objects in each other, as PHP reads them


class _Required(Enum):
    REQUIRED = "required"


REQUIRED: Final = _Required.REQUIRED
"""As a default: the caller must give the parameter."""


@dataclass(frozen=True, slots=True)
class Param:
    """One parameter of a route. `default` is passed on as it is, so it must not be mutable."""

    name: str
    validator: Validator
    default: Any = REQUIRED


class Params(dict[str, Any]):
    """The value of every declared parameter, and in `given` the names the request carried."""

    def __init__(self, values: Mapping[str, Any], given: Iterable[str]) -> None:
        super().__init__(values)
        self.given = frozenset(given)


def read(rules: Sequence[Param], raw: Mapping[str, Any]) -> Params:
    """The declared parameters, checked in the order of declaration; others are ignored.

    A null counts as absent. Raises ApiError `general_argument_invalid` for the first that is
    missing or invalid. Source: Appwrite 1.9.6.
    """
    values: dict[str, Any] = {}
    given = []
    for rule in rules:
        value = raw.get(rule.name)
        if value is not None:
            given.append(rule.name)
            value = checked(rule.validator, value, prefix=f"Invalid `{rule.name}` param: ")
        elif rule.default is REQUIRED:
            raise ApiError("general_argument_invalid", f'Param "{rule.name}" is not optional.')
        else:
            value = rule.default
        values[rule.name] = value
    return Params(values, given)


def checked(
    validator: Validator, value: Any, *, type: str = "general_argument_invalid", prefix: str = ""
) -> Any:
    """`value` as `validator` cleans it. Raises ApiError of `type` with its text after `prefix`."""
    try:
        return validator.clean(value)
    except ValueError as exc:
        raise ApiError(type, prefix + str(exc)) from exc


def query_params(query_string: bytes) -> dict[str, Any]:
    """The parameters of a URL, as PHP reads them.

    `a[]=x` and `a[0]=x` make lists in order of appearance, `a[name]=x` makes an object, of equal
    names the last wins.
    """
    if not query_string:
        return {}
    return _gather(parse_qsl(query_string.decode("utf-8", "replace"), keep_blank_values=True))


def _gather(pairs: Iterable[tuple[str, str]]) -> dict[str, Any]:
    params: dict[str, Any] = {}
    for name, value in pairs:
        subscript = _SUBSCRIPT.match(name)
        if subscript is None:
            params[name] = value
            continue
        held = params.get(subscript[1])
        if not isinstance(held, dict):
            held = params[subscript[1]] = {}
        held[subscript[2] or str(len(held))] = value
    return {name: _listed(value) for name, value in params.items()}


def _listed(value: Any) -> Any:
    if isinstance(value, dict) and all(key.isdecimal() for key in value):
        return list(value.values())
    return value


def body_params(content_type: str, body: bytes) -> dict[str, Any]:
    """The parameters of a JSON or URL-encoded body.

    What is malformed, or of another type, has none: Appwrite then misses the first required one.
    """
    match content_type.partition(";")[0].strip().lower():
        case "application/json":
            value = _read_json(body)
            return value if isinstance(value, dict) else {}
        case "application/x-www-form-urlencoded":
            return query_params(body)
    return {}


def _read_json(body: bytes) -> Any:
    try:
        value = jsontext.decode(body)
        if _SURROGATE.search(body):
            # Half a surrogate pair could not be written to a file or sent again.
            json.dumps(value, ensure_ascii=False).encode()
    except (ValueError, RecursionError):
        return None
    can_be_deep = body.count(b"[") + body.count(b"{") > _DEPTH
    return None if can_be_deep and _is_deep([value]) else value


def _is_deep(value: dict[str, Any] | list[Any]) -> bool:
    level = [value]
    for _ in range(_DEPTH + 1):
        inner = [each.values() if isinstance(each, dict) else each for each in level]
        level = [value for each in inner for value in each if isinstance(value, dict | list)]
    return bool(level)
