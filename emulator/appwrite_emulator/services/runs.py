"""The run itself: what user code is called with, and what is kept of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

import anyio

from ..catalog import InterpreterMissing
from ..execution import context
from ..execution.executor import Call, Executor, Outcome, Result
from ..execution.logs import LogLine
from ..models import (
    Caller,
    Deployment,
    Execution,
    ExecutionStatus,
    Function,
    Trigger,
    unique_id,
)
from .ground import Ground
from .jwts import Jwts
from .live_logs import Voice
from .plans import Plan, Plans
from .records import Birth
from .under_way import Work, WorkKind

LONG_LOG = 16 * 1024  # characters a row holds itself; longer logs lie in Files


class ExecutionRequest(NamedTuple):
    """What a caller asks to be run."""

    body: bytes = b""
    path: str = "/"
    method: str = "POST"
    headers: Mapping[str, str] = MappingProxyType({})
    is_async: bool = False
    scheduled_at: str | None = None
    client_ip: str = ""


class Cause(NamedTuple):
    """What calls a function when nobody asks for it."""

    trigger: Trigger
    event: str = ""  # its most specific name
    user_id: str = ""  # who did what the event tells of
    depth: int = 0  # how many events, each caused by the one before, led to it


class Run(NamedTuple):
    """A run that was accepted, with all it needs. Its execution may have a row already or not."""

    id: str
    began: str
    function: Function
    deployment: Deployment
    request: ExecutionRequest
    origin: context.Origin
    epoch: int  # of the project when the run was accepted; a restore ends it
    depth: int = 0  # how many events, each caused by the one before, led to it

    @property
    def work(self) -> Work:
        """The run as one of the things under way."""
        return Work(WorkKind.EXECUTION, self.function.project, self.function.id, self.id)


class Runs:
    """Runs user code for executions."""

    def __init__(self, ground: Ground, plans: Plans, executor: Executor, jwts: Jwts) -> None:
        self._ground = ground
        self._plans = plans
        self._executor = executor
        self._jwts = jwts
        stored = context.STORED_REQUEST_HEADERS
        is_old = ground.config.appwrite == "1.6"
        self._stored = stored if is_old else stored | {"x-appwrite-client-ip"}

    def accept(
        self, caller: Caller, function: Function, deployment: Deployment, request: ExecutionRequest
    ) -> Run:
        """The run that `request` asks for; nothing is stored."""
        origin = context.Origin(
            Trigger.HTTP,
            user_id=caller.user_id,
            user_jwt=self._user_jwt(caller, function, request) if caller.user_id else "",
            event="" if request.is_async else None,
            client_ip=request.client_ip,
        )
        now, epoch = self._ground.now(), self._ground.epochs.of(function.project)
        return Run(unique_id(), now, function, deployment, request, origin, epoch, caller.depth)

    def accept_caused(
        self, function: Function, deployment: Deployment, request: ExecutionRequest, cause: Cause
    ) -> Run:
        """The run that `cause` leads to; nothing is stored."""
        origin = context.Origin(cause.trigger, user_id=cause.user_id, event=cause.event)
        now, epoch = self._ground.now(), self._ground.epochs.of(function.project)
        return Run(unique_id(), now, function, deployment, request, origin, epoch, cause.depth)

    def execution(self, run: Run, born: Birth, **fields: Any) -> Execution:
        """The record of `run` with further `fields`."""
        request, user_id = run.request, run.origin.user_id
        headers = list(request.headers.items())
        if request.client_ip:
            headers.append(("x-appwrite-client-ip", request.client_ip))
        born["created_at"] = run.began
        return Execution(
            id=run.id,
            **born,
            permissions=(f'read("user:{user_id}")',) if user_id else (),
            function_id=run.function.id,
            deployment_id=run.deployment.id,
            trigger=Trigger.SCHEDULE if request.scheduled_at else run.origin.trigger,
            request_method=request.method,
            request_path=request.path,
            request_headers=context.stored_headers(headers, self._stored),
            scheduled_at=request.scheduled_at,
            **fields,
        )

    async def perform(self, run: Run, *, limit: float) -> Result:
        """Run the function for at most its timeout and `limit` seconds; nothing is stored.

        What goes wrong with the function is part of the result. Raises EpochPassed when the state
        was restored before the function could be called.
        """
        voice = Voice(self._ground.live_logs, run.work)
        try:
            plan = await self._plans.get(run.function, run.deployment)
        except InterpreterMissing as exc:
            voice.say(LogLine("error", str(exc)))
            return _platform_failure(str(exc))
        self._ground.epochs.check(run.function.project, run.epoch)
        call = self._call(run, plan, limit)
        result = await self._executor.run(plan.target, call, on_log=voice.say)
        voice.end()
        return result

    def _call(self, run: Run, plan: Plan, limit: float) -> Call:
        function, request = run.function, run.request
        headers = context.request_headers(
            request.headers, run.origin, execution_id=run.id, key=self._key(run)
        )
        context.add_transport_headers(
            headers, request.body, host=plan.host, authorization=plan.authorization
        )
        scheme, host, port = context.address(headers)
        path, query = context.split_path(request.path)
        return Call(
            id=run.id,
            method=request.method,
            scheme=scheme,
            host=host,
            port=port,
            path=path,
            query_string=query,
            headers=tuple(headers.items()),
            body=request.body,
            timeout=min(function.timeout, limit),
            logging=function.logging,
        )

    def _key(self, run: Run) -> str:
        lifetime = self._lifetime(run.function)
        return self._plans.keys.issue(run.function, seconds=lifetime, depth=run.depth)

    def _user_jwt(self, caller: Caller, function: Function, request: ExecutionRequest) -> str:
        if request.scheduled_at:
            return ""  # issued when it runs
        lifetime = self._lifetime(function)
        return self._jwts.for_run(caller, is_sync=not request.is_async, seconds=lifetime)

    def _lifetime(self, function: Function) -> int:
        """Seconds that keys and tokens given to a run of `function` are valid."""
        return function.timeout + (60 if self._ground.config.appwrite == "1.9" else 0)

    async def outcome(self, run: Run, result: Result) -> dict[str, Any]:
        """The fields of an execution that its result decides."""
        is_logged = run.function.logging
        logs, logs_file = await self._keep_log(result.logs if is_logged else "")
        errors, errors_file = await self._keep_log(result.errors if is_logged else "")
        headers = context.stored_headers(result.headers, context.STORED_RESPONSE_HEADERS)
        return {
            "status": ExecutionStatus.COMPLETED if result.status < 500 else ExecutionStatus.FAILED,
            "response_status_code": result.status,
            "response_headers": headers,
            "logs": logs,
            "logs_file": logs_file,
            "errors": errors,
            "errors_file": errors_file,
            "duration": result.duration,
        }

    async def _keep_log(self, text: str) -> tuple[str, str]:
        if len(text) <= LONG_LOG:
            return text, ""
        return "", await anyio.to_thread.run_sync(self._ground.files.write_log, text)


def _platform_failure(message: str) -> Result:
    """A failure before user code ran; the two characters before `Error` are as upstream."""
    return Result(
        outcome=Outcome.CRASHED,
        status=500,
        headers=(),
        body=b"",
        logs="",
        errors=f"{message}\\nError Code: 500",
        duration=0.0,
        cold=True,
    )
