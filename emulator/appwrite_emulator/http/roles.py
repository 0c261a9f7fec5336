"""Who may execute a function: the texts of its `execute` list."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ..errors import Era
from .validators import LABEL, Pattern, key


@dataclass(frozen=True, slots=True)
class _Role:
    """What a kind of role may carry."""

    id: Pattern | None = None  # None: it has no id
    dimension: Pattern | None = None


_VERIFIED = Pattern("verified|unverified", "Must be one of: verified, unverified.")
_ROLES: dict[str, _Role] = {
    "any": _Role(),
    "guests": _Role(),
    "users": _Role(dimension=_VERIFIED),
    "user": _Role(id=key(), dimension=_VERIFIED),
    "team": _Role(id=key(), dimension=key(81)),
    "member": _Role(id=key()),
    "label": _Role(id=LABEL),
}
_ROLES_16 = {**_ROLES, "team": _Role(id=key(), dimension=key(36))}


@dataclass(frozen=True, slots=True)
class Roles:
    """Who may execute: at most `max` texts of the form `role[:id][/dimension]`."""

    max: int = 100
    era: Era = "1.9"
    text: str = "Roles must be an array of strings."

    def clean(self, value: Any) -> tuple[str, ...]:
        if not isinstance(value, list | tuple):
            raise ValueError(self.text)
        if len(value) > self.max:
            raise ValueError(f"You can only provide up to {self.max} roles.")
        kinds = _ROLES_16 if self.era == "1.6" else _ROLES
        for role in value:
            _check_role(role, kinds)
        return tuple(value)


def _check_role(text: Any, kinds: Mapping[str, _Role]) -> None:
    if not isinstance(text, str):
        raise ValueError("Every role must be of type string.")
    if text == "*":
        raise ValueError('Wildcard role "*" has been replaced. Use "any" instead.')
    if "role:" in text:
        raise ValueError(
            'Roles using the "role:" prefix have been removed. '
            'Use "users", "guests", or "any" instead.'
        )
    if not text.startswith(tuple(_ROLES)):
        raise ValueError(_unknown(text))
    start, *dimensions = text.split("/")
    name, _, id = start.partition(":")
    if len(dimensions) > 1:
        raise ValueError("Only one dimension can be provided")
    if dimensions == [""]:
        raise ValueError("Dimension must not be empty")
    if name not in kinds:
        raise ValueError(_unknown(name))
    _check_parts(name, kinds[name], id, "".join(dimensions))


def _unknown(role: str) -> str:
    return f'Role "{role}" is not allowed. Must be one of: {", ".join(_ROLES)}.'


def _check_parts(name: str, role: _Role, id: str, dimension: str) -> None:
    if role.id and not id:
        raise ValueError(f'Role "{name}" must have an ID value.')
    if id and not role.id:
        raise ValueError(f'Role "{name}" can not have an ID value.')
    if role.id:
        _check_part(role.id, id, f'Role "{name}" identifier value is invalid: ')
    if dimension and not role.dimension:
        raise ValueError(f'Role "{name}" can not have a dimension value.')
    if dimension and role.dimension:
        mark = ". " if role.dimension is _VERIFIED else ": "
        _check_part(role.dimension, dimension, f'Role "{name}" dimension value is invalid{mark}')


def _check_part(pattern: Pattern, value: str, prefix: str) -> None:
    try:
        pattern.clean(value)
    except ValueError as exc:
        raise ValueError(f"{prefix}{exc}") from exc
