"""Executions: run a function for somebody, and keep what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import anyio

from ..errors import ApiError
from ..execution.executor import Outcome
from ..models import Caller, Execution, ExecutionStatus, Function, Headers, Row, Trigger
from ..query import Attribute
from ..state import EpochPassed
from . import permissions
from .background import UNDER_WAY, Background, is_final
from .functions import Functions
from .ground import Ground
from .outcomes import outcome
from .records import Listing, Records
from .runs import Cause, ExecutionRequest, Run, Runs

ATTRIBUTES = {
    "trigger": Attribute("trigger", "string"),
    "status": Attribute("status", "string"),
    "responseStatusCode": Attribute("responseStatusCode", "int"),
    "duration": Attribute("duration", "float"),
    "requestMethod": Attribute("requestMethod", "string"),
    "requestPath": Attribute("requestPath", "string"),
    "deploymentId": Attribute("deploymentId", "string"),
}

_RESTORED = "The state was restored while execution {} ran; its result was dropped."


class Answer(NamedTuple):
    """An execution as its creator sees it: the only time the function's body is there."""

    execution: Execution
    body: bytes = b""
    headers: Headers = ()
    crashed: bool = False  # the process ended, or could not be started


class Executions:
    """The executions of all projects."""

    def __init__(
        self,
        ground: Ground,
        records: Records[Execution],
        functions: Functions,
        runs: Runs,
        background: Background,
    ) -> None:
        self._ground = ground
        self._records = records
        self._functions = functions
        self._runs = runs
        self._background = background
        self.on_scheduled: Callable[[Execution], None] = _ignore
        self.on_unscheduled: Callable[[Execution], None] = _ignore

    async def create(self, caller: Caller, function_id: str, request: ExecutionRequest) -> Answer:
        """Run the function now, later or in the background, as `request` says.

        What is scheduled runs in the background. Raises ApiError in this order: function_not_found,
        function_runtime_unsupported, deployment_not_found, build_not_ready, user_unauthorized,
        and function_synchronous_timeout after the run. Source: Appwrite 1.9.6.
        """
        function = self._functions.get_for(caller, function_id)
        if not request.is_async and (news := self._runs.freshen(function)):
            await self._caught_up(function, news)
            function = self._functions.get_for(caller, function_id)
        deployment = self._runs.active(function)
        permissions.require_execute(caller, function)
        if not request.is_async:
            return await self._run_now(self._runs.accept(caller, function, deployment, request))
        execution = self._background.accept(function, request, Cause.of(caller, request))
        if request.scheduled_at:
            self.on_scheduled(execution)
        return Answer(execution)

    async def visit(self, project: str, function_id: str, request: ExecutionRequest) -> Answer:
        """Run the function for a visitor of its domain, who is nobody whatever the headers say.

        Raises ApiError in the order of the emulator's era: function_not_found, also when it is
        disabled, function_runtime_unsupported, deployment_not_found (1.9: before all others),
        build_not_ready, what `permissions.require_visitors` raises, and
        function_synchronous_timeout after the run. Source: Appwrite 1.6.2 and 1.9.6, router.
        """
        era = self._ground.config.appwrite
        function = self._functions.get(project, function_id)
        if news := self._runs.freshen(function):
            await self._caught_up(function, news)
            function = self._functions.get(project, function_id)
        if era == "1.9" and not self._runs.is_deployed(function):
            raise ApiError("deployment_not_found")
        if not function.enabled:
            raise ApiError("function_not_found")
        deployment = self._runs.active(function)
        permissions.require_visitors(function, era)
        return await self._run_now(
            self._runs.accept(Caller(project), function, deployment, request)
        )

    def enqueue(self, function: Function, request: ExecutionRequest, cause: Cause) -> Execution:
        """Store an execution that waits, and run it in the background when its turn comes.

        That no deployment can answer it then is told by the execution itself, which fails.
        """
        return self._background.accept(function, request, cause)

    def refuse(
        self, function: Function, request: ExecutionRequest, cause: Cause, reason: str
    ) -> Execution:
        """Store an execution that failed for `reason` without being run."""
        return self._background.refuse(function, request, cause, reason)

    def begin_scheduled(self, project: str, id: str) -> None:
        """Let a scheduled execution, whose moment has come, run in turn; nothing if it is gone."""
        self._background.begin_scheduled(project, id)

    def scheduled(self) -> list[Execution]:
        """The executions of all projects whose moment is still to come."""
        return self._records.all(status=str(ExecutionStatus.SCHEDULED))

    def last_tick(self, function: Function) -> Execution | None:
        """The newest execution of the function that its schedule caused."""
        return self._records.latest(
            project=function.project,
            functionId=function.id,
            trigger=str(Trigger.SCHEDULE),
            scheduledAt=None,
        )

    def get(self, caller: Caller, function_id: str, id: str) -> Execution:
        """The execution with its logs. Raises ApiError function_not_found, execution_not_found."""
        function = self._functions.get_for(caller, function_id)
        execution = self._records.get(caller.project, id)
        if (
            execution is None
            or execution.function_id != function.id
            or not permissions.is_readable(execution.permissions, caller)
        ):
            raise ApiError("execution_not_found")
        if self._is_late(function, execution.status, execution.created_at):
            return replace(execution, status=ExecutionStatus.FAILED)
        return execution

    def page(
        self, caller: Caller, function_id: str, listing: Listing
    ) -> tuple[list[Execution], int]:
        """One page of the executions that `caller` may read, and how many match."""
        function = self._functions.get_for(caller, function_id)

        def readable(row: Row) -> bool:
            return permissions.is_readable(row["$permissions"], caller)

        def shown(row: Row) -> Row:
            if not self._is_late(function, row["status"], row["$createdAt"]):
                return row
            failed = {**row, "status": str(ExecutionStatus.FAILED)}
            return failed if any(listing.query.passing([failed])) else row

        return self._records.page(
            listing,
            caller.project,
            only=None if caller.is_privileged else readable,
            view=shown if len(self._background) else None,
            functionId=function.id,
        )

    def of(self, project: str, function_id: str = "") -> list[Execution]:
        """All executions of a project, or of one function in it, in the order of creation."""
        equal = {"functionId": function_id} if function_id else {}
        return self._records.all(project=project, **equal)

    def _is_late(self, function: Function, status: str, created_at: str) -> bool:
        """Whether an execution that has not ended should have: Appwrite 1.9.6 says that it failed,
        except to who asks for those that wait or run."""
        if self._ground.config.appwrite == "1.6" or status not in UNDER_WAY:
            return False
        if self._runs.is_inspected(function):
            return False
        begun = datetime.fromisoformat(created_at)
        return (self._ground.clock.now() - begun).total_seconds() >= function.timeout

    async def finished(self, project: str, id: str) -> None:
        """Return once the execution, if it runs in the background, has ended."""
        await self._background.finished(project, id)

    async def texts(self, execution: Execution) -> tuple[str, str]:
        """(logs, errors) of an execution, read from Files where they are long."""
        files = self._ground.files
        logs, errors = execution.logs, execution.errors
        if execution.logs_file:
            logs = await anyio.to_thread.run_sync(files.read_log, execution.logs_file)
        if execution.errors_file:
            errors = await anyio.to_thread.run_sync(files.read_log, execution.errors_file)
        return logs, errors

    def delete(self, caller: Caller, function_id: str, id: str) -> Execution:
        """Forget an execution that ended or is still to come, and return it.

        Raises ApiError function_not_found, execution_not_found, execution_in_progress.
        """
        execution = self.get(caller, function_id, id)
        if execution.status in UNDER_WAY:
            raise ApiError("execution_in_progress")
        self._remove([execution])
        return execution

    def count_by_status(self) -> dict[str, int]:
        """How many executions of all projects there are in each status."""
        return self._records.count_by("status")

    def delete_of(self, function: Function) -> None:
        """Remove all executions of a function that is being deleted."""
        self._remove(self._records.all(project=function.project, functionId=function.id))

    def delete_older(self, moment: str, most: int) -> int:
        """Forget what has ended and was created, or was scheduled for a time, before `moment`,
        `most` of it at most; how many there were.

        What is still to come stays, though Appwrite 1.6.2 and 1.9.6 drop it.
        """

        def is_old(row: Row) -> bool:
            return bool((row.get("scheduledAt") or row["$createdAt"]) < moment) and is_final(row)

        old = self._records.oldest(most, only=is_old)
        self._remove(old)
        return len(old)

    def _remove(self, executions: list[Execution]) -> None:
        self._background.remove(executions)
        for execution in executions:
            if execution.status == ExecutionStatus.SCHEDULED:
                self.on_unscheduled(execution)

    def recover(self) -> None:
        """Go on after a stop: what had not begun is queued anew, what ran has failed."""
        self._background.recover()

    def fail_unfinished(self, reason: str) -> None:
        """Fail what waits for its turn or runs according to the rows, saying why."""
        self._background.fail_unfinished(reason)

    def drop(self, project: str = "") -> None:
        """Forget what waits for its turn in `project`, or in all: its rows are to be replaced."""
        self._background.drop(project)

    def close(self) -> None:
        """Begin nothing any more in the background: what waits is left to the next start."""
        self._background.close()

    async def _caught_up(self, function: Function, news: Awaitable[None]) -> None:
        """Wait until the code is that of now. Raises ApiError emulator_restored."""
        project = function.project
        epoch = self._ground.epochs.of(project)
        await news
        try:
            self._ground.epochs.check(project, epoch)
        except EpochPassed as exc:
            raise ApiError("emulator_restored") from exc

    async def _run_now(self, run: Run) -> Answer:
        limit = self._ground.config.sync_timeout
        work = run.work
        self._ground.under_way.begin(work)
        try:
            result = await self._runs.perform(run, limit=limit)
            fields = await outcome(result, self._ground.files, is_logged=run.function.logging)
            self._ground.epochs.check(run.function.project, run.epoch)
        except EpochPassed as exc:
            raise ApiError("emulator_restored", _RESTORED.format(run.id)) from exc
        finally:
            self._ground.under_way.end(work)
        execution = self._add_if_wanted(run, fields)
        if result.outcome is Outcome.TIMED_OUT and run.function.timeout > limit:
            raise ApiError("function_synchronous_timeout")
        headers = (*result.headers, ("x-appwrite-execution-id", execution.id))
        return Answer(execution, result.body, headers, result.outcome is Outcome.CRASHED)

    def _add_if_wanted(self, run: Run, fields: dict[str, Any]) -> Execution:
        """Store the execution, unless its function was deleted meanwhile."""
        if not self._functions.is_there(run.function):
            born = self._records.born(run.function.project)
            return self._runs.execution(run, born, **fields)
        execution = self._add(run, **fields)
        self._background.trim()
        return execution

    def _add(self, run: Run, **fields: Any) -> Execution:
        born = self._records.born(run.function.project)
        return self._records.add(self._runs.execution(run, born, **fields))


def _ignore(execution: Execution) -> None:
    pass
