"""Channels: the names by which clients listen to events, and who may hear an event."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from .errors import Era
from .models import CONSOLE

ACTIONS = ("create", "update", "upsert", "delete")
"""What may be added to a channel to hear of nothing else. Source: Appwrite 1.9.6."""

_READ = re.compile(r'read\("([^"]+)"\)')
_HOLDERS = ("collections", "tables")
_ITEMS = ("documents", "rows")
_SCHEMAS = ("attributes", "columns", "indexes")


class Audience(NamedTuple):
    """Who hears of an event: who listens to one of `channels` in `project` and has one of
    `roles`; nobody if there are none."""

    project: str
    channels: tuple[str, ...] = ()
    roles: frozenset[str] = frozenset()


class Telling(NamedTuple):
    """An event as far as it matters for who hears of it.

    `path` is its pattern in parts, with ids; an id is one part even if it has dots. `team_id` is
    the team whose members develop the project.
    """

    project: str
    path: Sequence[str]
    payload: Mapping[str, Any]
    team_id: str = ""


def audience(telling: Telling, era: Era) -> Audience:
    """Who hears of an event on a server of `era`. Source: Appwrite 1.6.2 and 1.9.6.

    Of databases and storage only the payload's own permissions are known, not those of the
    collection or bucket.
    """
    project, path, payload, team_id = telling
    developers = ["console", f"projects.{project}"]
    if _is_for_developers(path):
        return Audience(CONSOLE, tuple(developers), frozenset([f"team:{team_id}"]))
    roles, names = _readers_and_names(path, payload, era)
    if not roles:
        return Audience(project)
    action = _action(path) if era == "1.9" else ""
    acted = [f"{name}.{action}" for name in names] if action else []
    first = developers if path[0] == "functions" else []
    return Audience(project, tuple(dict.fromkeys(first + names + acted)), frozenset(roles))


def _readers_and_names(
    path: Sequence[str], payload: Mapping[str, Any], era: Era
) -> tuple[list[str], list[str]]:
    """The roles that hear of an event, and its channels but for those of developers."""
    match path:
        case ["users", user, *_]:
            return [f"user:{user}"], ["account", f"account.{user}"]
        case ["teams", team, "memberships", membership, *_]:
            return [f"team:{team}"], ["memberships", f"memberships.{membership}"]
        case ["teams", team, *_]:
            return [f"team:{team}"], ["teams", f"teams.{team}"]
        case ["functions", function, "executions", execution, *_]:
            names = ["executions", f"executions.{execution}", f"functions.{function}"]
            return readers(payload), names
        case ["databases", database, holder, held, item, id, *_]:
            if holder in _HOLDERS and item in _ITEMS:
                return readers(payload), _of_item(database, held, id, era)
        case ["buckets", bucket, "files", file, *_]:
            files = f"buckets.{bucket}.files"
            return readers(payload), ["files", files, f"{files}.{file}"]
    return [], []


def _of_item(database: str, holder: str, id: str, era: Era) -> list[str]:
    """The channels of a document; since there are tables, it is a row too."""
    documents = f"databases.{database}.collections.{holder}.documents"
    old = ["documents", documents, f"{documents}.{id}"]
    rows = f"databases.{database}.tables.{holder}.rows"
    return old if era == "1.6" else ["rows", rows, f"{rows}.{id}", *old]


def _is_for_developers(path: Sequence[str]) -> bool:
    """Whether an event is told in the console, to those who develop the project."""
    match path:
        case ["functions" | "sites", _, "deployments", *_] | ["rules" | "migrations", *_]:
            return True
        case ["databases", _, _, _, schema, *_]:
            return schema in _SCHEMAS
    return False


def _action(path: Sequence[str]) -> str:
    """What was done to the thing itself; what is done to a user's session is not done to him."""
    done = path[2:4] if path[0] == "users" else path[-2:]
    if path[0] == "users" and done and done[0] not in ACTIONS:
        return ""
    return next((part for part in reversed(done) if part in ACTIONS), "")


def readers(payload: Mapping[str, Any]) -> list[str]:
    """The roles that may read what has the permissions of `payload`."""
    permissions = payload.get("$permissions")
    if not isinstance(permissions, Sequence):
        return []
    texts = (each for each in permissions if isinstance(each, str))
    return [match[1] for text in texts if (match := _READ.fullmatch(text))]


def of_listener(wanted: Iterable[str], user_id: str, era: Era) -> list[str]:
    """The channels that a client hears who wants some; `user_id` is empty for guests.

    `account` is one's own account, and those of others are left out. Source: Appwrite 1.6.2 and
    1.9.6.
    """
    heard: dict[str, None] = {}
    for channel in wanted:
        action = channel.removeprefix("account.")
        if action == channel:
            heard[channel] = None
        elif era == "1.9" and action in ACTIONS:
            heard[f"account.{user_id}.{action}" if user_id else channel] = None
    if "account" in heard and user_id:
        heard[f"account.{user_id}"] = None
    return list(heard)
