"""Executions: run a function for somebody, and keep what came of it."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime
from typing import Any, NamedTuple

import anyio

from ..errors import ApiError
from ..execution.executor import Outcome
from ..models import (
    Caller,
    Deployment,
    DeploymentStatus,
    Execution,
    ExecutionStatus,
    Function,
    Headers,
    Row,
)
from ..query import Attribute
from ..state import EpochPassed
from . import permissions
from .deployments import Deployments
from .functions import Functions
from .ground import Ground
from .records import Listing, Records
from .runs import Cause, ExecutionRequest, Run, Runs

logger = logging.getLogger(__name__)

ATTRIBUTES = {
    "trigger": Attribute("trigger", "string"),
    "status": Attribute("status", "string"),
    "responseStatusCode": Attribute("responseStatusCode", "int"),
    "duration": Attribute("duration", "float"),
    "requestMethod": Attribute("requestMethod", "string"),
    "requestPath": Attribute("requestPath", "string"),
    "deploymentId": Attribute("deploymentId", "string"),
}

_UNDER_WAY = (ExecutionStatus.WAITING, ExecutionStatus.PROCESSING)
_NOT_DEPLOYED = "Deployment not found. Create a deployment before trying to execute a function"
_INTERRUPTED = "The emulator stopped before this execution had ended."
_RESTORED = "The state was restored while execution {} ran; its result was dropped."
_OUR_FAULT = "The emulator failed while it ran this execution; its log has the traceback."
_ENDLESS = float("inf")


class Answer(NamedTuple):
    """An execution as its creator sees it: the only time the function's body is there."""

    execution: Execution
    body: bytes = b""
    headers: Headers = ()
    crashed: bool = False  # the process ended, or could not be started


