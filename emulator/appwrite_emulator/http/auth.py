"""Who calls: project, key or guest, and whether that is enough for a route."""

from __future__ import annotations

import json
import platform
import re
from collections.abc import Sequence
from urllib.parse import parse_qs

from .. import tokens
from ..clock import Clock
from ..config import Config
from ..errors import ApiError, Era
from ..models import Caller
from .request import Request

CONSOLE = "console"

_PROJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}")
_EXPIRING = ("dynamic_", "ephemeral_")
_KEY_ROLES = ("any", "apps")
_GUEST_SCOPES = frozenset(
    {
        "global",
        "public",
        "home",
        "console",
        "sessions.write",
        "locale.read",
        "avatars.read",
        "execution.write",
        "executions.write",
    }
)
_KEY_SCOPES = frozenset({"global", "public", "health.read"})  # what every key may do
_NO_PROJECT = (
    "No Appwrite project was specified. "
    "Please specify your project ID when initializing your Appwrite SDK."
)
_CONSOLE_PROJECT = (
    "This endpoint is not available for the console project. The Appwrite Console is a reserved "
    "project ID and cannot be used with the Appwrite SDKs and APIs. "
    "Please check if your project ID is correct."
)


class Callers:
    """Reads who calls from the headers. Source: Appwrite 1.6.2 and 1.9.6, init of the API."""

    def __init__(self, config: Config, clock: Clock, secret: bytes) -> None:
        self._config = config
        self._clock = clock
        self._secret = secret
        self._keys = {key.secret: key for key in config.keys}

    def identify(self, request: Request) -> Caller:
        """The caller. Raises ApiError project_not_found, project_id_missing, user_unauthorized,
        user_jwt_invalid."""
        project = self._project(request)
        if key := request.header("x-appwrite-key"):
            return self._by_key(key, project, request.era(self._config.appwrite))
        if jwt := request.header("x-appwrite-jwt"):
            self._refuse_jwt(jwt)
        return _guest(project)

    def is_lasting(self, request: Request) -> bool:
        """Whether the caller will be the same for ever: keys of functions and tokens expire."""
        key = request.header("x-appwrite-key")
        return not key.startswith(_EXPIRING) and not request.header("x-appwrite-jwt")

    def _project(self, request: Request) -> str:
        project = request.header("x-appwrite-project")
        if b"project=" in request.query:
            values = parse_qs(request.query.decode("latin-1")).get("project")
            project = values[0] if values else project
        if not project or project == CONSOLE:
            return project
        if not _PROJECT_ID.fullmatch(project) or not self._is_known(project):
            raise ApiError("project_not_found")
        return project

    def _is_known(self, project: str) -> bool:
        config = self._config
        return (
            not config.strict
            or project == config.project
            or any(key.project in ("", project) for key in config.keys)
        )

    def _by_key(self, text: str, project: str, era: Era) -> Caller:
        if not project:
            raise ApiError("project_id_missing" if era == "1.9" else "user_unauthorized")
        if text.startswith(_EXPIRING):
            return self._by_function_key(text, project)
        known = self._keys.get(text)
        if known is None and self._config.strict:
            return self._unknown_key(text, project)
        if known and known.project not in ("", project):
            raise ApiError("user_unauthorized")
        return _by_scopes(project, frozenset(known.scopes) if known and known.scopes else None)

    def _by_function_key(self, text: str, project: str) -> Caller:
        try:
            key = tokens.read_key(text, self._secret, self._clock.now())
        except tokens.TokenInvalid:
            return _guest(project)
        if key.project != project:
            return _guest(project)
        return _by_scopes(project, key.scopes)

    def _unknown_key(self, text: str, project: str) -> Caller:
        """Only keys of an unknown kind are taken for a guest; others are refused."""
        kind, underscore, _ = text.partition("_")
        if underscore and kind != "standard":
            return _guest(project)
        raise ApiError("user_unauthorized")

    def _refuse_jwt(self, jwt: str) -> None:
        """No user has signed in here, so no token can be a valid one."""
        try:
            tokens.verify(jwt, self._secret, self._clock.now())
            reason = "Signature failed"
        except tokens.TokenInvalid as exc:
            reason = str(exc)
        message = f"Failed to verify JWT. Invalid token: {reason}"
        raise ApiError("user_jwt_invalid", message)


def _guest(project: str) -> Caller:
    return Caller(project=project, scopes=_GUEST_SCOPES)


def _by_scopes(project: str, scopes: frozenset[str] | None) -> Caller:
    return Caller(
        project=project,
        roles=_KEY_ROLES,
        scopes=None if scopes is None else scopes | _KEY_SCOPES,
        is_privileged=True,
        name=f"app.{project}@service.{platform.node() or 'localhost'}",
    )


def require(caller: Caller, scopes: Sequence[str], era: Era) -> None:
    """Raises ApiError unless `caller` has one of `scopes` and names a project of its own."""
    if not caller.has_scope(*scopes):
        role = "applications" if caller.is_privileged else "guests"
        missing = (
            f"missing scopes ({json.dumps(scopes, separators=(',', ':'))})"
            if era == "1.9"
            else f"missing scope ({scopes[-1]})"
        )
        raise ApiError("general_unauthorized_scope", f"{caller.name} (role: {role}) {missing}")
    if not caller.project:
        raise ApiError("general_access_forbidden", _NO_PROJECT)
    if caller.project == CONSOLE:
        raise ApiError("general_access_forbidden", _CONSOLE_PROJECT)
