"""The fields of what the console and teams are made of, for whoever describes the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..config import Config
from ..models import CONSOLE, Project
from ..people import ApiKey, Membership, Team
from ..services.memberships import Member
from . import render_console, render_teams
from .render import Wire
from .request import Version

_BORN: dict[str, Any] = {"id": "", "project": CONSOLE, "created_at": "", "updated_at": ""}
_TEAM = Team(**_BORN, name="")
_MEMBER = Member(Membership(**_BORN, user_id="", team_id=""), _TEAM, None)
_PROJECT = Project(**_BORN, name="")
_KEY = ApiKey(**_BORN, name="", secret="")
_TEXTS = tuple[str, ...]
_OBJECTS = tuple[dict, ...]  # type: ignore[type-arg]  # as a schema names it


def _team(format: Version) -> Mapping[str, Any]:
    return _kinds(render_teams.team(_TEAM, 0))


def _membership(format: Version) -> Mapping[str, Any]:
    return {**_kinds(render_teams.membership(_MEMBER, format)), "roles": _TEXTS}


def _key(format: Version) -> Mapping[str, Any]:
    return {**_kinds(render_console.key(_KEY)), "scopes": _TEXTS, "sdks": _TEXTS}


def _ephemeral_key(format: Version) -> Mapping[str, Any]:
    if format < (1, 9, 3):
        return {**_kinds(render_console.key_as_jwt(_KEY)), "scopes": _TEXTS}
    return _key(format)


def _project(format: Version) -> Mapping[str, Any]:
    kinds = _kinds(render_console.project(_PROJECT, ()))
    return {**kinds, "keys": ["key"], "labels": _TEXTS}


def _variables(format: Version) -> Mapping[str, Any]:
    return _kinds(render_console.variables(Config(), "1.6" if format < (1, 7, 0) else "1.9"))


def _kinds(wire: Wire) -> dict[str, Any]:
    """What the values of an example are; lists hold objects where nobody says otherwise."""
    return {
        key: _OBJECTS if isinstance(value, list | tuple) else type(value)
        for key, value in wire.items()
    }


MODELS: Mapping[str, Callable[[Version], Mapping[str, Any]]] = {
    "team": _team,
    "membership": _membership,
    "key": _key,
    "ephemeralKey": _ephemeral_key,
    "project": _project,
    "consoleVariables": _variables,
}
"""What each model has for clients that want a format."""