class Executions:
    """The executions of all projects."""

    def __init__(
        self, ground: Ground, functions: Functions, deployments: Deployments, runs: Runs
    ) -> None:
        self._ground = ground
        self._functions = functions
        self._deployments = deployments
        self._runs = runs
        self._records = Records(
            ground, Execution, owner="functionId", searched=("$id", "functionId")
        )
        self._pending: dict[str, anyio.Event] = {}  # set when the execution has ended

    async def create(self, caller: Caller, function_id: str, request: ExecutionRequest) -> Answer:
        """Run the function now, later or in the background, as `request` says.

        What is scheduled runs in the background. Raises ApiError in this order: function_not_found,
        function_runtime_unsupported, deployment_not_found, build_not_ready, user_unauthorized,
        and function_synchronous_timeout after the run. Source: Appwrite 1.9.6.
        """
        function = self._functions.get_for(caller, function_id)
        deployment = self._active(function)
        permissions.require_execute(caller, function)
        run = self._runs.accept(caller, function, deployment, request)
        if request.scheduled_at:
            return Answer(self._add(run, status=ExecutionStatus.SCHEDULED))
        if request.is_async:
            execution = self._add(run, status=ExecutionStatus.WAITING)
            self._begin(run)
            return Answer(execution)
        return await self._run_now(run)

    async def visit(self, project: str, function_id: str, request: ExecutionRequest) -> Answer:
        """Run the function for a visitor of its domain, who is nobody whatever the headers say.

        Raises ApiError in the order of the emulator's era: function_not_found, also when it is
        disabled, function_runtime_unsupported, deployment_not_found (1.9: before all others),
        build_not_ready, what `permissions.require_visitors` raises, and
        function_synchronous_timeout after the run. Source: Appwrite 1.6.2 and 1.9.6, router.
        """
        era = self._ground.config.appwrite
        function = self._functions.get(project, function_id)
        if era == "1.9" and not self._deployments.find(function, function.deployment_id):
            raise ApiError("deployment_not_found")
        if not function.enabled:
            raise ApiError("function_not_found")
        deployment = self._active(function)
        permissions.require_visitors(function, era)
        return await self._run_now(
            self._runs.accept(Caller(project), function, deployment, request)
        )

    def enqueue(self, function: Function, request: ExecutionRequest, cause: Cause) -> Execution:
        """Store an execution that waits, and run it in the background."""
        deployment = self._active(function)
        run = self._runs.accept_caused(function, deployment, request, cause)
        execution = self._add(run, status=ExecutionStatus.WAITING)
        self._begin(run)
        return execution

    def refuse(
        self, function: Function, request: ExecutionRequest, cause: Cause, reason: str
    ) -> Execution:
        """Store an execution that failed for `reason` without being run."""
        run = self._runs.accept_caused(function, self._active(function), request, cause)
        return self._add(run, status=ExecutionStatus.FAILED, errors=reason)

    def _add(self, run: Run, **fields: Any) -> Execution:
        born = self._records.born(run.function.project)
        return self._records.add(self._runs.execution(run, born, **fields))

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
            view=shown if self._pending else None,
            functionId=function.id,
        )

    def _is_late(self, function: Function, status: str, created_at: str) -> bool:
        """Whether an execution that has not ended should have: Appwrite 1.9.6 says that it failed,
        except to who asks for those that wait or run."""
        if self._ground.config.appwrite == "1.6" or status not in _UNDER_WAY:
            return False
        begun = datetime.fromisoformat(created_at)
        return (self._ground.clock.now() - begun).total_seconds() >= function.timeout

    async def finished(self, project: str, id: str) -> None:
        """Return once the execution, if it runs in the background, has ended."""
        if pending := self._pending.get(f"{project}/{id}"):
            await pending.wait()

    async def texts(self, execution: Execution) -> tuple[str, str]:
        """(logs, errors) of an execution, read from Files where they are long."""
        files = self._ground.files
        logs, errors = execution.logs, execution.errors
        if execution.logs_file:
            logs = await anyio.to_thread.run_sync(files.read_log, execution.logs_file)
        if execution.errors_file:
            errors = await anyio.to_thread.run_sync(files.read_log, execution.errors_file)
        return logs, errors

    def delete(self, caller: Caller, function_id: str, id: str) -> None:
        """Forget an execution that ended or is still to come.

        Raises ApiError function_not_found, execution_not_found, execution_in_progress.
        """
        execution = self.get(caller, function_id, id)
        if execution.status in _UNDER_WAY:
            raise ApiError("execution_in_progress")
        self._records.remove([execution])

    def count_by_status(self) -> dict[str, int]:
        """How many executions of all projects there are in each status."""
        return self._records.count_by("status")

    def delete_of(self, function: Function) -> None:
        """Remove all executions of a function that is being deleted."""
        self._records.remove(self._records.all(project=function.project, functionId=function.id))

    def delete_older(self, moment: str, most: int) -> int:
        """Forget what was created before `moment` and does not run, `most` of it at most; how many
        there were."""

        def is_old(row: Row) -> bool:
            return row["$createdAt"] < moment and row["status"] not in _UNDER_WAY

        return self._records.drop_oldest(most, only=is_old)

    def log_names(self) -> set[str]:
        """The files below logs/ that an execution needs."""
        rows = self._records.all()
        return {name for each in rows for name in (each.logs_file, each.errors_file) if name}

    def recover(self, reason: str = _INTERRUPTED) -> int:
        """Fail what nobody goes on with, saying why; how many there were."""
        unfinished = [
            execution
            for status in _UNDER_WAY
            for execution in self._records.all(status=str(status))
        ]
        for execution in unfinished:
            self._fail(execution, reason)
        return len(unfinished)

    def _active(self, function: Function) -> Deployment:
        runtime = self._ground.catalog.runtime(function.runtime)
        if runtime is None:
            message = f'Runtime "{function.runtime}" is not supported'
            raise ApiError("function_runtime_unsupported", message)
        deployment = self._deployments.find(function, function.deployment_id)
        if deployment is None:
            raise ApiError("deployment_not_found", _NOT_DEPLOYED)
        if deployment.status != DeploymentStatus.READY:
            raise ApiError("build_not_ready")
        return deployment

    async def _run_now(self, run: Run) -> Answer:
        limit = self._ground.config.sync_timeout
        work = run.work
        self._ground.under_way.begin(work)
        try:
            result = await self._runs.perform(run, limit=limit)
            outcome = await self._runs.outcome(run, result)
            self._ground.epochs.check(run.function.project, run.epoch)
        except EpochPassed as exc:
            raise ApiError("emulator_restored", _RESTORED.format(run.id)) from exc
        finally:
            self._ground.under_way.end(work)
        execution = self._add_if_wanted(run, outcome)
        if result.outcome is Outcome.TIMED_OUT and run.function.timeout > limit:
            raise ApiError("function_synchronous_timeout")
        headers = (*result.headers, ("x-appwrite-execution-id", execution.id))
        return Answer(execution, result.body, headers, result.outcome is Outcome.CRASHED)

    def _add_if_wanted(self, run: Run, outcome: dict[str, Any]) -> Execution:
        """Store the execution, unless its function was deleted meanwhile."""
        if not self._functions.is_there(run.function):
            born = self._records.born(run.function.project)
            return self._runs.execution(run, born, **outcome)
        execution = self._add(run, **outcome)
        self._trim()
        return execution

    def _begin(self, run: Run) -> None:
        self._pending[_key(run)] = anyio.Event()
        self._ground.under_way.begin(run.work)
        self._ground.start(self._run_in_background, run)

    async def _run_in_background(self, run: Run) -> None:
        try:
            await self._perform_stored(run)
        except EpochPassed:
            logger.info(_RESTORED.format(run.id), extra={"action": "drop_execution", "id": run.id})
        except Exception:  # one execution's turn: the others must go on
            logger.exception("execution %s failed in the emulator", run.id)
            if current := self._current(run):
                self._fail(current, _OUR_FAULT)
        finally:
            self._pending.pop(_key(run)).set()
            self._ground.under_way.end(run.work)

    async def _perform_stored(self, run: Run) -> None:
        """Run an execution that has a row, unless it was deleted meanwhile."""
        self._ground.epochs.check(run.function.project, run.epoch)
        current = self._current(run)
        if current is None:
            return
        self._records.change(current, status=ExecutionStatus.PROCESSING)
        result = await self._runs.perform(run, limit=_ENDLESS)
        outcome = await self._runs.outcome(run, result)
        self._ground.epochs.check(run.function.project, run.epoch)
        if current := self._current(run):
            self._records.change(current, **outcome)
            self._trim()

    def _current(self, run: Run) -> Execution | None:
        """The row as it is now; None when it was deleted."""
        return self._records.get(run.function.project, run.id)

    def _fail(self, execution: Execution, reason: str) -> None:
        self._records.change(
            execution, status=ExecutionStatus.FAILED, response_status_code=500, errors=reason
        )

    def _trim(self) -> None:
        """Drop the oldest finished executions, a few at a time, once there are 5 % too many."""
        keep = self._ground.config.keep_executions
        excess = len(self._records) - keep
        if excess > keep // 20:
            self._records.drop_oldest(
                excess, only=lambda row: ExecutionStatus(row["status"]).is_final
            )


def _key(run: Run) -> str:
    return f"{run.function.project}/{run.id}"
