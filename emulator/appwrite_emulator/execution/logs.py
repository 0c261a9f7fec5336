"""What one execution logged: collected in bounded memory, cut as Appwrite cuts it."""

from __future__ import annotations

import codecs
from collections import deque
from collections.abc import Callable
from typing import Literal, NamedTuple, Protocol

EXECUTOR_LIMIT = 5 * 1024 * 1024  # bytes of a stream that the executor reads
ROW_LIMIT = 1_000_000  # bytes that Appwrite stores
MARKER = b"Native logs detected. Use context.log() or context.error() for better experience."
_CUT = "... Log truncated due to size limit ({} characters)"

_OVERHEAD = 64  # bytes of memory that a short message costs beside its text

Level = Literal["log", "error", "native"]


class LogLine(NamedTuple):
    """A piece of output as it comes: one message, or a chunk of what was printed."""

    level: Level
    text: str
    is_part: bool = False  # of something printed: lines may begin before it and end after it


class Log:
    """One stream of one execution. Keeps the tail; holds at most about twice what is stored.

    Source: contract, log size: the executor takes the first 5 MiB, Appwrite 1.9.6 stores the last
    1,000,000 bytes of that, a warning included.
    """

    def __init__(self, name: Literal["Log", "Error"]) -> None:
        self._name = name
        self._pieces: deque[bytes] = deque()
        self._kept = 0
        self._total = 0

    def add(self, data: bytes) -> None:
        room = EXECUTOR_LIMIT - self._total
        if room < 0 or not data:
            return
        self._total += len(data)
        if len(data) > room:
            data = data[:room] + f"\n{self._name} file has been truncated to 5.00MB.".encode()
        self._pieces.append(data)
        self._kept += len(data)
        while self._kept - len(self._pieces[0]) > ROW_LIMIT:
            self._kept -= len(self._pieces.popleft())

    def text(self) -> str:
        """What Appwrite would store; broken UTF-8 is shown as U+FFFD."""
        data = b"".join(self._pieces)
        if self._total <= ROW_LIMIT:
            return data.decode("utf-8", "replace")
        warning = (
            f"[WARNING] {self._name}s truncated. The output exceeded {ROW_LIMIT} characters.\n"
        )
        tail = data[len(warning) - ROW_LIMIT :]
        while tail and tail[0] & 0xC0 == 0x80:
            tail = tail[1:]  # the rest of a character that was cut
        return warning + tail.decode("utf-8", "replace")


class Printed:
    """What went to stdout and stderr of the process, kept up to `limit` characters (0: no limit).

    All of it together counts as one message. Source: contract, native output.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._most = 4 * limit + 4 if limit else EXECUTOR_LIMIT + 1  # bytes
        self._pieces: list[bytes] = []
        self._size = 0

    def add(self, data: bytes) -> None:
        room = self._most - self._size
        if room > 0:
            self._pieces.append(data[:room])
            self._size += len(self._pieces[-1])

    def message(self) -> bytes:
        data = b"".join(self._pieces)
        if not self._limit or len(data) <= self._limit:
            return data
        text = data.decode("utf-8", "replace")
        if len(text) > self._limit:
            text = text[: self._limit] + _CUT.format(self._limit)
        return text.encode()


class Listener(Protocol):
    """Hears what a worker says: an execution's transcript, or what is kept for one."""

    def message(self, level: str, body: bytes) -> None:
        """One message of user code, without its line end."""
        ...

    def printed(self, data: bytes) -> None:
        """A chunk that came through stdout or stderr."""
        ...


class Early:
    """What was said while code was loading, kept for the execution that it belongs to."""

    def __init__(self) -> None:
        self._said: list[tuple[str | None, bytes]] = []
        self._size = 0

    def message(self, level: str, body: bytes) -> None:
        self._keep(level, body)

    def printed(self, data: bytes) -> None:
        self._keep(None, data)

    def _keep(self, level: str | None, data: bytes) -> None:
        if self._size <= EXECUTOR_LIMIT:
            self._said.append((level, data))
            self._size += len(data) + _OVERHEAD

    def replay(self, listener: Listener) -> None:
        """Tell it all to `listener`, once."""
        said, self._said = self._said, []
        for level, data in said:
            if level is None:
                listener.printed(data)
            else:
                listener.message(level, data)


class Transcript:
    """Everything one execution says, by messages and by its standard streams.

    `tell` hears each piece at once. Nothing is collected or told when `enabled` is false.
    Printed text follows the messages; `native_newline` puts it on a line of its own.
    """

    def __init__(
        self,
        *,
        native_limit: int = 0,
        native_newline: bool = True,
        tell: Callable[[LogLine], None] | None = None,
        enabled: bool = True,
    ) -> None:
        self._enabled = enabled
        self._tell = tell
        self._logs = Log("Log")
        self._errors = Log("Error")
        self._native_limit = native_limit
        self._native_newline = native_newline
        self._is_marked = False
        self._printed: Printed | None = None
        self._decoder: codecs.IncrementalDecoder | None = None

    def message(self, level: str, body: bytes) -> None:
        if not self._enabled:
            return
        if level == "error":
            self._errors.add(body + b"\n")
        else:
            if level == "native" and not self._is_marked:
                self._mark(b"\n")
            self._logs.add(body + b"\n")
        if self._tell is not None:
            kind: Level = "error" if level == "error" else "native" if level == "native" else "log"
            self._tell(LogLine(kind, body.decode("utf-8", "replace")))

    def printed(self, data: bytes) -> None:
        if not self._enabled:
            return
        if self._printed is None:
            self._printed = Printed(self._native_limit)
        self._printed.add(data)
        if self._tell is not None:
            self._tell_printed(data, self._tell)

    def fail(self, text: str) -> None:
        """Add what went wrong, in the emulator's words, to the errors."""
        if not self._enabled:
            return
        self._errors.add(text.encode("utf-8", "replace"))
        if self._tell is not None:
            self._tell(LogLine("error", text.removesuffix("\n")))

    def close(self) -> tuple[str, str]:
        """The logs and the errors. Nothing may follow."""
        if self._printed is not None:
            if not self._is_marked:
                self._mark(b"\n" if self._native_newline else b"")
            self._logs.add(self._printed.message())
        return self._logs.text(), self._errors.text()

    def _mark(self, end: bytes) -> None:
        self._is_marked = True
        self._logs.add(MARKER + end)

    def _tell_printed(self, data: bytes, tell: Callable[[LogLine], None]) -> None:
        if self._decoder is None:
            self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        if text := self._decoder.decode(data):
            tell(LogLine("native", text, is_part=True))
