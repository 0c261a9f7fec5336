"""The API as one ASGI application: safety, routing, the caller, errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from ..errors import SERVER_VERSIONS, ApiError, Era, ErrorRow, resolve
from ..models import Caller
from . import auth
from .auth import Callers
from .params import checked
from .reply import RawHeaders, Reply, error_reply
from .request import Receive, Request, Scope, Send
from .route import Answer, Door, Route
from .safety import Safety
from .validators import Uid

logger = logging.getLogger(__name__)

CONTROL = "/_emulator"

_FIXED: RawHeaders = ((b"server", b"Appwrite"), (b"x-content-type-options", b"nosniff"))
_SERVER_ERROR = ErrorRow(500, "Server Error", "general_unknown")
_UID = Uid()
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
        era: Era,
        *,
        control: Door,  # answers all paths below /_emulator
    ) -> None:
        self._callers = callers
        self._control = control
        self._safety = safety
        self._era = era
        self._paths = _by_path(routes)
        self._welcomes: dict[tuple[str, str, bool], RawHeaders] = {}
        self._admissions: dict[tuple[object, ...], _Admission] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request. What fails unexpectedly is answered, then raised."""
        began = time.perf_counter()
        request = Request(scope, receive, self._era)
        failure: Exception | None = None
        extra: RawHeaders = _FIXED
        try:
            extra += self._welcome(request)
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
        extra += ((b"x-debug-speed", speed), (b"x-debug-fallback", b"false"))
        await reply.send(send, extra, with_body=request.method != "HEAD")
        if failure is not None:
            raise failure

    def _welcome(self, request: Request) -> RawHeaders:
        """Refuse foreign hosts and origins; for known origins, the headers their pages need."""
        host, origin = request.header("host"), request.header("origin")
        place = (host, origin, request.method == "OPTIONS")
        headers = self._welcomes.get(place)
        if headers is None:
            self._safety.check_host(host)
            self._safety.check_origin(origin)
            headers = self._safety.cors(origin, is_preflight=place[2])
            _remember(self._welcomes, place, headers)
        return headers

    async def _answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Reply(204)
        path = request.scope["path"]
        if path.startswith(CONTROL) and path[len(CONTROL) :][:1] in ("", "/"):
            return await self._control(request)
        admission = self._admit(request)
        request.caller = admission.caller
        request.path_params = admission.path_params
        return await admission.route.door(request)

    def _admit(self, request: Request) -> _Admission:
        """Decide who calls what; requests that look alike get the same decision again."""
        look = request.look
        admission = self._admissions.get(look)
        if admission is None:
            caller = self._callers.identify(request)
            admission = self._find(request, caller)
            if self._callers.is_lasting(request):
                _remember(self._admissions, look, admission)
        return admission

    def _find(self, request: Request, caller: Caller) -> _Admission:
        method = "GET" if request.method == "HEAD" else request.method
        for path in self._paths:
            match = path.pattern.match(request.scope["path"])
            if match and (route := path.routes.get(method)):
                if route.scopes:
                    auth.require(caller, route.scopes, request.era(self._era))
                for name, value in match.groupdict().items():
                    checked(_UID, value, prefix=f"Invalid `{name}` param: ")
                return _Admission(route, match.groupdict(), caller)
        raise ApiError("general_route_not_found")

    def _refusal(self, error: ApiError, request: Request) -> Reply:
        row = resolve(error, request.era(self._era))
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
