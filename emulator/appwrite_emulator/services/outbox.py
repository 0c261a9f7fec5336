"""The outbox of a connection: messages in order, with an end."""

from __future__ import annotations

from collections import deque

import anyio

_ROOM = 8 * 1024 * 1024  # bytes that wait for a client that reads slowly

TOO_SLOW = 1013  # try again later
RESTARTS = 1012  # the server stops, and may be back soon


class Outbox:
    """What waits to be sent to one client. Nobody who puts something in waits for the client."""

    def __init__(self, *, room: int = _ROOM) -> None:
        self.code = 0  # with which to close the connection; 0 while it lives, or if it is gone
        self.ended = anyio.Event()
        self._room = room
        self._queue: deque[bytes] = deque()
        self._size = 0
        self._changed = anyio.Event()

    def put(self, message: bytes) -> None:
        """Send `message` after those before it. A client that lets too many wait is given up."""
        if self.ended.is_set():
            return
        if self._queue and self._size + len(message) > self._room:
            self._queue.clear()
            self.end(TOO_SLOW)
            return
        self._queue.append(message)
        self._size += len(message)
        self._changed.set()

    def end(self, code: int) -> None:
        """Close the connection with `code`, once all that was put in is sent."""
        if not self.ended.is_set():
            self.code = code
            self.ended.set()
            self._changed.set()

    def drop(self) -> None:
        """The client is gone."""
        self._queue.clear()
        self.end(0)

    async def next(self) -> bytes | None:
        """The next message; None at the end."""
        while not self._queue:
            if self.ended.is_set():
                return None
            self._changed = anyio.Event()
            await self._changed.wait()
        message = self._queue.popleft()
        self._size -= len(message)
        return message
