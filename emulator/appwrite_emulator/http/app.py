"""The API as one ASGI application: safety, routing, the caller, errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TypeVar

from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from ..errors import SERVER_VERSIONS, ApiError, ErrorRow, resolve
from ..models import CONSOLE, Caller
from ..services.events import Events, Happening
from . import scopes
from .auth import Callers
from .domains import Domains
from .params import checked
from .reply import RawHeaders, Reply, error_reply
from .request import SERVER_FORMATS, Receive, Request, Scope, Send, Told
from .route import Answer, Door, Route
from .safety import Safety
from .sockets import Sockets
from .stubbing import Stubbing

logger = logging.getLogger(__name__)

CONTROL = "/_emulator"

_FIXED: RawHeaders = ((b"server", b"Appwrite"), (b"x-content-type-options", b"nosniff"))
_FALLBACK = {
    is_used: (b"x-debug-fallback", str(is_used).lower().encode()) for is_used in (False, True)
}
_FUNCTIONS = "/v1/functions"
_SERVER_ERROR = ErrorRow(500, "Server Error", "general_unknown")
_REMEMBERED = 1024
_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, slots=True)
class _Admission:
    """Which door a request goes through, and as whom."""

    route: Route
    path_params: Mapping[str, str]
    caller: Caller


@dataclass(frozen=True, slots=True)
class _Path:
    """All methods of one path."""

    pattern: re.Pattern[str]
    routes: dict[str, Route] = field(default_factory=dict)


class Api:
    """Appwrite's REST API, for the routes it is given; earlier routes win over later ones."""

    def __init__(
        self,
        routes: Iterable[Route],
        callers: Callers,
        safety: Safety,
        domains: Domains,
        *,
        sockets: Sockets,
        control: Door,  # answers all paths below /_emulator
        elsewhere: Door,  # answers what no route is for
        stubbing: Stubbing,
        events: Events,
    ) -> None:
        self._callers = callers
        self._control = control
        self._elsewhere = Route("", "", elsewhere)
        self._stubbing = stubbing
        self._stubs = stubbing.stubs
        self._events = events
        self._epochs = callers.epochs
        self._safety = safety
        self._domains = domains
        self._sockets = sockets
        self._era = safety.era
        self._paths = _by_path(routes)
        self._welcomes: dict[tuple[str, str], RawHeaders] = {}
        self._admissions: dict[tuple[object, ...], _Admission] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a websocket, or answer an HTTP request; what fails unexpectedly is raised after."""
        if scope["type"] == "websocket":
            await self._sockets.answer(scope, receive, send)
            return
        began = time.perf_counter()
        request = Request(scope, receive, self._era, self._epochs)
        failure: Exception | None = None
        extra: RawHeaders = _FIXED
        try:
            welcome = self._welcome(request)
            if welcome is None:
                await self._domains.answer(request, send)
                return
            extra += welcome
            reply = await self._answer(request)
        except ApiError as exc:
            reply = self._refusal(exc, request)
        except ClientDisconnect:
            return
        except Exception as exc:
            failure = exc
            logger.exception("%s %s failed", request.method, scope["path"])
            reply = error_reply(_SERVER_ERROR, SERVER_VERSIONS[self._era])
        speed = f"{time.perf_counter() - began:.6f}".encode()
        extra += ((b"x-debug-speed", speed), _FALLBACK[request.caller.is_fallback])
        await reply.send(send, extra, with_body=request.method != "HEAD")
        if failure is not None:
            raise failure

    def forget(self) -> None:
        """Decide anew which hosts are the API's, and who calls: rules have come or gone, or all
        rows."""
        self._welcomes.clear()
        self._admissions.clear()

    def _welcome(self, request: Request) -> RawHeaders | None:
        """Refuse foreign hosts and origins; for known origins, the headers their pages need.

        None when the host is not the API's but of a function.
        """
        place = host, origin = request.header("host"), request.header("origin")
        headers = self._welcomes.get(place)
        if headers is None:
            if self._domains.claims(host):
                return None
            self._safety.check_host(host)
            self._safety.check_origin(origin)
            headers = self._safety.cors(origin)
            _remember(self._welcomes, place, headers)
        return headers

    async def _answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Reply(204)
        path = request.scope["path"]
        if path.startswith(CONTROL) and path[len(CONTROL) :][:1] in ("", "/"):
            return await self._control(request)
        if self._stubs.is_used and (stubbed := await self._stubbing.answer(request)):
            return stubbed
        admission = self._admit(request)
        request.caller = admission.caller
        request.path_params = admission.path_params
        reply = await admission.route.door(request)
        for told in () if request.is_late else request.told:
            self._tell(told.pattern or admission.route.event, request.caller, told)
        return reply

    def _tell(self, pattern: str, caller: Caller, told: Told) -> None:
        """Fire an event of a call that did what it should; a route may have none."""
        if pattern:
            happening = Happening(
                caller.project, pattern, told.params, caller.user_id, caller.depth
            )
            self._events.publish(happening, partial(told.payload, SERVER_FORMATS[self._era]))

    def _admit(self, request: Request) -> _Admission:
        """Decide who calls what; requests that look alike get the same decision again."""
        look = request.look
        admission = self._admissions.get(look)
        if admission is None:
            caller = self._callers.identify(request)
            admission = self._find(request, caller)
            if caller.is_lasting:
                _remember(self._admissions, look, admission)
        return admission

    def _find(self, request: Request, caller: Caller) -> _Admission:
        method = "GET" if request.method == "HEAD" else request.method
        for path in self._paths:
            match = path.pattern.match(request.scope["path"])
            if match and (route := path.routes.get(method)):
                scopes.require(caller, route.scopes, request.era)
                if route.scopes and route.path.startswith(_FUNCTIONS):
                    scopes.refuse_console(caller)
                for name, value in match.groupdict().items():
                    checked(route.place, value, prefix=f"Invalid `{name}` param: ")
                here = caller if caller.project else replace(caller, project=CONSOLE)
                return _Admission(route, match.groupdict(), here)
        return _Admission(self._elsewhere, {}, caller)

    def _refusal(self, error: ApiError, request: Request) -> Reply:
        row = resolve(error, request.era)
        return error_reply(row, SERVER_VERSIONS[self._era])


def _remember(memory: dict[_K, _V], key: _K, value: _V) -> None:
    if len(memory) >= _REMEMBERED:
        memory.clear()
    memory[key] = value


def _by_path(routes: Iterable[Route]) -> list[_Path]:
    paths: dict[str, _Path] = {}
    for route in routes:
        path = paths.setdefault(route.path, _Path(compile_path(route.path)[0]))
        path.routes[route.method] = route
    return list(paths.values())
