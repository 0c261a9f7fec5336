"""A request as doors read it: raw ASGI, with the caller and the wanted format on it."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, MutableMapping
from functools import lru_cache
from typing import Any, NamedTuple, TypeVar

import anyio
from starlette.requests import ClientDisconnect

from ..errors import ApiError, Era
from ..models import Caller
from ..services.epochs import Epochs
from ..services.leftovers import LateCall

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Version = tuple[int, int, int]
T = TypeVar("T")

MAX_BODY = 12 * 1024 * 1024
"""Bytes a request other than an upload may have. Source: Appwrite 1.6.2 and 1.9.6."""

_DECISIVE = (
    b"x-appwrite-project",
    b"x-appwrite-key",
    b"x-appwrite-jwt",
    b"x-appwrite-response-format",
    b"x-appwrite-mode",
    b"cookie",
    b"x-appwrite-session",
    b"x-fallback-cookies",
)
_PERSONAL = frozenset({b"x-appwrite-jwt", *_DECISIVE[-3:]})  # they name a user
_NOBODY = Caller(project="")
_LATE = "The state was restored while {} was sent; it was not carried out. Send it again."
_VERSION = re.compile(r"(\d{1,4})\.(\d{1,4})(?:\.(\d{1,4}))?")


Payload = Callable[[Version], Mapping[str, Any]]
"""Makes the payload of an event in a format."""


class Told(NamedTuple):
    """What a door says of an event that its call fires."""

    payload: Payload
    params: Mapping[str, str]
    pattern: str = ""  # empty: that of the route


class Request:
    """One call of the API of a server of the era `server`."""

    __slots__ = (
        "_body", "_epochs", "_owner", "_receive", "_since", "caller", "headers", "path_params",
        "scope", "server", "told",
    )  # fmt: skip

    def __init__(
        self, scope: Scope, receive: Receive, server: Era, epochs: Epochs | None = None
    ) -> None:
        self.scope = scope
        self.server: Era = server
        self._receive = receive
        self.headers: dict[bytes, bytes] = dict(scope["headers"])
        self.path_params: Mapping[str, str] = scope.get("path_params", {})
        self.caller = _NOBODY
        self.told: tuple[Told, ...] = ()
        self._body: bytes | None = None
        self._epochs = epochs
        self._since = epochs.count if epochs else 0
        self._owner = epochs.owner if epochs else ""

    @property
    def method(self) -> str:
        return str(self.scope["method"])

    @property
    def receive(self) -> Receive:
        """What reads the body in pieces; one that was read as a whole comes again."""
        return self._receive if self._body is None else _again(self._body, self._receive)

    @property
    def query(self) -> bytes:
        return bytes(self.scope["query_string"])

    @property
    def look(self) -> tuple[object, ...]:
        """All that decides who calls what: two requests of the same look are treated alike."""
        scope = self.scope
        query = scope["query_string"]
        if query and not (b"project=" in query or b"mode=" in query):
            query = b""
        return (scope["method"], scope["path"], query, *map(self.headers.get, _DECISIVE))

    @property
    def is_personal(self) -> bool:
        """Whether it may name a user, whose session can end at any time."""
        return not _PERSONAL.isdisjoint(self.headers)

    @property
    def client_ip(self) -> str:
        client = self.scope.get("client")
        return str(client[0]) if client else ""

    @property
    def format(self) -> Version:
        """The format to answer in: that of `X-Appwrite-Response-Format`, or the server's own."""
        return format_of(self.headers.get(b"x-appwrite-response-format", b""), self.server)

    @property
    def era(self) -> Era:
        """Whose texts to use."""
        return era_of(self.format)

    def header(self, name: str) -> str:
        """The header's value, empty when it is absent. `name` in lower case."""
        return self.headers.get(name.encode(), b"").decode("latin-1")

    def is_older(self, version: Version) -> bool:
        """Whether the client wants a format from before `version`."""
        return self.format < version

    def happened(self, payload: Payload, *, pattern: str = "", **params: str) -> None:
        """The call did what its route's event says, or what `pattern` does.

        `params` are the values of the pattern's placeholders, in an order that decides the order
        of the event's names. What is told first goes out first.
        """
        self.told = (*self.told, Told(payload, params, pattern))

    async def body(self) -> bytes:
        """The whole body. Raises ApiError general_bad_request when it is over `MAX_BODY`, and
        emulator_restored."""
        if self._body is None:
            self._body = await self._read_body()
            self.check_epoch()
        return self._body

    @property
    def is_late(self) -> bool:
        """Whether the state was put back under the call since it began."""
        return (
            self._epochs is not None
            and self._epochs.count != self._since
            and self._epochs.has_ended_since(self.caller.project, self._since)
        )

    def check_epoch(self) -> None:
        """Call it when the caller has been waited for. Raises ApiError emulator_restored when he
        began in what is over."""
        if self._epochs is not None and self.is_late:
            self._epochs.note_late(
                LateCall(self.caller.project, self.caller.function_id, self.line, self._owner)
            )
            raise ApiError("emulator_restored", _LATE.format(self.line))

    @property
    def line(self) -> str:
        """What is called, for people."""
        return f"{self.scope.get('method', 'websocket')} {self.scope['path']}"

    async def attended(self, work: Awaitable[T]) -> T:
        """What `work` returns, which ends when the client goes: then raises ClientDisconnect.

        Call it when the body has been read.
        """
        try:
            async with anyio.create_task_group() as group:
                group.start_soon(self._watch, group.cancel_scope, name="watch a client")
                value = await work
                group.cancel_scope.cancel()
                return value
        except ExceptionGroup as failed:
            raise failed.exceptions[0] from None  # that of `work`: to watch raises nothing
        raise ClientDisconnect

    async def _watch(self, scope: anyio.CancelScope) -> None:
        while (await self._receive())["type"] != "http.disconnect":
            pass
        scope.cancel()

    async def _read_body(self) -> bytes:
        message = await self._receive()
        if not message.get("more_body") and message["type"] == "http.request":
            return _limited(message.get("body", b""))
        chunks = []
        size = 0
        while True:
            if message["type"] == "http.disconnect":
                raise ClientDisconnect
            chunks.append(message.get("body", b""))
            size += len(chunks[-1])
            if not message.get("more_body"):
                break
            message = await self._receive()
            if size > MAX_BODY:
                chunks.clear()
        return _limited(b"".join(chunks), size)


def _again(body: bytes, receive: Receive) -> Receive:
    left = [body]

    async def read() -> Message:
        if left:
            return {"type": "http.request", "body": left.pop(), "more_body": False}
        return await receive()

    return read


def _limited(body: bytes, size: int = 0) -> bytes:
    if max(size, len(body)) > MAX_BODY:
        raise ApiError("general_bad_request", f"The request body is larger than {MAX_BODY} bytes.")
    return body


@lru_cache(maxsize=64)
def parse_version(text: bytes) -> Version | None:
    """`1.9.0` as numbers; None when it is not a version."""
    match = _VERSION.match(text.decode("latin-1"))
    return (int(match[1]), int(match[2]), int(match[3] or 0)) if match else None


SERVER_FORMATS: Mapping[Era, Version] = {"1.6": (1, 6, 2), "1.9": (1, 9, 6)}
"""The format in which a server answers who wants none, and in which it tells of events."""


def era_of(format: Version) -> Era:
    """Whose texts a client of `format` gets."""
    return "1.6" if format < (1, 7, 0) else "1.9"


def format_of(text: bytes, server: Era) -> Version:
    """The format that `text` names; without one, that of the server's era."""
    return parse_version(text) or SERVER_FORMATS[server]
