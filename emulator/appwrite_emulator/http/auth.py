"""Who calls: a key, a user, a developer or a guest, and in which project."""

from __future__ import annotations

import platform
import re
from dataclasses import replace
from typing import Literal
from urllib.parse import parse_qs

from .. import tokens
from ..clock import Clock
from ..config import Config, Key
from ..errors import ApiError, Era
from ..models import CONSOLE, Caller
from ..services.console import Console
from ..services.epochs import Epochs
from ..services.leftovers import LateCall
from ..services.roles import Roles
from . import scopes
from .request import Request
from .sign_ins import SignedIn, SignIns

_PROJECT_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}")
_EXPIRING = ("dynamic_", "ephemeral_")
_KEY_ROLES = ("any", "apps")
_LATE = (
    "Function {} called {} with the key of a run that began before the state was restored. Await "
    "what a function does before it answers."
)
_ADMIN_IN_CONSOLE = "Admin mode is not allowed for console project"


class Callers:
    """Reads who calls from the headers. Source: Appwrite 1.6.2 and 1.9.6, init of the API."""

    def __init__(
        self,
        config: Config,
        clock: Clock,
        secret: bytes,
        sign_ins: SignIns,
        roles: Roles,
        console: Console,
        epochs: Epochs,
    ) -> None:
        self.epochs = epochs
        self._config = config
        self._clock = clock
        self._secret = secret
        self._sign_ins = sign_ins
        self._roles = roles
        self._console = console
        self._keys = {key.secret: key for key in config.keys}

    def identify(self, request: Request) -> Caller:
        """The caller. Raises ApiError project_not_found, general_bad_request, project_id_missing,
        user_unauthorized, project_key_expired, user_key_and_session_set, user_jwt_invalid,
        user_jwt_and_cookie_set, emulator_restored."""
        era = request.era
        project = self._project(request)
        is_admin = _named(request, "mode") == "admin"
        if is_admin and era == "1.9" and project in ("", CONSOLE):
            raise ApiError("general_bad_request", _ADMIN_IN_CONSOLE)
        signed_in = None
        if request.is_personal:
            home = CONSOLE if is_admin else project or CONSOLE
            signed_in = self._sign_ins.identify(request, home, era)
        if key := request.header("x-appwrite-key"):
            if signed_in and era == "1.6":
                raise ApiError("user_key_and_session_set")
            return self._by_key(key, project, request, era)
        if signed_in and is_admin:
            return _developer(project, signed_in)
        if signed_in:
            return self._user(project, signed_in, era)
        return _guest(project, era, is_lasting=not request.is_personal)

    def _project(self, request: Request) -> str:
        project = _named(request, "project")
        if not project or project == CONSOLE:
            return project
        if not _PROJECT_ID.fullmatch(project) or not self._console.knows(project):
            raise ApiError("project_not_found")
        return project

    def _by_key(self, text: str, project: str, request: Request, era: Era) -> Caller:
        if era == "1.9" and not request.header("x-appwrite-project"):
            raise ApiError("project_id_missing")
        if not project:
            raise ApiError("user_unauthorized")
        if text.startswith(_EXPIRING):
            return self._by_function_key(text, project, request, era)
        known = self._keys.get(text)
        if known is None and (made := self._console.find_key(project, text)):
            return _application(project, scopes.of_key(made.scopes))
        if known is None and self._config.strict:
            return self._unknown_key(text, project, era)
        if known and not self._is_for(known, project):
            raise ApiError("user_unauthorized")
        own = scopes.of_key(known.scopes) if known and known.scopes else scopes.of_full_key()
        return _application(project, own, is_lasting=not request.is_personal)

    def _is_for(self, key: Key, project: str) -> bool:
        """Whether `key` is one of `project`. Who manages the users of the console can become a
        developer, so a strict emulator leaves that to keys that may do everything."""
        if project == CONSOLE and self._config.strict:
            return key.secret in self._config.full_keys
        return key.project in ("", project)

    def _by_function_key(self, text: str, project: str, request: Request, era: Era) -> Caller:
        try:
            key = tokens.read_key(text, self._secret, self._clock.now())
        except tokens.TokenInvalid:
            return _guest(project, era)
        if key.project != project:
            return _guest(project, era)
        if self.epochs.is_past(project, key.epoch):
            owner = self.epochs.owner_of(key.epoch)
            self.epochs.note_late(LateCall(project, key.function, request.line, owner))
            raise ApiError("emulator_restored", _LATE.format(key.function, request.line))
        caller = _application(project, scopes.of_key(key.scopes))
        return replace(caller, depth=key.depth, function_id=key.function)

    def _unknown_key(self, text: str, project: str, era: Era) -> Caller:
        """Only keys of an unknown kind are taken for a guest; others are refused."""
        kind, underscore, _ = text.partition("_")
        if underscore and kind != "standard":
            return _guest(project, era)
        raise ApiError("user_unauthorized")

    def _user(self, project: str, signed_in: SignedIn, era: Era) -> Caller:
        user = signed_in.user
        return Caller(
            project=project,
            roles=self._roles.of_user(user),
            scopes=scopes.of_developers() if user.project == CONSOLE else scopes.of_users(era),
            user_id=user.id,
            session_id=signed_in.session_id,
            name=user.email or "User",
            is_blocked=not user.status,
            is_fallback=signed_in.is_fallback,
        )


def _named(request: Request, name: Literal["project", "mode"]) -> str:
    """A parameter in the URL of a read, which wins, or the header of the same name."""
    value = request.header(f"x-appwrite-{name}")
    if request.method in ("GET", "HEAD") and f"{name}=".encode() in request.query:
        values = parse_qs(request.query.decode("latin-1")).get(name)
        value = values[-1] if values else value
    return value


def _guest(project: str, era: Era, *, is_lasting: bool = False) -> Caller:
    return Caller(project=project, scopes=scopes.of_guests(era), is_lasting=is_lasting)


def _application(project: str, own: frozenset[str], *, is_lasting: bool = False) -> Caller:
    return Caller(
        project=project,
        roles=_KEY_ROLES,
        scopes=own,
        is_privileged=True,
        name=f"app.{project}@service.{platform.node() or 'localhost'}",
        is_lasting=is_lasting,
    )


def _developer(project: str, signed_in: SignedIn) -> Caller:
    """A user of the console may do everything in every project."""
    user = signed_in.user
    return Caller(
        project=project,
        roles=("any", "users", f"user:{user.id}"),
        scopes=None,
        is_privileged=True,
        user_id=user.id,
        session_id=signed_in.session_id,
        name=user.email,
        is_blocked=not user.status,
        is_fallback=signed_in.is_fallback,
    )
