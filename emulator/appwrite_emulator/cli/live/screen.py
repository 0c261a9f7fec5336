"""The screen: lines that stay, and below them, on a terminal, what is under way just now."""

from __future__ import annotations

import asyncio
import os
import select
import threading
from collections.abc import Iterable, Sequence
from queue import SimpleQueue
from types import TracebackType
from typing import Self, TextIO

import anyio

_ERASE = "\r\x1b[J"  # what is below; the cursor stands where that begins
_PATIENCE = 0.5  # seconds that the last words get on a terminal that is held (Ctrl-S)
_COLUMNS = 80


class Screen:
    """Writes to a stream from a thread of its own: one that is held holds up nobody.

    A context manager, for use in an event loop. `is_live`: the stream is a terminal on which the
    cursor may be moved.
    """

    def __init__(self, stream: TextIO, *, is_live: bool) -> None:
        self._stream = stream
        self._is_live = is_live
        self._queue: SimpleQueue[str | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._write, name="screen", daemon=True)
        self._waiting = 0  # texts that are not written yet
        self._written = anyio.Event()
        self._below = ""  # what stands below the lines
        self.is_lost = False  # nobody reads the stream any more

    def __enter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.below(())
        self._queue.put(None)
        self._thread.join(_PATIENCE)

    @property
    def columns(self) -> int:
        """Cells of a line; of a stream that is no terminal as many as one wants."""
        try:
            return os.get_terminal_size(self._stream.fileno()).columns or _COLUMNS
        except OSError:
            return 10_000

    def print(self, lines: Iterable[str]) -> None:
        """Add lines that stay. Never waits."""
        text = "".join(f"{line}\n" for line in lines)
        if text:
            self._put(f"{_ERASE}{text}{self._below}" if self._is_live else text)

    def below(self, lines: Sequence[str]) -> None:
        """What is to stand below the lines from now on; each must fit in a line."""
        if not self._is_live or (self._waiting and lines):
            return
        up = f"\x1b[{len(lines) - 1}A" if len(lines) > 1 else ""
        below = "\n".join(lines) + f"{up}\r" if lines else ""
        if below != self._below:
            self._put(f"{_ERASE if self._below else ''}{below}")
            self._below = below

    async def ready(self) -> None:
        """Return when everything is written."""
        while self._waiting:
            self._written = anyio.Event()
            await self._written.wait()

    def write(self, text: str) -> int:
        """As a stream: what somebody else has to say, in whole lines, as logging does."""
        self.print(text.removesuffix("\n").split("\n"))
        return len(text)

    def flush(self) -> None:
        """As a stream: what is written goes out by itself."""

    def _put(self, text: str) -> None:
        if not self.is_lost:
            self._waiting += 1
            self._queue.put(text)

    def _write(self) -> None:
        while (text := self._queue.get()) is not None:
            is_lost = not _send(self._stream, text)
            try:
                self._loop.call_soon_threadsafe(self._wrote, is_lost)
            except RuntimeError:  # the loop has ended before a held terminal let go
                return

    def _wrote(self, is_lost: bool) -> None:
        self._waiting -= 1
        self.is_lost = self.is_lost or is_lost
        if not self._waiting:
            self._written.set()


def _send(stream: TextIO, text: str) -> bool:
    """Write it all, past the stream's own buffer; whether somebody is there to read it."""
    file = stream.fileno()
    rest = memoryview(text.encode(stream.encoding or "utf-8", "replace"))
    while rest:
        try:
            rest = rest[os.write(file, rest) :]
        except BlockingIOError:  # another program made the terminal so
            select.select([], [file], [])
        except OSError:
            return False
    return True
