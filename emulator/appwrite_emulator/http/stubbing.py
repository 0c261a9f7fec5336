"""Stubbing: calls that tests have declared answers for are answered so."""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from anyio import to_thread

from .. import jsontext
from ..errors import SERVER_VERSIONS, ApiError
from ..models import Caller
from ..services.stubs import Answer, StubCall, StubReply, Stubs, Taken
from . import upload
from .params import query_params
from .reply import Reply, error_reply
from .request import MAX_BODY, Request

logger = logging.getLogger(__name__)

_FUNCTIONS = "/v1/functions"


class AnswerEnded(Exception):
    """The code that should answer has ended by what is no error, such as SystemExit."""


class Stubbing:
    """Answers what stubs are declared for, be it emulated or not.

    Who calls is found out as for every route, and refused as there. Scopes are not checked: what
    a stub answers is said by the test alone. The routes of functions are stubbed for functions
    only, or tests could neither deploy nor call any.
    """

    def __init__(self, stubs: Stubs, identify: Callable[[Request], Caller]) -> None:
        self.stubs = stubs
        self._identify = identify

    async def answer(self, request: Request) -> Reply | None:
        """What a stub answers; None when there is none for this call. Raises ApiError of who may
        not call, of bodies that are too large, and emulator_stub_failed."""
        path, method = request.scope["path"], _method(request)
        if not self.stubs.may_take(method, path):
            return None
        caller = self._identify(request)
        if not caller.function_id and _is_of_functions(path):
            return None
        await request.body()  # and let it be refused
        taken = self.stubs.take(await call_of(request, caller, self.stubs))
        if taken is None:
            return None
        request.caller = caller
        return await self._reply(taken, request)

    async def _reply(self, taken: Taken, request: Request) -> Reply:
        reply = taken.reply
        if reply.maker:
            made = await self._made(taken, reply)
            reply = replace(made, delay=max(made.delay, reply.delay))
        rendered = _rendered(reply, taken.call, request)
        self.stubs.answered(taken.call, rendered.status)
        if reply.delay:
            await request.attended(self.stubs.pause(taken.call, reply.delay))
        return rendered

    async def _made(self, taken: Taken, reply: StubReply) -> StubReply:
        """The reply that code of a test makes; whatever it raises is kept for the test."""
        assert reply.maker, "others have their reply"
        try:
            return StubReply.of(await _in_thread(reply.maker, taken.call))
        except Exception as exc:
            told = {"action": "stub", "function_id": taken.call.function}
            logger.warning("The answer of stub %s failed", taken.stub, exc_info=exc, extra=told)
            self.stubs.failed(taken.call, exc)
            first, *_ = [*str(exc).splitlines(), ""]
            text = f"The answer of {taken.stub} raised {type(exc).__name__}: {first}"
            raise ApiError("emulator_stub_failed", text) from exc


async def _in_thread(maker: Answer, call: StubCall) -> object:
    return await to_thread.run_sync(_answered, maker, call, abandon_on_cancel=True)


def _answered(maker: Answer, call: StubCall) -> object:
    """What the test's code answers. What it ends with would end the thread, not the test."""
    try:
        return maker(call)
    except Exception:
        raise
    except BaseException as exc:  # such as that of pytest.fail
        raise AnswerEnded(f"{type(exc).__name__}: {exc}") from exc


async def call_of(request: Request, caller: Caller, stubs: Stubs) -> StubCall:
    """The request as stubs see it; a body that is too large is left out."""
    body = b""
    with suppress(ApiError):
        body = await request.body()
    query = query_params(request.query)
    call = stubs.call(caller, _method(request), request.scope["path"], query)
    headers = {k.decode("latin-1"): v.decode("latin-1") for k, v in request.headers.items()}
    return replace(call, headers=headers, body=body, json=await _value(request, body))


async def _value(request: Request, body: bytes) -> Any:
    """What a JSON body says, or the fields of a form; None when it is neither."""
    content_type = request.header("content-type")
    match content_type.partition(";")[0].strip().lower():
        case "application/json":
            with suppress(ValueError, RecursionError):
                return jsontext.decode(body)
        case "application/x-www-form-urlencoded":
            return query_params(body)
        case "multipart/form-data":
            with suppress(ApiError):
                return await _fields(request, content_type)
    return None


async def _fields(request: Request, content_type: str) -> dict[str, Any]:
    """The text fields of a form, and of its files the names."""
    folder = Path(tempfile.gettempdir())
    async with upload.read_form(
        request.receive, content_type, None, folder, max_bytes=MAX_BODY, max_text=MAX_BODY
    ) as form:
        files = {file.field: file.filename for file in form.files}
        return query_params(urlencode({**form.fields, **files}).encode())


def _rendered(reply: StubReply, call: StubCall, request: Request) -> Reply:
    if row := reply.row(call, request.era):
        return error_reply(row, SERVER_VERSIONS[request.server])
    headers = tuple((name.encode(), value.encode("latin-1")) for name, value in reply.headers)
    return Reply(reply.status, reply.body, headers)


def _method(request: Request) -> str:
    return "GET" if request.method == "HEAD" else request.method


def _is_of_functions(path: str) -> bool:
    return path == _FUNCTIONS or path.startswith(f"{_FUNCTIONS}/")
