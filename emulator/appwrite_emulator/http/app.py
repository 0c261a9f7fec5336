"""The API as one ASGI application: safety, routing, the caller, errors."""

from __future__ import annotations

import logging
import re
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field

from starlette.requests import ClientDisconnect
from starlette.routing import compile_path

from ..errors import SERVER_VERSIONS, ApiError, Era, ErrorRow, resolve
from . import auth
from .auth import Callers
from .params import checked
from .reply import FileReply, RawHeaders, Reply, error_reply
from .request import Receive, Request, Scope, Send
from .safety import Safety
from .validators import Uid

logger = logging.getLogger(__name__)

Answer = Reply | FileReply
Door = Callable[[Request], Awaitable[Answer]]

_FIXED: RawHeaders = ((b"server", b"Appwrite"), (b"x-content-type-options", b"nosniff"))
_SERVER_ERROR = ErrorRow(500, "Server Error", "general_unknown")
_UID = Uid()


@dataclass(frozen=True, slots=True)
class Route:
    """One method of one path, and the scopes of which a caller needs one (none: open to all)."""

    method: str
    path: str
    door: Door
    scopes: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class _Path:
    """All methods of one path."""

    pattern: re.Pattern[str]
    routes: dict[str, Route] = field(default_factory=dict)


class Api:
    """Appwrite's REST API, for the routes it is given; earlier routes win over later ones."""

    def __init__(self, routes: Iterable[Route], callers: Callers, safety: Safety, era: Era) -> None:
        self._callers = callers
        self._safety = safety
        self._era = era
        self._paths = _by_path(routes)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one HTTP request. What fails unexpectedly is answered, then raised."""
        began = time.perf_counter()
        request = Request(scope, receive)
        failure: Exception | None = None
        extra: RawHeaders = _FIXED
        try:
            extra += self._admit(request)
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

    def _admit(self, request: Request) -> RawHeaders:
        """Refuse foreign hosts and origins; for known origins, the headers their pages need."""
        self._safety.check_host(request.header("host"))
        origin = request.header("origin")
        self._safety.check_origin(origin)
        return self._safety.cors(origin, is_preflight=request.method == "OPTIONS")

    async def _answer(self, request: Request) -> Answer:
        if request.method == "OPTIONS":
            return Reply(204)
        request.caller = self._callers.identify(request)
        route = self._find(request)
        if route.scopes:
            auth.require(request.caller, route.scopes, request.era(self._era))
        for name, value in request.path_params.items():
            checked(_UID, value, prefix=f"Invalid `{name}` param: ")
        return await route.door(request)

    def _find(self, request: Request) -> Route:
        method = "GET" if request.method == "HEAD" else request.method
        for path in self._paths:
            if match := path.pattern.match(request.scope["path"]):
                route = path.routes.get(method)
                if route is not None:
                    request.path_params = match.groupdict()
                    return route
        raise ApiError("general_route_not_found")

    def _refusal(self, error: ApiError, request: Request) -> Reply:
        row = resolve(error, request.era(self._era))
        return error_reply(row, SERVER_VERSIONS[self._era])


def _by_path(routes: Iterable[Route]) -> list[_Path]:
    paths: dict[str, _Path] = {}
    for route in routes:
        path = paths.setdefault(route.path, _Path(compile_path(route.path)[0]))
        path.routes[route.method] = route
    return list(paths.values())
