"""Websockets: nobody takes them yet, and whoever asks is told so before a connection is made."""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import SERVER_VERSIONS, ApiError, resolve
from .domains import Domains
from .reply import error_reply
from .request import Receive, Request, Scope, Send
from .safety import Safety

_REALTIME = "/v1/realtime"
_NOT_HERE = "emulator_service_not_emulated"
_EXTENSION = "websocket.http.response"  # of ASGI: a refusal may be an HTTP reply


@dataclass(frozen=True, slots=True)
class Sockets:
    """Refuses handshakes: foreign pages first, as all requests of theirs are."""

    safety: Safety
    domains: Domains

    async def refuse(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one handshake."""
        await receive()  # ASGI: the wish to connect comes first
        if _EXTENSION not in scope.get("extensions", {}):
            await send({"type": "websocket.close", "code": 1008})
            return
        row = resolve(self._reason(Request(scope, receive, self.safety.era)), self.safety.era)
        reply = error_reply(row, SERVER_VERSIONS[self.safety.era])
        kind = f"{_EXTENSION}."
        length = (b"content-length", str(len(reply.body)).encode())
        headers = [*reply.headers, length]
        await send({"type": kind + "start", "status": reply.status, "headers": headers})
        await send({"type": kind + "body", "body": reply.body})

    def _reason(self, request: Request) -> ApiError:
        host = request.header("host")
        try:
            if self.domains.claims(host):
                return ApiError(_NOT_HERE, "Functions take no websockets.")
            # Pages name their origin with every handshake, also where a name was bent to reach us.
            self.safety.check_origin(request.header("origin"))
            self.safety.check_host(host)
        except ApiError as exc:
            return exc
        if request.scope["path"] != _REALTIME:
            return ApiError("general_route_not_found")
        return ApiError(_NOT_HERE, "Realtime is not here yet: subscribe to an Appwrite server.")
