"""Injection: an event that somebody makes up is told as if it had happened."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .. import events, jsontext
from ..errors import ApiError
from ..events import EventRefused
from ..models import CONSOLE, Caller, Execution
from .console import Console
from .events import Happening
from .executions import Executions
from .ground import Ground
from .triggers import Triggers

LARGEST = 12 * 1024 * 1024  # bytes of a payload as JSON
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,35}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Fired:
    """What came of an event that was made up."""

    event: str
    project: str
    names: tuple[str, ...]  # all under which it went out
    executions: tuple[Execution, ...]  # of the functions that it called, in their order

    def to_json(self) -> dict[str, Any]:
        called = [{"$id": each.id, "functionId": each.function_id} for each in self.executions]
        return {"event": self.event, "names": list(self.names), "executions": called}


class Injection:
    """Tells everybody who listens of events that no request has caused."""

    def __init__(
        self,
        ground: Ground,
        console: Console,
        executions: Executions,
        triggers: Triggers,
        project: str,
    ) -> None:
        self._ground = ground
        self._console = console
        self._executions = executions
        self._triggers = triggers
        self._project = project  # that of events which name none

    def fire(
        self,
        name: str,
        payload: Mapping[str, Any] | None = None,
        *,
        user: str = "",
        project: str = "",
    ) -> Fired:
        """Tell of the event with the full name `name`, such as `users.ann.update.email`.

        Listeners get `payload` and learn that `user` did it, who need not exist. Raises
        EventRefused for what cannot be told, ApiError project_not_found.
        """
        pattern, params = events.read(name)
        told = _as_json(payload)
        if user and not _is_id(user):
            raise EventRefused(f"{user!r} cannot be the id of a user.")
        happening = Happening(self._find(project), pattern, params, user)
        event = self._ground.events.publish(happening, lambda: told)
        names = event.names if event else tuple(events.generate(pattern, params))
        return Fired(name, happening.project, names, self._triggers.begun_by(event))

    async def outcomes(self, fired: Fired) -> list[dict[str, Any]]:
        """How the executions of an event stand now; those that are gone are left out."""
        return [told for each in fired.executions if (told := await self._outcome(each))]

    async def _outcome(self, execution: Execution) -> dict[str, Any] | None:
        caller = Caller(execution.project, is_privileged=True)
        try:
            current = self._executions.get(caller, execution.function_id, execution.id)
        except ApiError:
            return None
        logs, errors = await self._executions.texts(current)
        return {
            "$id": current.id,
            "functionId": current.function_id,
            "status": str(current.status),
            "responseStatusCode": current.response_status_code,
            "duration": current.duration,
            "logs": logs,
            "errors": errors,
        }

    def _find(self, project: str) -> str:
        id = project or self._project
        if not _is_id(id) or id == CONSOLE or not self._console.knows(id):
            raise ApiError("project_not_found")
        return id


def _is_id(value: object) -> bool:
    return isinstance(value, str) and _ID.fullmatch(value) is not None


def _as_json(payload: Mapping[str, Any] | None) -> dict[str, Any]:
    """The payload as whoever reads it as JSON sees it. Raises EventRefused."""
    try:
        text = json.dumps({} if payload is None else payload, allow_nan=False)
        value = json.loads(text)
    except (TypeError, ValueError, RecursionError) as exc:
        raise EventRefused(f"The payload cannot be written as JSON: {exc}.") from exc
    if not isinstance(value, dict):
        raise EventRefused(f"The payload must be a JSON object, and is {type(value).__name__}.")
    if (size := len(jsontext.encode(value))) > LARGEST:
        raise EventRefused(f"The payload has {size:,} bytes as JSON, {LARGEST:,} are possible.")
    return value
