"""The fields of what the console and teams are made of, for whoever describes the API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..config import Config
from ..models import CONSOLE, Project
from ..people import ApiKey, Membership, Team
from ..services.memberships import Member
from . import render_console, render_teams
from .examples import like
from .request import Version

Fields = Mapping[str, Any]

_BORN: dict[str, Any] = {"id": "", "project": CONSOLE, "created_at": "", "updated_at": ""}
_TEAM = Team(**_BORN, name="")
_MEMBER = Member(Membership(**_BORN, user_id="", team_id=""), _TEAM, None)
_PROJECT = Project(**_BORN, name="")
_KEY = ApiKey(**_BORN, name="", secret="")
_OBJECTS = ("authMockNumbers", "oAuthProviders", "platforms", "webhooks", "devKeys")


def _team(_format: Version) -> Fields:
    return like(render_teams.team(_TEAM, 0))


def _membership(format: Version) -> Fields:
    return like(render_teams.membership(_MEMBER, format))


def _key(_format: Version) -> Fields:
    return like(render_console.key(_KEY))


def _ephemeral_key(format: Version) -> Fields:
    return like(render_console.key_as_jwt(_KEY)) if format < (1, 9, 3) else _key(format)


def _project(_format: Version) -> Fields:
    objects = {key: [dict] for key in _OBJECTS}
    return like(render_console.project(_PROJECT, ()), keys=["key"], **objects)


def _variables(format: Version) -> Fields:
    return like(render_console.variables(Config(), "1.6" if format < (1, 7, 0) else "1.9"))


MODELS: Mapping[str, Callable[[Version], Fields]] = {
    "team": _team,
    "membership": _membership,
    "key": _key,
    "ephemeralKey": _ephemeral_key,
    "project": _project,
    "consoleVariables": _variables,
}
"""What each model has for clients that want a format."""
