"""Serving over TCP: the sockets, and uvicorn inside a program that is somebody else's."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AbstractContextManager, nullcontext, suppress
from typing import Any, Protocol

import anyio
import uvicorn
from uvicorn.protocols.http.auto import AutoHTTPProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .addresses import CannotListen
from .config import ConfigError

_TRIES = 20
_GRACE = 2  # seconds that requests in flight get when the server stops
_STOPPED = (
    b'{"message":"The emulator stopped before it could answer.",'
    b'"code":503,"type":"general_unknown"}'
)
_STOPPED_HEADERS = [
    (b"content-type", b"application/json; charset=UTF-8"),
    (b"content-length", str(len(_STOPPED)).encode()),
    (b"connection", b"close"),
]
_MESSAGE = 64_000  # bytes of a message on a websocket; the door of Realtime says why


def bind(host: str, port: int) -> list[socket.socket]:
    """Listening sockets; `localhost` is both loopback addresses, port 0 the same free one on both.

    Raises ConfigError when the address cannot be had.
    """
    addresses = ["127.0.0.1", "::1"] if host == "localhost" else [host]
    for _ in range(_TRIES):
        sockets = [_listen(addresses[0], port)]
        try:
            sockets += [_listen(each, sockets[0].getsockname()[1]) for each in _more(addresses)]
        except ConfigError:
            for each in sockets:
                each.close()
            if port:
                raise
        else:
            return sockets
    raise ConfigError(f"no port is free on all of {', '.join(addresses)}")


def _more(addresses: list[str]) -> list[str]:
    """The other addresses that this machine has."""
    return [address for address in addresses[1:] if _has(address)]


def _has(address: str) -> bool:
    try:
        with socket.socket(_family(address), socket.SOCK_STREAM) as probe:
            probe.bind((address, 0))
    except OSError:
        return False
    return True


def _listen(address: str, port: int) -> socket.socket:
    # With protocol 0 asyncio would leave Nagle's algorithm on: 40 ms for each request.
    listener = socket.socket(_family(address), socket.SOCK_STREAM, socket.IPPROTO_TCP)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if listener.family == socket.AF_INET6:
            listener.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        listener.bind((address, port))
        listener.listen(2048)
    except OSError as exc:
        listener.close()
        raise CannotListen(address, port, exc) from exc
    return listener


def _family(address: str) -> socket.AddressFamily:
    return socket.AF_INET6 if ":" in address else socket.AF_INET


class Wire(Protocol):
    """What of a transport is used here."""

    def write(self, data: bytes) -> None:
        """Send `data`."""
        ...

    def close(self) -> None:
        """Send what is left, then end."""
        ...


class OnePiece:
    """A transport on which the head of a reply leaves together with what follows it.

    uvicorn writes head and body one after the other: two packets, each of which wakes the client.
    """

    def __init__(self, transport: Wire) -> None:
        self._transport = transport
        self._loop = asyncio.get_running_loop()
        self._head = b""

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)

    def write(self, data: bytes) -> None:
        if self._head or not data.startswith(b"HTTP/1."):
            self._transport.write(self._head + data if self._head else data)
            self._head = b""
        else:
            self._head = data
            self._loop.call_soon(self._flush)  # for a body that takes its time

    def close(self) -> None:
        self._flush()
        self._transport.close()

    def _flush(self) -> None:
        if self._head:
            self.write(b"")


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]  # a class, chosen by uvicorn
    """HTTP as uvicorn speaks it, with replies in one piece."""

    def connection_made(self, transport: asyncio.Transport) -> None:
        super().connection_made(OnePiece(transport))


class _Socket(WebSocketsSansIOProtocol):
    """A websocket as uvicorn speaks it, whose end does not wait for a client that reads nothing."""

    async def send(self, message: Any) -> None:
        await super().send(message)
        if self.close_sent:
            self.handshake_complete = True  # by a refusal, which uvicorn would call our error

    def shutdown(self) -> None:
        super().shutdown()
        self._leave()

    def on_task_complete(self, task: asyncio.Task[None]) -> None:
        super().on_task_complete(task)
        self._leave()

    def _leave(self) -> None:
        """What is not sent by now never will be, and would keep the connection for ever."""
        if self.transport.is_closing() and self.transport.get_write_buffer_size():
            self.transport.abort()


class _Farewell:
    """A request after whose answer the connection is closed.

    What the client still sends then would make the system cut the answer off, so that the body is
    read to its end before, at most for `_GRACE`.
    """

    def __init__(self, receive: Any, send: Any) -> None:
        self._receive = receive
        self._send = send
        self._is_read = False

    async def receive(self) -> Any:
        message = await self._receive()
        self._is_read = not message.get("more_body")
        return message

    async def send(self, message: Any) -> None:
        if message["type"] == "http.response.body" and not message.get("more_body"):
            with anyio.move_on_after(_GRACE):
                while not self._is_read:
                    await self.receive()
        await self._send(message)


def _is_last(scope: Any) -> bool:
    """Whether the request has a body, and the connection is closed after it."""
    if (b"connection", b"close") not in scope["headers"]:  # quick: it is asked of every request
        return False
    headers = dict(scope["headers"])
    if b"expect" in headers:  # the body comes only when it is read
        return False
    return b"transfer-encoding" in headers or headers.get(b"content-length", b"0") != b"0"


class _UntilTheEnd:
    """An application whose calls end in peace when the server stops before they are answered.

    uvicorn cancels them, and would tell of each with a traceback.
    """

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http" and _is_last(scope):
            farewell = _Farewell(receive, send)
            receive, send = farewell.receive, farewell.send
        try:
            await self._app(scope, receive, send)
        except asyncio.CancelledError:
            if scope["type"] != "http":
                raise
            with suppress(RuntimeError):  # the reply has begun
                await send(
                    {"type": "http.response.start", "status": 503, "headers": _STOPPED_HEADERS}
                )
                await send({"type": "http.response.body", "body": _STOPPED})


class Server(uvicorn.Server):
    """uvicorn as a guest: no signal handlers, a signal when it answers, a prompt end."""

    def __init__(self, app: Any) -> None:
        super().__init__(
            uvicorn.Config(
                _UntilTheEnd(app),
                http=_Protocol,
                ws=_Socket,
                ws_max_size=_MESSAGE,
                ws_per_message_deflate=False,  # nothing is far away here
                lifespan="off",
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # whoever calls is who connects
                timeout_graceful_shutdown=_GRACE,
                timeout_keep_alive=75,
            )
        )
        self.answers = anyio.Event()
        self._stopping = anyio.Event()

    @property
    def answering(self) -> int:
        """How many requests are being answered."""
        return len(self.server_state.tasks)

    # The base declares a generator, which callers use as a context manager all the same.
    def capture_signals(self) -> AbstractContextManager[None]:  # type: ignore[override]
        """Signals are the program's own business."""
        return nullcontext()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.answers.set()

    async def main_loop(self) -> None:
        """Tick once a second, for the date header, until `stop`; uvicorn's own wakes tenfold."""
        while not await self.on_tick(0):
            with anyio.move_on_after(1):
                await self._stopping.wait()

    def stop(self) -> None:
        """End once the requests in flight are answered."""
        self.should_exit = True
        self._stopping.set()
