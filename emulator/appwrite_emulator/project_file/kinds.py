"""Which keys a function has in a project file, and what each may hold."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Kind:
    """What a key's value must be, in words too, and how it is kept."""

    wanted: str
    accepts: Callable[[Any], bool]
    convert: Callable[[Any], Any] = lambda value: value


def _text(max: int, *, min: int = 0) -> Kind:
    least = f"{min} to" if min else "at most"
    return Kind(
        f"a text of {least} {max} characters",
        lambda value: isinstance(value, str) and min <= len(value) <= max,
    )


def _whole(low: int, high: int) -> Kind:
    return Kind(
        f"a whole number from {low} to {high}",
        lambda value: type(value) is int and low <= value <= high,
    )


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _pairs(variables: Any) -> list[tuple[Any, Any]]:
    """The variables in either shape: an object, or a list of objects with `key` and `value`."""
    if isinstance(variables, dict):
        return [*variables.items()]
    return [
        (item.get("key"), item.get("value")) if isinstance(item, dict) else (None, None)
        for item in variables
    ]


def _are_variables(value: Any) -> bool:
    return isinstance(value, dict | list) and all(
        _text(255, min=1).accepts(key) and _text(8192).accepts(content)
        for key, content in _pairs(value)
    )


ID = Kind(
    "an id: at most 36 letters, digits, '.', '-' and '_', the first a letter or digit",
    lambda value: isinstance(value, str) and _ID.fullmatch(value) is not None,
)
_TEXTS = Kind("a list of texts", _is_texts, tuple)
_FLAG = Kind("true or false", lambda value: isinstance(value, bool))
_SIZE = _text(128, min=1)
KEYS: dict[str, tuple[str, Kind]] = {
    # key of the file: field of Entry, what its value must be
    "$id": ("id", ID),
    "name": ("name", _text(128, min=1)),
    "runtime": ("runtime", _text(128, min=1)),
    "path": ("path", _text(4096)),
    "entrypoint": ("entrypoint", _text(1028)),
    "commands": ("commands", _text(8192)),
    "execute": ("execute", _TEXTS),
    "events": ("events", _TEXTS),
    "scopes": ("scopes", _TEXTS),
    "schedule": ("schedule", _text(128)),
    "timeout": ("timeout", _whole(1, 86_400)),
    "enabled": ("enabled", _FLAG),
    "logging": ("logging", _FLAG),
    "specification": ("specification", _SIZE),
    "buildSpecification": ("build_specification", _SIZE),
    "runtimeSpecification": ("runtime_specification", _SIZE),
    "deploymentRetention": ("deployment_retention", _whole(0, 36_500)),
    "vars": (
        "variables",
        Kind(
            "an object of texts, or a list of objects with the texts `key` and `value` (numbers "
            "in quotes, keys of 1 to 255 characters, values of at most 8192)",
            _are_variables,
            lambda value: tuple(dict(_pairs(value)).items()),
        ),
    ),
    "ignore": (
        "ignore",
        Kind(
            "a text with one pattern a line, or a list of such texts",
            lambda value: isinstance(value, str) or _is_texts(value),
            lambda value: tuple(value.splitlines() if isinstance(value, str) else value),
        ),
    ),
}
