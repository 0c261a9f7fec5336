"""Websockets: who may have one, decided before a connection is made."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from ..errors import SERVER_VERSIONS, ApiError, resolve
from .domains import Domains
from .reply import Reply, error_reply
from .request import Receive, Request, Scope, Send
from .safety import Safety

_REALTIME = "/v1/realtime"
_EXTENSION = "websocket.http.response"  # of ASGI: a refusal may be an HTTP reply


@dataclass(frozen=True, slots=True)
class Sockets:
    """Answers handshakes. Foreign pages are refused as all requests of theirs are."""

    safety: Safety
    domains: Domains
    realtime: Callable[[Request, Send], Awaitable[None]]  # the door behind the only path

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one handshake, and stay as long as there is a connection."""
        await receive()  # ASGI: the wish to connect comes first
        request = Request(scope, receive, self.safety.era)
        try:
            self._check(request)
        except ApiError as exc:
            row = resolve(exc, self.safety.era)
            await _refuse(error_reply(row, SERVER_VERSIONS[self.safety.era]), scope, send)
        else:
            await self.realtime(request, send)

    def _check(self, request: Request) -> None:
        """Raises ApiError emulator_service_not_emulated, general_unknown_origin,
        general_access_forbidden, general_route_not_found."""
        host = request.header("host")
        if self.domains.claims(host):
            raise ApiError("emulator_service_not_emulated", "Functions take no websockets.")
        # Pages name their origin with every handshake, also where a name was bent to reach us.
        self.safety.check_origin(request.header("origin"))
        self.safety.check_host(host)
        if request.scope["path"] != _REALTIME:
            raise ApiError("general_route_not_found")


async def _refuse(reply: Reply, scope: Scope, send: Send) -> None:
    if _EXTENSION not in scope.get("extensions", {}):
        await send({"type": "websocket.close", "code": 1008})
        return
    length = (b"content-length", str(len(reply.body)).encode())
    headers = [*reply.headers, length]
    await send({"type": f"{_EXTENSION}.start", "status": reply.status, "headers": headers})
    await send({"type": f"{_EXTENSION}.body", "body": reply.body})
