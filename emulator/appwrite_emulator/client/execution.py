"""An execution, as a test looks at it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, Self

from .. import models
from ..execution.executor import Outcome
from ..printable import clean, quoted
from ..services.witness import REFUSED, Refusal, Sight
from .headers import Headers
from .headline import headline

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_SHOWN = 60  # characters of a body, where an execution is shown in a line
_FAILURES = {
    Outcome.THREW: "threw",
    Outcome.LOAD_FAILED: "did not load:",
    Outcome.CRASHED: "crashed:",
    REFUSED: "was not run:",
}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
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
    request_headers: Headers = field(default_factory=Headers)
    request_body: bytes = b""
    status: str  # waiting, processing, completed, failed, scheduled
    outcome: str = ""  # answered, threw, timed out, load failed, crashed, refused; "" if unknown
    status_code: int
    headers: Headers = field(default_factory=Headers)
    body: bytes = b""
    logs: str = ""
    errors: str = ""
    duration: float = 0.0  # seconds
    cold: bool = False  # whether a process had to be started or loaded for it
    scheduled_at: str | None = None

    @classmethod
    def of(
        cls, row: models.Execution, texts: tuple[str, str], sight: Sight | Refusal | None
    ) -> Self:
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

    @classmethod
    def seen(cls, sight: Sight | Refusal) -> Self:
        """The execution as it was seen, whatever became of its record."""
        row = sight.execution
        return cls.of(row, (row.logs, row.errors), sight)

    @property
    def text(self) -> str:
        """The answer's body as text."""
        return self.body.decode("utf-8", "replace")

    @property
    def request(self) -> str:
        """What called it, in a few words, such as `http POST / as ann`."""
        asked = self.event or f"{self.method} {self.path}"
        return f"{self.trigger} {asked}{f' as {self.user}' if self.user else ''}"

    @property
    def is_broken(self) -> bool:
        """Whether the function threw, took too long, crashed, or could not be loaded or run."""
        return self.outcome not in ("", Outcome.ANSWERED)

    @property
    def failure(self) -> str:
        """What went wrong when it is broken, such as `threw Error: no such cake`."""
        if self.outcome == Outcome.TIMED_OUT:
            return f"timed out after {self.duration:.1f} s"
        words = _FAILURES.get(self.outcome, "")
        return f"{words} {headline(self.errors) or 'without a word'}" if words else ""

    def json(self) -> Any:
        """The answer's body as a JSON value.

        Raises ValueError, which says what there is instead: why the function failed, or its text.
        """
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            raise ValueError(self._no_json()) from None

    def __str__(self) -> str:
        told = self.failure or (str(self.status_code) if self.outcome else self.status)
        return clean(f"{self.function}: {self.request}: {told}")

    def __repr__(self) -> str:
        told = f"id={self.id!r}, function={self.function!r}, trigger={self.trigger!r}"
        told = f"{told}, status={self.status!r}, status_code={self.status_code}"
        if self.body:
            told += f", body={_short(self.body)}"
        if error := headline(self.errors):
            told += f", error={error!r}"
        return f"Execution({told})"

    def _no_json(self) -> str:
        if self.is_broken:
            return f"There is no answer: {self}"
        if not self.outcome and not self.body:
            return f"The body of the answer is not known: {self}"
        return f"The answer is no JSON but {_short(self.body)}: {self}"


def _short(body: bytes) -> str:
    return quoted(body[: 4 * _SHOWN + 4].decode("utf-8", "replace"), _SHOWN)


def _seen(sight: Sight | Refusal) -> dict[str, Any]:
    if isinstance(sight, Refusal):
        return {"event": sight.event, "user": sight.user_id, "outcome": REFUSED}
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
