"""Errands: what executions that nobody waits for are to be called with, kept until they begin."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from anyio import to_thread

from ..models import Errand, Execution
from .ground import Ground
from .records import Records
from .runs import Cause, ExecutionRequest

_LONG_BODY = 16 * 1024  # bytes a row holds itself; longer bodies lie in Files


class BodyLost(LookupError):
    """The body that this execution was to be called with is lost: its file is gone."""


class Errands:
    """One row beside each execution that is still to begin, written and dropped with its own."""

    def __init__(self, ground: Ground, executions: Records[Execution]) -> None:
        self._ground = ground
        self._executions = executions
        self._table = ground.state.table(Errand.table)

    def __len__(self) -> int:
        """How many executions are still to begin."""
        return len(self._table)

    def add(self, execution: Execution, request: ExecutionRequest, cause: Cause) -> Execution:
        """Store an execution with all that it will need.

        A long body is written here, as the journal is: what is accepted is kept, at once.
        """
        is_long = len(request.body) > _LONG_BODY
        body_file = self._ground.files.write_bytes(request.body) if is_long else ""
        with self._ground.state.transaction():
            execution = self._executions.add(execution)
            errand = Errand(
                id=execution.id,
                project=execution.project,
                created_at=execution.created_at,
                updated_at=execution.updated_at,
                sequence=execution.sequence,
                headers=tuple(request.headers.items()),
                body="" if is_long else request.body.decode("latin-1"),
                body_file=body_file,
                client_ip=request.client_ip,
                event=cause.event,
                user_id=cause.user_id,
                home=cause.home,
                session_id=cause.session_id,
                depth=cause.depth,
            )
            self._table.put(_key(execution), errand.to_row())
        return execution

    def find(self, project: str, id: str) -> Errand | None:
        """The errand of an execution that has not begun."""
        row = self._table.row(f"{project}/{id}")
        return Errand.from_row(row) if row is not None else None

    async def body(self, errand: Errand) -> bytes:
        """The body, byte for byte. Raises BodyLost."""
        if not errand.body_file:
            return errand.body.encode("latin-1")
        path = self._ground.files.log(errand.body_file)
        try:
            return await to_thread.run_sync(path.read_bytes)
        except FileNotFoundError as exc:
            raise BodyLost(BodyLost.__doc__) from exc

    def end_wait(self, execution: Execution, **changes: Any) -> Execution:
        """Store what becomes of an execution that begins, or never will: either happens once."""
        with self._ground.state.transaction():
            changed = self._executions.change(execution, **changes)
            self._table.drop(_key(execution))
        return changed

    def remove(self, executions: Sequence[Execution]) -> None:
        """Delete executions; those that have not begun never will."""
        with self._ground.state.transaction():
            self._executions.remove(executions)
            self._table.drop(*map(_key, executions))


def _key(execution: Execution) -> str:
    return f"{execution.project}/{execution.id}"
