"""The run itself: what user code is called with, and what is kept of its answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import anyio

from ..catalog import InterpreterMissing
from ..execution import context
from ..execution.executor import Call, Executor, Outcome, Result
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
from .plans import Plan, Plans
from .records import Birth

LONG_LOG = 16 * 1024  # characters a row holds itself; longer logs lie in Files


@dataclass(frozen=True, slots=True)
class ExecutionRequest:
    """What a caller asks to be run."""

    body: bytes = b""
    path: str = "/"
    method: str = "POST"
    headers: Mapping[str, str] = field(default_factory=dict)
    is_async: bool = False
    scheduled_at: str | None = None
    client_ip: str = ""


@dataclass(frozen=True, slots=True)
class Run:
    """An execution that is about to begin, with all it needs."""

    execution: Execution
    function: Function
    deployment: Deployment
    request: ExecutionRequest
    origin: context.Origin
    epoch: int  # of the state when the run was accepted; a restore ends it


class Runs:
    """Runs user code for executions."""

    def __init__(self, ground: Ground, plans: Plans, executor: Executor) -> None:
        self._ground = ground
        self._plans = plans
        self._executor = executor
        stored = context.STORED_REQUEST_HEADERS
        is_old = ground.config.appwrite == "1.6"
        self._stored = stored if is_old else stored | {"x-appwrite-client-ip"}

    def prepare(
        self,
        caller: Caller,
        function: Function,
        deployment: Deployment,
        request: ExecutionRequest,
        *,
        born: Birth,
    ) -> Run:
        """The execution that `request` asks for, with all it needs; nothing is stored."""
        headers = dict(request.headers)
        if request.client_ip:
            headers["x-appwrite-client-ip"] = request.client_ip
        status = ExecutionStatus.SCHEDULED if request.scheduled_at else ExecutionStatus.WAITING
        execution = Execution(
            id=unique_id(),
            **born,
            permissions=(f'read("user:{caller.user_id}")',) if caller.user_id else (),
            function_id=function.id,
            deployment_id=deployment.id,
            trigger=Trigger.SCHEDULE if request.scheduled_at else Trigger.HTTP,
            status=status,
            request_method=request.method,
            request_path=request.path,
            request_headers=context.stored_headers(headers.items(), self._stored),
            scheduled_at=request.scheduled_at,
        )
        origin = context.Origin(
            Trigger.HTTP,
            user_id=caller.user_id,
            event="" if request.is_async else None,
            client_ip=request.client_ip,
        )
        return Run(execution, function, deployment, request, origin, self._ground.state.epoch)

    async def perform(self, run: Run, *, limit: float) -> tuple[Execution, Result]:
        """Run the function for at most its timeout and `limit` seconds; nothing is stored.

        What goes wrong with the function is part of the result.
        """
        try:
            plan = await self._plans.get(run.function, run.deployment)
        except InterpreterMissing as exc:
            result = _platform_failure(str(exc))
        else:
            result = await self._executor.run(plan.target, self._call(run, plan, limit))
        return await self._finished(run, result), result

    def _call(self, run: Run, plan: Plan, limit: float) -> Call:
        function, request = run.function, run.request
        headers = context.request_headers(
            request.headers, run.origin, execution_id=run.execution.id, key=self._key(function)
        )
        context.add_transport_headers(
            headers,
            request.body,
            host=f"{function.project}-{run.deployment.id}:3000",
            secret=plan.secret,
            era=self._ground.config.appwrite,
        )
        scheme, host, port = context.address(headers)
        path, query = context.split_path(request.path)
        return Call(
            id=run.execution.id,
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

    def _key(self, function: Function) -> str:
        grace = 60 if self._ground.config.appwrite == "1.9" else 0
        return self._plans.keys.issue(function, seconds=function.timeout + grace)

    async def _finished(self, run: Run, result: Result) -> Execution:
        is_logged = run.function.logging
        logs, logs_file = await self._keep_log(result.logs if is_logged else "")
        errors, errors_file = await self._keep_log(result.errors if is_logged else "")
        status = ExecutionStatus.COMPLETED if result.status < 500 else ExecutionStatus.FAILED
        return replace(
            run.execution,
            updated_at=self._ground.now(),
            status=status,
            response_status_code=result.status,
            response_headers=context.stored_headers(
                result.headers, context.STORED_RESPONSE_HEADERS
            ),
            logs=logs,
            logs_file=logs_file,
            errors=errors,
            errors_file=errors_file,
            duration=result.duration,
        )

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
