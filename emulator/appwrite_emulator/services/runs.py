"""The run itself: what user code is called with, and what is kept of its answer."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any, NamedTuple

from ..catalog import InterpreterMissing
from ..errors import ApiError
from ..execution import context
from ..execution.executor import Call, Executor, Outcome, Result
from ..execution.logs import LogLine
from ..models import (
    Caller,
    Deployment,
    DeploymentStatus,
    Errand,
    Execution,
    ExecutionStatus,
    Function,
    Trigger,
    unique_id,
)
from .deployments import Deployments
from .ground import Ground
from .jwts import Jwts
from .live_logs import BEGAN, ENDED, Facts, Voice
from .plans import Plan, Plans
from .records import Birth
from .under_way import Work, WorkKind

_DROPPED = {
    "status": str(ExecutionStatus.FAILED),
    "outcome": "dropped",
    "responseStatusCode": 0,
    "duration": 0.0,
    "cold": False,
}
_NOT_DEPLOYED = "Deployment not found. Create a deployment before trying to execute a function"


_DAY = 86_400  # seconds


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
    """What calls a function when nobody waits for its answer."""

    trigger: Trigger
    event: str = ""  # its most specific name
    user_id: str = ""  # who asked for it, or did what the event tells of
    depth: int = 0  # how many events, each caused by the one before, led to it
    home: str = ""  # the project whose user he is; empty when the run gets no token of his
    session_id: str = ""  # what the token names beside him

    @classmethod
    def of(cls, caller: Caller, request: ExecutionRequest) -> Cause:
        """What makes `request` of `caller` run: what is scheduled gets a token without a session.

        Source: Appwrite 1.6.2 and 1.9.6.
        """
        is_scheduled = request.scheduled_at is not None
        return cls(
            Trigger.SCHEDULE if is_scheduled else Trigger.HTTP,
            user_id=caller.user_id,
            depth=caller.depth,
            home=caller.home if caller.user_id else "",
            session_id="" if is_scheduled else caller.session_id,
        )


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

    def __init__(
        self, ground: Ground, deployments: Deployments, plans: Plans, executor: Executor, jwts: Jwts
    ) -> None:
        self._ground = ground
        self._deployments = deployments
        self._plans = plans
        self._executor = executor
        self._jwts = jwts
        stored = context.STORED_REQUEST_HEADERS
        is_old = ground.config.appwrite == "1.6"
        self._stored = stored if is_old else stored | {"x-appwrite-client-ip"}
        self.freshen: Callable[[Function], Awaitable[None] | None] = lambda function: None
        """What must be awaited before `active`, so that a call meets the code of now."""
        self.on_end: Callable[[Run, Result], None] | None = None
        """Told of every run with its result, if anybody wants to know."""
        self.on_refusal: Callable[[Execution, str, str], None] | None = None
        """Told of every execution that has failed without being run, with event and user."""
        self.is_inspected: Callable[[Function], bool] = lambda function: False
        """Whether a run may take any time, since it stops where its debugger says."""

    def active(self, function: Function) -> Deployment:
        """The deployment that answers the calls of `function`.

        Raises ApiError function_runtime_unsupported, deployment_not_found, build_not_ready.
        """
        if self._ground.catalog.runtime(function.runtime) is None:
            message = f'Runtime "{function.runtime}" is not supported'
            raise ApiError("function_runtime_unsupported", message)
        deployment = self._deployments.find(function, function.deployment_id)
        if deployment is None:
            raise ApiError("deployment_not_found", _NOT_DEPLOYED)
        if deployment.status != DeploymentStatus.READY:
            raise ApiError("build_not_ready")
        return deployment

    def is_deployed(self, function: Function) -> bool:
        """Whether the function has an active deployment, ready or not."""
        return self._deployments.find(function, function.deployment_id) is not None

    def accept(
        self, caller: Caller, function: Function, deployment: Deployment, request: ExecutionRequest
    ) -> Run:
        """The run whose end `caller` waits for; nothing is stored."""
        jwt = self._jwts.for_run(caller, seconds=self._lifetime(function))
        origin = context.Origin(
            Trigger.HTTP, user_id=caller.user_id, user_jwt=jwt, client_ip=request.client_ip
        )
        now, epoch = self._ground.now(), self._ground.epochs.of(function.project)
        return Run(unique_id(), now, function, deployment, request, origin, epoch, caller.depth)

    def resume(
        self,
        execution: Execution,
        errand: Errand,
        body: bytes,
        function: Function,
        deployment: Deployment,
    ) -> Run:
        """The run of an execution that waited, with a token issued now."""
        project, jwt = execution.project, ""
        if errand.home:
            seconds, session = self._lifetime(function), errand.session_id or None
            jwt = self._jwts.lend(errand.home, errand.user_id, session, seconds=seconds)
        trigger = Trigger(execution.trigger)
        origin = context.Origin(trigger, errand.user_id, jwt, errand.event, errand.client_ip)
        request = ExecutionRequest(
            body=body,
            path=execution.request_path,
            method=execution.request_method,
            headers=dict(errand.headers),
            client_ip=errand.client_ip,
        )
        began, epoch = execution.created_at, self._ground.epochs.of(project)
        return Run(execution.id, began, function, deployment, request, origin, epoch, errand.depth)

    def execution(self, run: Run, born: Birth, **fields: Any) -> Execution:
        """The record of `run` with further `fields`."""
        born["created_at"] = run.began
        return Execution(
            id=run.id,
            **born,
            **self._asked(run.function, run.request),
            permissions=_read_by(run.origin.user_id),
            deployment_id=run.deployment.id,
            trigger=run.origin.trigger,
            **fields,
        )

    def to_come(
        self, function: Function, request: ExecutionRequest, cause: Cause, born: Birth
    ) -> Execution:
        """The record of a run that waits for its turn, or for its moment."""
        scheduled_at = request.scheduled_at
        return Execution(
            id=unique_id(),
            **born,
            **self._asked(function, request),
            permissions=_read_by(cause.user_id),
            deployment_id=function.deployment_id,
            trigger=cause.trigger,
            status=ExecutionStatus.SCHEDULED if scheduled_at else ExecutionStatus.WAITING,
            scheduled_at=scheduled_at,
        )

    def _asked(self, function: Function, request: ExecutionRequest) -> dict[str, Any]:
        """What a record keeps of a request."""
        headers = list(request.headers.items())
        if request.client_ip:
            headers.append(("x-appwrite-client-ip", request.client_ip))
        return {
            "function_id": function.id,
            "request_method": request.method,
            "request_path": request.path,
            "request_headers": context.stored_headers(headers, self._stored),
        }

    async def perform(
        self, run: Run, *, limit: float | None, on_begin: Callable[[], None] = lambda: None
    ) -> Result:
        """Run the function for at most its timeout and `limit` seconds; nothing is stored.

        Without a limit nobody waits: then it may take any time until a worker is free, and the
        timeout counts from there. `on_begin` is called when a worker is about to get the call.
        What goes wrong with the function is part of the result. Raises EpochPassed when the state
        was restored before the function could be called.
        """
        voice = Voice(self._ground.live_logs, run.work)
        voice.happens(BEGAN, lambda: ("began", _facts(run)))
        try:
            plan = await self._plans.get(run.function, run.deployment)
            self._ground.epochs.check(run.function.project, run.epoch)
            call = self._call(run, plan, limit)
            result = await self._executor.run(
                plan.target, call, on_log=voice.say, on_begin=on_begin
            )
        except InterpreterMissing as exc:
            voice.say(LogLine("error", str(exc)))
            result = _platform_failure(str(exc))
        except BaseException:  # refused, restored or cancelled: whoever waits is told
            voice.happens(ENDED, lambda: ("dropped", {**_facts(run), **_DROPPED}))
            raise
        voice.end()
        voice.happens(ENDED, lambda: _ending(run, result))
        if self.on_end is not None:
            self.on_end(run, result)
        return result

    def _call(self, run: Run, plan: Plan, limit: float | None) -> Call:
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
            timeout=function.timeout if limit is None else min(function.timeout, limit),
            logging=function.logging,
            is_patient=limit is None,
        )

    def _key(self, run: Run) -> str:
        lifetime = self._lifetime(run.function)
        return self._plans.keys.issue(run.function, seconds=lifetime, depth=run.depth)

    def _lifetime(self, function: Function) -> int:
        """Seconds that keys and tokens given to a run of `function` are valid."""
        if self.is_inspected(function):
            return _DAY
        return function.timeout + (60 if self._ground.config.appwrite == "1.9" else 0)


def _ending(run: Run, result: Result) -> tuple[str, Facts]:
    """How it ended, for those who listen."""
    status = ExecutionStatus.COMPLETED if result.status < 500 else ExecutionStatus.FAILED
    return f"{status} in {result.duration:.3f} s", {
        **_facts(run),
        "status": str(status),
        "outcome": str(result.outcome),
        "responseStatusCode": result.status,
        "duration": result.duration,
        "cold": result.cold,
    }


def _facts(run: Run) -> Facts:
    return {
        "trigger": str(run.origin.trigger),
        "event": run.origin.event or "",
        "userId": run.origin.user_id,
        "method": run.request.method,
        "path": run.request.path,
        "deploymentId": run.deployment.id,
    }


def _read_by(user_id: str) -> tuple[str, ...]:
    return (f'read("user:{user_id}")',) if user_id else ()


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
