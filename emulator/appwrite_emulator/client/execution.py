"""An execution, as a test looks at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

from .. import models
from ..execution.executor import Outcome
from ..services.witness import Sight
from .headers import Headers

_BROKEN = (Outcome.THREW, Outcome.TIMED_OUT, Outcome.LOAD_FAILED, Outcome.CRASHED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Execution:
    """One run of a function: who asked for what, and what came of it.

    Bodies and all headers are there of what was run while a test went on, by whomever; of others
    what Appwrite keeps. Texts that the function wrote name the files as it knows them.
    """

    id: str
    function: str  # its id
    deployment: str = ""
    trigger: str  # http, schedule, event
    event: str = ""  # its most specific name
    user: str = ""  # the id of who called, or did what the event tells of
    method: str
    path: str  # with the query
    request_headers: Headers = field(default_factory=Headers, repr=False)
    request_body: bytes = field(default=b"", repr=False)
    status: str  # waiting, processing, completed, failed, scheduled
    outcome: str = ""  # answered, threw, timed out, load failed, crashed; "" without a run
    status_code: int
    headers: Headers = field(default_factory=Headers, repr=False)
    body: bytes = b""
    logs: str = ""
    errors: str = ""
    duration: float = 0.0  # seconds
    cold: bool = False  # whether a process had to be started or loaded for it
    scheduled_at: str | None = None

    @classmethod
    def of(cls, row: models.Execution, texts: tuple[str, str], sight: Sight | None) -> Self:
        """The execution of a record with its logs and errors, and what was seen of its run."""
        logs, errors = texts
        told: dict[str, Any] = {
            "id": row.id,
            "function": row.function_id,
            "deployment": row.deployment_id,
            "trigger": str(row.trigger),
            "method": row.request_method,
            "path": row.request_path,
            "request_headers": Headers(row.request_headers),
            "status": str(row.status),
            "status_code": row.response_status_code,
            "headers": Headers(row.response_headers),
            "logs": logs,
            "errors": errors,
            "duration": row.duration,
            "scheduled_at": row.scheduled_at,
        }
        return cls(**told, user=_reader(row)) if sight is None else cls(**(told | _seen(sight)))

    @property
    def text(self) -> str:
        """The answer's body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def is_broken(self) -> bool:
        """Whether the function threw, took too long, crashed or could not be loaded."""
        return self.outcome in _BROKEN

    def json(self) -> Any:
        """The answer's body as a JSON value. Raises ValueError, which shows what it is instead."""
        try:
            return json.loads(self.body)
        except ValueError as exc:
            raise ValueError(f"The answer is no JSON: {self.text[:200]!r}. {self}") from exc

    def __str__(self) -> str:
        asked = f"{self.trigger} {self.event or f'{self.method} {self.path}'}"
        ended = f"{self.status_code} in {self.duration * 1000:.1f} ms" if self.outcome else ""
        ended = f"{self.outcome}, {ended}" if self.is_broken else ended
        return f"{self.function}: {asked}: {ended or self.status}"


def _seen(sight: Sight) -> dict[str, Any]:
    run, result = sight
    return {
        "event": run.origin.event or "",
        "user": run.origin.user_id,
        "request_headers": Headers(run.request.headers.items()),
        "request_body": run.request.body,
        "outcome": str(result.outcome),
        "headers": Headers(result.headers),
        "body": result.body,
        "logs": result.logs,
        "errors": result.errors,
        "cold": result.cold,
    }


def _reader(row: models.Execution) -> str:
    """The user who may read it, who asked for it."""
    for permission in row.permissions:
        if permission.startswith('read("user:'):
            return permission[len('read("user:') : -2]
    return ""
