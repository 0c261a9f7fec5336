"""A person: what a test wants a user to be."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from ..near import meant

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Teams = Mapping[str, Iterable[str]] | Iterable[str]
"""The teams of a user: their ids, or the roles in each by its id."""

_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}", re.ASCII)
_ROLE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,80}", re.ASCII)
_LABEL = re.compile(r"[A-Za-z0-9]{1,36}", re.ASCII)
_EMAIL = re.compile(r"([^@\s]+@[^@\s]+)?")  # empty: none
_AN_ID = "at most 36 letters, digits, '.', '-' and '_', the first a letter or digit"
_TEXT = (str, "a text")
_FLAG = (bool, "true or false")
_KINDS: dict[str, tuple[type, str]] = {
    "name": _TEXT,
    "email": _TEXT,
    "phone": _TEXT,
    "password": _TEXT,
    "prefs": (Mapping, "an object"),
    "verification": _FLAG,  # of the email address
    "phone_verification": _FLAG,
    "status": _FLAG,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A user as a test names him; what is None stays as it is."""

    id: str
    labels: tuple[str, ...] | None = None
    teams: Mapping[str, tuple[str, ...]] | None = None  # his roles in each, by its id
    attributes: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def wanted(
        cls,
        user: str,
        labels: Iterable[str] | None = None,
        teams: Teams | None = None,
        attributes: Mapping[str, Any] | None = None,
    ) -> Self:
        """Raises TypeError, ValueError for what cannot be a user."""
        for name, value in (attributes or {}).items():
            _check_attribute(name, value)
        return cls(
            id=_matching("user", user, _ID, _AN_ID),
            labels=None if labels is None else _labels(labels),
            teams=None if teams is None else _teams(teams),
            attributes=dict(attributes or {}),
        )


def _labels(labels: Iterable[str]) -> tuple[str, ...]:
    wanted = "1 to 36 letters and digits"
    found = [_matching("label", each, _LABEL, wanted) for each in listed("labels", labels)]
    return tuple(dict.fromkeys(found))


def _teams(teams: Teams) -> dict[str, tuple[str, ...]]:
    roles = teams if isinstance(teams, Mapping) else dict.fromkeys(listed("teams", teams), ())
    return {
        _matching("team", id, _ID, _AN_ID): tuple(
            _matching("role", each, _ROLE, "letters, digits, '.', '-' and '_'")
            for each in listed(f"teams[{id!r}]", own)
        )
        for id, own in roles.items()
    }


def listed(name: str, values: Iterable[str]) -> tuple[str, ...]:
    """Raises TypeError, also for one text, which is a list of letters to Python."""
    if isinstance(values, str) or not isinstance(values, Iterable):
        raise TypeError(f"{name} is {values!r}, it must be a list of texts, such as [{values!r}].")
    return tuple(values)


def _matching(name: str, value: str, pattern: re.Pattern[str], wanted: str) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{name} is {value!r}, it must be a text.")
    if not pattern.fullmatch(value):
        raise ValueError(f"{name} is {value!r}, it must be {wanted}.")
    return value


def _check_attribute(name: str, value: Any) -> None:
    if name not in _KINDS:
        advice = meant(name, _KINDS) or f"There are {', '.join(_KINDS)}."
        raise TypeError(f"A user has no attribute {name!r}. {advice}")
    kind, wanted = _KINDS[name]
    if not isinstance(value, kind):
        raise TypeError(f"{name} is {value!r}, it must be {wanted}.")
    if name == "email" and not _EMAIL.fullmatch(str(value)):
        raise ValueError(f"email is {value!r}, which is no address such as ann@example.org.")
    if name == "prefs":
        json.dumps(value, allow_nan=False)  # raises for what cannot be stored
