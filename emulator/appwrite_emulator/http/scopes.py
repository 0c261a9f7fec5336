"""Scopes: what each role may do, and the refusals of routes that ask for more."""

from __future__ import annotations

import json
from collections.abc import Sequence

from ..declared import scope_names
from ..errors import ApiError, Era
from ..models import CONSOLE, Caller

_GUESTS = frozenset({
    "global", "public", "home", "console", "graphql", "sessions.write", "documents.read",
    "documents.write", "files.read", "files.write", "locale.read", "avatars.read",
    "execution.write", "executions.write",
})  # fmt: skip
_USERS = _GUESTS | {
    "account", "teams.read", "teams.write", "projects.read", "execution.read", "executions.read",
    "targets.read", "targets.write", "subscribers.read", "subscribers.write", "assistant.read",
}  # fmt: skip
_ROWS = frozenset({"rows.read", "rows.write"})
_SINCE_19 = _ROWS | frozenset({"presences.read", "presences.write", "rules.read"})
_DEVELOPERS = frozenset({"projects.write", "keys.read", "keys.write"})
_KEYS = frozenset({"global", "public", "graphql", "health.read"})  # what every key may do

_NO_PROJECT = (
    "No Appwrite project was specified. "
    "Please specify your project ID when initializing your Appwrite SDK."
)
_CONSOLE_PROJECT = (
    "This endpoint is not available for the console project. The Appwrite Console is a reserved "
    "project ID and cannot be used with the Appwrite SDKs and APIs. "
    "Please check if your project ID is correct."
)


def of_guests(era: Era) -> frozenset[str]:
    """What anybody may do."""
    return _GUESTS | _ROWS if era == "1.9" else _GUESTS


def of_users(era: Era) -> frozenset[str]:
    """What people may do who have signed in."""
    return _USERS | _SINCE_19 if era == "1.9" else _USERS


def of_developers() -> frozenset[str]:
    """What developers may do in the console, beside signing in."""
    return _USERS | _SINCE_19 | _DEVELOPERS


def of_key(own: Sequence[str]) -> frozenset[str]:
    """What a key may do that has the scopes `own`; a key never has those of people only."""
    return _KEYS | frozenset(own)


def of_full_key() -> frozenset[str]:
    """What a key may do that has all scopes there are."""
    return of_key(scope_names())


def require(caller: Caller, scopes: Sequence[str], era: Era) -> None:
    """Raises ApiError unless `caller` has one of `scopes` and is not blocked.

    The first is that of people, the others are alternatives for keys: that guests may open sessions
    of their own must not let them open those of others.
    """
    wanted = scopes if caller.is_privileged else scopes[:1]
    if wanted and not caller.has_scope(*wanted):
        missing = (
            f"missing scopes ({json.dumps(scopes, separators=(',', ':'))})"
            if era == "1.9"
            else f"missing scope ({scopes[0].replace('executions.', 'execution.')})"
        )
        message = f"{caller.name} (role: {_role(caller)}) {missing}"
        raise ApiError("general_unauthorized_scope", message)
    if caller.is_blocked:
        raise ApiError("user_blocked")


def refuse_console(caller: Caller) -> None:
    """Functions belong to projects. Raises ApiError general_access_forbidden."""
    if not caller.project:
        raise ApiError("general_access_forbidden", _NO_PROJECT)
    if caller.project == CONSOLE:
        raise ApiError("general_access_forbidden", _CONSOLE_PROJECT)


def _role(caller: Caller) -> str:
    if caller.is_privileged:
        return "applications"
    return "users" if caller.user_id else "guests"
