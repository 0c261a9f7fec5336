"""What doors return, and how it goes out."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import anyio

from ..errors import ErrorRow
from ..jsontext import encode
from .request import Receive, Send

JSON = (b"content-type", b"application/json; charset=UTF-8")
TEXT = (b"content-type", b"text/plain; charset=UTF-8")
NO_CACHE = (
    (b"cache-control", b"no-cache, no-store, must-revalidate"),
    (b"expires", b"0"),
    (b"pragma", b"no-cache"),
)
_CHUNK = 256 * 1024

RawHeaders = tuple[tuple[bytes, bytes], ...]


class Reply(NamedTuple):
    """A complete answer. Each has a Content-Type: SDKs index it without looking."""

    status: int
    body: bytes = b""
    headers: RawHeaders = (TEXT,)

    async def send(self, send: Send, extra: RawHeaders, *, with_body: bool) -> None:
        """Send it with the headers that every reply has."""
        length = (b"content-length", str(len(self.body)).encode())
        lengths = () if self.status == 204 else (length,)
        headers = [*self.headers, *extra, *lengths]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body if with_body else b""})


@dataclass(frozen=True, slots=True)
class FileReply:
    """A part of a file, both bytes inclusive; `done` is called when it has been sent or not."""

    status: int
    path: Path
    first: int
    last: int
    headers: RawHeaders
    done: Callable[[], None] = lambda: None

    async def send(self, send: Send, extra: RawHeaders, *, with_body: bool) -> None:
        """Send it in pieces, reading in a thread."""
        try:
            length = (b"content-length", str(self.last - self.first + 1).encode())
            headers = [*self.headers, *extra, length]
            await send({"type": "http.response.start", "status": self.status, "headers": headers})
            if with_body:
                async for chunk in self._chunks():
                    await send({"type": "http.response.body", "body": chunk, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.done()

    async def _chunks(self) -> AsyncIterator[bytes]:
        remaining = self.last - self.first + 1
        async with await anyio.open_file(self.path, "rb") as file:
            await file.seek(self.first)
            while remaining > 0:
                chunk = await file.read(min(_CHUNK, remaining))
                if not chunk:
                    return
                remaining -= len(chunk)
                yield chunk


@dataclass(frozen=True, slots=True)
class StreamReply:
    """Text that comes as it comes, until it ends or nobody reads it any more; then `done` is
    called."""

    pieces: AsyncIterable[bytes]
    receive: Receive
    done: Callable[[], None]
    headers: RawHeaders = (TEXT,)

    async def send(self, send: Send, extra: RawHeaders, *, with_body: bool) -> None:
        """Send the pieces; whoever makes them waits while the client does not read."""
        try:
            headers = [*self.headers, *NO_CACHE, *extra]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            if with_body:
                await self._send_pieces(send)
            await send({"type": "http.response.body", "body": b""})
        finally:
            self.done()

    async def _send_pieces(self, send: Send) -> None:
        async with anyio.create_task_group() as group:
            group.start_soon(self._watch, group.cancel_scope, name="watch a reader")
            await send({"type": "http.response.body", "body": b"", "more_body": True})  # the head
            async for piece in self.pieces:
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            group.cancel_scope.cancel()

    async def _watch(self, scope: anyio.CancelScope) -> None:
        """End the stream when the client is gone."""
        while (await self.receive())["type"] != "http.disconnect":
            pass
        scope.cancel()


def json_reply(value: Any, status: int) -> Reply:
    """`value` as JSON."""
    return Reply(status, encode(value), (JSON,))


def error_reply(error: ErrorRow, version: str) -> Reply:
    """An error in Appwrite's form, which must not be cached."""
    value = {"message": error.message, "code": error.code, "type": error.type, "version": version}
    return Reply(error.code, encode(value), (JSON, *NO_CACHE))
