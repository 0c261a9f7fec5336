"""The background: runs of functions that nobody waits for, each begun once at most."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from typing import Any

import anyio

from ..errors import ApiError, resolve
from ..models import Errand, Execution, ExecutionStatus, Function, Row, Trigger
from ..state import EpochPassed, StateWriteFailed
from .backlog import Backlog, Turn
from .errands import BodyLost, Errands
from .events import Happening
from .functions import Functions
from .ground import Ground
from .live_logs import ENDED, Facts
from .outcomes import outcome
from .records import Records
from .runs import Cause, ExecutionRequest, Run, Runs
from .under_way import Work, WorkKind

logger = logging.getLogger(__name__)

UNDER_WAY = (ExecutionStatus.WAITING, ExecutionStatus.PROCESSING)
"""What has begun to be waited for and has not ended."""
_TO_COME = (ExecutionStatus.WAITING, ExecutionStatus.SCHEDULED)
_ENDED = "functions.[functionId].executions.[executionId].update"
_REFUSALS = {
    "deployment_not_found": (
        "The execution could not be completed because a corresponding deployment was not found. "
        "A function deployment needs to be created before it can be executed. Please create a "
        "deployment for your function and try again."
    ),
    "build_not_ready": (
        "The execution could not be completed because the build is not ready. Please wait for "
        "the build to complete and try again."
    ),
}
_INTERRUPTED = "The emulator stopped before this execution had ended."
_RESTORED = "The state was restored while execution %s ran; its result was dropped."
_OUR_FAULT = "The emulator failed while it ran this execution; its log has the traceback."
_FORGOTTEN = (
    "What this execution was to be called with was not kept: an earlier version of the emulator "
    "accepted it. Create it again."
)


class Background:
    """Accepts runs, begins them in turn, and stores and tells what came of them."""

    def __init__(
        self,
        ground: Ground,
        records: Records[Execution],
        errands: Errands,
        functions: Functions,
        runs: Runs,
    ) -> None:
        self._ground = ground
        self._records = records
        self._errands = errands
        self._functions = functions
        self._runs = runs
        # Half of the workers are left to those who wait for an answer.
        bound = max(1, ground.config.workers // 2)
        self._backlog = Backlog(ground.start, self._perform, bound)
        self._pending: dict[str, anyio.Event] = {}  # set when the execution has ended

    def __len__(self) -> int:
        """How many runs were accepted and have not ended; those to come later do not count."""
        return len(self._pending)

    def accept(self, function: Function, request: ExecutionRequest, cause: Cause) -> Execution:
        """Store an execution with all that it needs, and let it run in turn or at its moment.

        Which deployment answers, and whether there is one, shows when it begins.
        """
        born = self._records.born(function.project)
        execution = self._runs.to_come(function, request, cause, born)
        execution = self._errands.add(execution, request, cause)
        if execution.status == ExecutionStatus.WAITING:
            self._queue(execution)
        return execution

    def refuse(
        self, function: Function, request: ExecutionRequest, cause: Cause, reason: str
    ) -> Execution:
        """Store an execution that failed for `reason` and never has its turn."""
        born = self._records.born(function.project)
        execution = self._runs.to_come(function, request, cause, born)
        failed = replace(execution, status=ExecutionStatus.FAILED, errors=reason)
        self._tell_refusal(failed, cause.event, cause.user_id)
        return self._records.add(failed)

    def begin_scheduled(self, project: str, id: str) -> None:
        """Let a scheduled execution, whose moment has come, run in turn; nothing if it is gone."""
        execution = self._records.get(project, id)
        if execution is None or execution.status != ExecutionStatus.SCHEDULED:
            return
        if f"{project}/{id}" not in self._pending:
            self._queue(execution)

    def remove(self, executions: list[Execution]) -> None:
        """Delete executions; those that have not begun never will."""
        self._errands.remove(executions)

    def trim(self) -> None:
        """Delete the oldest executions that have ended, once there are too many of them."""
        keep = self._ground.config.keep_executions
        self._records.trim(keep, only=is_final, others=len(self._errands))

    async def finished(self, project: str, id: str) -> None:
        """Return once the execution, if it waits for its turn or runs, has ended."""
        if pending := self._pending.get(f"{project}/{id}"):
            await pending.wait()

    def recover(self) -> None:
        """Go on after a stop: what had not begun is queued anew, what ran has failed."""
        for execution in self._records.all(status=str(ExecutionStatus.PROCESSING)):
            self._fail(execution, _INTERRUPTED)
        for execution in self._records.all(status=str(ExecutionStatus.WAITING)):
            if self._errands.find(execution.project, execution.id):
                self._queue(execution)
            else:
                self._fail(execution, _INTERRUPTED)

    def fail_unfinished(self, reason: str) -> None:
        """Fail what waits for its turn or runs according to the rows, saying why."""
        for row in [row for row in self._records.rows() if row["status"] in UNDER_WAY]:
            self._fail(Execution.from_row(row), reason)

    def drop(self, project: str = "") -> None:
        """Forget what waits for its turn in `project`, or in all: its rows are to be replaced."""
        for turn in self._backlog.drop(project):
            self._is_over(turn.work)

    def close(self) -> None:
        """Begin nothing any more: what waits is left to the next start."""
        self._backlog.close()

    def _queue(self, execution: Execution) -> None:
        project, work = execution.project, _work(execution)
        self._pending[f"{project}/{work.id}"] = anyio.Event()
        self._ground.under_way.begin(work)
        epoch, is_event = self._ground.epochs.of(project), execution.trigger == Trigger.EVENT
        self._backlog.add(Turn(work, epoch, is_alone=is_event))

    def _is_over(self, work: Work) -> None:
        self._pending.pop(f"{work.project}/{work.id}").set()
        self._ground.under_way.end(work)

    async def _perform(self, turn: Turn, begun: Callable[[], None]) -> None:
        project, id = turn.work.project, turn.work.id
        try:
            await self._run(turn, begun)
        except EpochPassed:
            logger.info(_RESTORED, id, extra={"action": "drop_execution", "id": id})
        except Exception:  # one execution's turn: the others must go on
            logger.exception("execution %s failed in the emulator", id)
            with suppress(StateWriteFailed):  # perhaps just that has failed
                current = self._records.get(project, id)
                if current and not ExecutionStatus(current.status).is_final:
                    self._fail(current, _OUR_FAULT)
                    self._let_see(current, _OUR_FAULT)
        finally:
            self._is_over(turn.work)

    async def _run(self, turn: Turn, begun: Callable[[], None]) -> None:
        """Begin what has its turn, unless it was deleted meanwhile."""
        project, id = turn.work.project, turn.work.id
        errand, body, lost = self._errands.find(project, id), b"", _FORGOTTEN
        try:
            if errand is not None:
                body = await self._errands.body(errand)
        except BodyLost as exc:
            errand, lost = None, str(exc)
        await self._freshen(project, id)
        self._ground.epochs.check(project, turn.epoch)
        execution = self._records.get(project, id)
        if execution is None or execution.status not in _TO_COME:
            return
        if errand is None:
            self._fail(execution, lost)
            self._let_see(execution, lost)
            return
        if run := self._begin(execution, errand, body):
            await self._end(run, errand, begun)

    async def _freshen(self, project: str, id: str) -> None:
        """Wait until the code that it is to run is that of now; when that takes too long, the
        run tells so itself."""
        execution = self._records.get(project, id)
        function = self._functions.find(project, execution.function_id) if execution else None
        if function and (news := self._runs.freshen(function)):
            with suppress(ApiError):
                await news

    def _begin(self, execution: Execution, errand: Errand, body: bytes) -> Run | None:
        """Mark the execution as begun by the deployment that is active now; None without one."""
        try:
            function = self._functions.get(execution.project, execution.function_id)
            deployment = self._runs.active(function)
        except ApiError as exc:
            self._refuse(execution, errand, exc)
            return None
        run = self._runs.resume(execution, errand, body, function, deployment)
        self._errands.end_wait(
            execution, status=ExecutionStatus.PROCESSING, deployment_id=deployment.id
        )
        return run

    async def _end(self, run: Run, errand: Errand, begun: Callable[[], None]) -> None:
        """Run what has begun, and store and tell what came of it."""
        try:
            result = await self._runs.perform(run, limit=None, on_begin=begun)
        except ApiError as exc:  # its deployment was built for a runtime that is there no more
            reason = self._text_of(exc)
            failed = {"status": ExecutionStatus.FAILED, "response_status_code": 500}
            self._conclude(run, errand, failed | {"errors": reason}, ("", reason))
            return
        texts = (result.logs, result.errors) if run.function.logging else ("", "")
        fields = await outcome(result, self._ground.files, is_logged=run.function.logging)
        self._conclude(run, errand, fields, texts)

    def _conclude(
        self, run: Run, errand: Errand, fields: dict[str, Any], texts: tuple[str, str]
    ) -> None:
        """Store how it ended, and tell of it, unless it was deleted meanwhile."""
        self._ground.epochs.check(run.function.project, run.epoch)
        if current := self._records.get(run.function.project, run.id):
            self._tell(self._records.change(current, **fields), errand, texts)
            self.trim()

    def _refuse(self, execution: Execution, errand: Errand, error: ApiError) -> None:
        """Nothing can answer: the execution fails. Of those by events and ticks nobody is told.

        Source: Appwrite 1.6.2 and 1.9.6, which let those that somebody asked for wait for ever.
        """
        reason = self._text_of(error)
        failed = self._errands.end_wait(
            execution, status=ExecutionStatus.FAILED, deployment_id="", errors=reason
        )
        self._tell_refusal(failed, errand.event, errand.user_id)
        if execution.trigger == Trigger.HTTP or execution.scheduled_at:
            self._tell(failed, errand, ("", reason))

    def _tell_refusal(self, execution: Execution, event: str, user_id: str) -> None:
        """Tell live that it has failed without being run."""
        live_logs, work = self._ground.live_logs, _work(execution)
        live_logs.tell(work, "error", execution.errors)
        live_logs.happens(work, ENDED, lambda: ("refused", _refusal(execution, event, user_id)))
        self._let_see(execution, execution.errors, event, user_id)

    def _let_see(
        self, execution: Execution, reason: str, event: str = "", user_id: str = ""
    ) -> None:
        """Let whoever wants to know see that it has failed without being run."""
        if self._runs.on_refusal is not None:
            failed = replace(execution, status=ExecutionStatus.FAILED, errors=reason)
            self._runs.on_refusal(failed, event, user_id)

    def _text_of(self, error: ApiError) -> str:
        row = resolve(error, self._ground.config.appwrite)
        return _REFUSALS.get(error.type, row.message)

    def _tell(self, execution: Execution, errand: Errand, texts: tuple[str, str]) -> None:
        """Fire the event of an execution's end; `texts` are its logs and errors."""
        events = self._ground.events
        params = {"functionId": execution.function_id, "executionId": execution.id}
        events.publish(
            Happening(execution.project, _ENDED, params, errand.user_id, errand.depth),
            lambda: events.wording.execution(execution, texts),
        )

    def _fail(self, execution: Execution, reason: str) -> None:
        self._errands.end_wait(
            execution, status=ExecutionStatus.FAILED, response_status_code=500, errors=reason
        )


def is_final(row: Row) -> bool:
    """Whether the execution of a row has ended."""
    return ExecutionStatus(row["status"]).is_final


def _refusal(execution: Execution, event: str, user_id: str) -> Facts:
    return {
        "trigger": str(execution.trigger),
        "event": event,
        "userId": user_id,
        "method": execution.request_method,
        "path": execution.request_path,
        "deploymentId": "",
        "status": str(execution.status),
        "outcome": "refused",
        "responseStatusCode": 0,
        "duration": 0.0,
        "cold": False,
    }


def _work(execution: Execution) -> Work:
    return Work(WorkKind.EXECUTION, execution.project, execution.function_id, execution.id)
