"""The doors of executions."""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ..clock import Clock, stamp
from ..errors import ApiError
from ..models import Execution
from ..services import executions as service
from ..services.executions import Answer, Executions
from ..services.runs import ExecutionRequest
from . import render
from .body import read_body
from .listing import LIST, read_listing
from .params import Param, checked, read
from .reply import Reply, json_reply
from .request import Request
from .route import Operation, Route
from .validators import Boolean, ExecutionHeaders, HeadersParam, Raw, ScheduledAt, Text, WhiteList

READ = ("executions.read", "execution.read")
WRITE = ("executions.write", "execution.write")

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD")
_RULES = (
    Param("body", Raw(10_485_760), ""),
    Param("async", Boolean(loose=True), False),
    Param("path", Text(2048), "/"),
    Param("method", WhiteList(_METHODS), "POST"),
    Param("headers", HeadersParam(), None),
    Param("scheduledAt", Text(255, 0), None),
)
_CREATE = Operation("functions.createExecution", _RULES, 201, "execution", other_status=202)
_LIST = Operation("functions.listExecutions", LIST, model="executionList")
_GET = Operation("functions.getExecution", model="execution")
_DELETE = Operation("functions.deleteExecution", status=204)
_SYNC_SCHEDULED = (
    "Scheduled executions must run asynchronously. "
    "Set scheduledAt to a future date, or set async to true."
)


@dataclass(frozen=True, slots=True)
class ExecutionDoors:
    """Create, list, get and delete executions."""

    clock: Clock
    executions: Executions

    def routes(self) -> Iterator[Route]:
        path = "/v1/functions/{functionId}/executions"
        one = path + "/{executionId}"
        event = "functions.[functionId].executions.[executionId]"
        yield Route("POST", path, self.create, WRITE, _CREATE, event=f"{event}.create")
        yield Route("GET", path, self.list, READ, _LIST)
        yield Route("GET", one, self.get, READ, _GET)
        yield Route("DELETE", one, self.delete, WRITE, _DELETE, event=f"{event}.delete")

    async def create(self, request: Request) -> Reply:
        raw = await read_body(request)
        values = read(_RULES, raw)
        if "data" in raw and request.is_older((1, 4, 0)):
            values["body"] = str(raw["data"])  # as the body was called then
        wanted = self._wanted(values, request)
        function_id = request.path_params["functionId"]
        answer = await self.executions.create(request.caller, function_id, wanted)
        if wanted.is_async:
            _tell(answer, ("", ""), request)  # it has not begun
            return json_reply(await self._wire(answer.execution, request), 202)
        return await self._answered(answer, request)

    async def list(self, request: Request) -> Reply:
        listing = read_listing(request, service.ATTRIBUTES)
        found, total = self.executions.page(
            request.caller, request.path_params["functionId"], listing
        )
        items = [await self._wire(execution, request, in_list=True) for execution in found]
        return json_reply(render.listing("executions", items, total), 200)

    async def get(self, request: Request) -> Reply:
        path = request.path_params
        execution = self.executions.get(request.caller, path["functionId"], path["executionId"])
        return json_reply(await self._wire(execution, request), 200)

    async def delete(self, request: Request) -> Reply:
        place = request.path_params["functionId"], request.path_params["executionId"]
        execution = self.executions.delete(request.caller, *place)
        texts = await self._texts(execution, request)
        _tell(Answer(execution, headers=execution.response_headers), texts, request)
        return Reply(204)

    def _wanted(self, values: dict[str, Any], request: Request) -> ExecutionRequest:
        """What is to be run. Raises ApiError general_bad_request, general_argument_invalid."""
        scheduled_at = values["scheduledAt"]
        if scheduled_at is not None and not values["async"]:
            raise ApiError("general_bad_request", _SYNC_SCHEDULED)
        if scheduled_at is not None:
            validator = ScheduledAt(self.clock.now())
            scheduled_at = stamp(checked(validator, scheduled_at, type="general_bad_request"))
        body, headers = values["body"], values["headers"]
        return ExecutionRequest(
            body=body.encode() if isinstance(body, str) else body,
            path=values["path"],
            method=values["method"],
            headers=checked(ExecutionHeaders(), headers) if headers else {},
            is_async=values["async"],
            scheduled_at=scheduled_at,
            client_ip=request.client_ip,
        )

    async def _wire(
        self, execution: Execution, request: Request, *, in_list: bool = False
    ) -> render.Wire:
        texts = await self._texts(execution, request)
        return render.execution(execution, texts, request.format, in_list=in_list)

    async def _answered(self, answer: Answer, request: Request) -> Reply:
        """A synchronous execution with what the function answered, as JSON or multipart."""
        is_multipart = _wants_multipart(request.header("accept"))
        try:
            body = "" if is_multipart else answer.body.decode("utf-8")
        except UnicodeDecodeError as exc:
            raise ApiError("response_not_text") from exc
        texts = await self._texts(answer.execution, request)
        _tell(answer, texts, request)
        wire = render.execution(
            answer.execution,
            texts,
            request.format,
            body=body,
            response_headers=answer.headers,
        )
        if not is_multipart:
            return json_reply(wire, 201)
        name = "responseBody" if "responseBody" in wire else "response"
        return _multipart(wire | {name: answer.body})

    async def _texts(self, execution: Execution, request: Request) -> tuple[str, str]:
        """Logs and errors, which are for keys and admins only."""
        is_shown = request.caller.is_privileged
        return await self.executions.texts(execution) if is_shown else ("", "")


def _tell(answer: Answer, texts: tuple[str, str], request: Request) -> None:
    """Of an execution as its creator sees it."""
    execution = answer.execution
    request.happened(
        lambda format: render.execution(
            execution,
            texts,
            format,
            body=answer.body.decode("utf-8", "replace"),
            response_headers=answer.headers,
        ),
        functionId=execution.function_id,
        executionId=execution.id,
    )


def _wants_multipart(accept: str) -> bool:
    for kind in accept.split(", "):
        if kind.startswith(("application/json", "application/*")):
            return False
        if kind.startswith(("multipart/form-data", "multipart/*")):
            return True
    return False


def _multipart(wire: render.Wire) -> Reply:
    """The fields as parts, the function's body byte for byte. Source: Appwrite 1.6.2, 1.9.6."""
    boundary = f"-----------------------------{secrets.token_hex(7)[:13]}"
    parts = [part for name, value in wire.items() for part in _part(boundary, name, value)]
    body = b"".join([*parts, f"--{boundary}--\r\n".encode()])
    content_type = f"multipart/form-data; boundary={boundary}"
    return Reply(201, body, ((b"content-type", content_type.encode()),))


def _part(boundary: str, name: str, value: Any) -> Iterator[bytes]:
    yield f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"\r\n'.encode()
    if isinstance(value, list | tuple | dict):
        yield b"Content-Type: application/json\r\n"
        value = json.dumps(value, separators=(",", ":"))
    if isinstance(value, bool):
        value = int(value)
    text = b"" if value is None else value if isinstance(value, bytes) else str(value).encode()
    yield b"\r\n" + text + b"\r\n"
