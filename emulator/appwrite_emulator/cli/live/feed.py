"""Feeds: where the entries of a view come from."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Iterator, Sequence
from contextlib import suppress
from typing import Any, Protocol

import anyio

from ...config import ConfigError
from ...services.live_logs import Listener, LogEntry
from .telling import Entry

_PORTION = 300  # entries
_MOST = 5000  # entries that wait to be taken; who brings them waits too then


class Feed(Protocol):
    """Brings entries."""

    async def next(self) -> tuple[Sequence[Entry], int] | None:
        """What came since, and how many entries were lost meanwhile; None at the end."""
        ...


class Heard:
    """What a listener in this process hears, in portions that hold up nobody else in the loop."""

    def __init__(self, listener: Listener) -> None:
        self._listener = listener
        self._rest: list[LogEntry] = []
        self._dropped = 0

    async def next(self) -> tuple[Sequence[Entry], int] | None:
        if not self._rest:
            heard = await self._listener.next()
            if heard is None:
                return None
            self._rest, self._dropped = heard
        portion, self._rest = self._rest[:_PORTION], self._rest[_PORTION:]
        dropped = 0
        if not self._rest:
            dropped, self._dropped = self._dropped, 0
        return [entry.to_json() for entry in portion], dropped


class Read:
    """What a stream brings that is read in a thread of its own; call `start` in an event loop.

    `entries` may raise ConfigError, which `next` raises then.
    """

    def __init__(self, entries: Iterator[dict[str, Any]]) -> None:
        self._entries = entries
        self._queue: queue.Queue[dict[str, Any]] = queue.Queue(_MOST)
        self._changed = anyio.Event()
        self._is_over = False
        self._error: ConfigError | None = None

    def start(self) -> None:
        loop = asyncio.get_running_loop()
        threading.Thread(target=self._read, args=(loop,), name="feed", daemon=True).start()

    async def next(self) -> tuple[Sequence[Entry], int] | None:
        await self._changed.wait()
        if not self._is_over:
            self._changed = anyio.Event()
        entries: list[Entry] = []
        dropped = 0
        while not self._queue.empty():
            entry = self._queue.get_nowait()
            dropped += entry.get("dropped", 0)
            entries += [] if "dropped" in entry else [entry]
        if entries or dropped or not self._is_over:
            return entries, dropped
        if self._error is not None:
            raise self._error
        return None

    def _read(self, loop: asyncio.AbstractEventLoop) -> None:
        try:
            for entry in self._entries:
                self._queue.put(entry)
                loop.call_soon_threadsafe(self._note)
        except ConfigError as exc:
            self._error = exc
        finally:
            with suppress(RuntimeError):  # the loop has ended
                loop.call_soon_threadsafe(self._end)

    def _note(self) -> None:
        self._changed.set()

    def _end(self) -> None:
        self._is_over = True
        self._changed.set()
