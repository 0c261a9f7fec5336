"""Live logs: what executions and builds say, told at once to everybody who listens."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from datetime import datetime
from typing import Any, NamedTuple, Protocol

import anyio

from ..clock import Clock, stamp
from ..execution.logs import LogLine
from .under_way import Work, WorkKind

_ROOM = 1_000_000  # characters that wait for a slow listener
_SPARE = 500_000  # characters more, for what happens: it must not be lost among lines
_OVERHEAD = 100  # characters that count for a line beside its text
_LONGEST = 16 * 1024  # characters of a line that is still being printed
_TAIL = 1000  # characters by which the end of a shortened text is found again


BEGAN, ENDED, NOTE = "began", "ended", "note"
"""Levels of entries that are no output but tell what happens; they have facts."""

Facts = Mapping[str, Any]
"""What programs are told of what happens, in JSON values."""

_ID_NAMES = {WorkKind.EXECUTION: "executionId", WorkKind.PROJECT: "projectFile"}


class LogEntry(NamedTuple):
    """One message, or one line of what was printed; or that something happens."""

    moment: datetime
    work: Work
    level: str  # log, error, native (printed), build; began, ended, note
    text: str
    facts: Facts | None = None

    @property
    def time(self) -> str:
        """The moment as rows have it; made for those who read, not while it happens."""
        return stamp(self.moment)

    def to_json(self) -> dict[str, Any]:
        """The entry for programs, and for whoever shows it to people."""
        work = self.work
        told = {
            "time": self.time,
            "project": work.project,
            "functionId": work.function_id,
            _ID_NAMES.get(work.kind, "deploymentId"): work.id,
            "level": self.level,
            "text": self.text,
        }
        return told if self.facts is None else {**told, "kind": work.kind, "facts": self.facts}


class Wanted(NamedTuple):
    """Which entries a listener wants; what is empty does not matter."""

    project: str = ""
    function_id: str = ""
    execution_id: str = ""
    activity: bool = False  # also what happens, not only what is said

    def takes(self, work: Work) -> bool:
        if self.execution_id and (work.kind, work.id) != (WorkKind.EXECUTION, self.execution_id):
            return False
        if self.project and self.project != work.project:
            return False
        return not self.function_id or self.function_id == work.function_id


class Hearer(Protocol):
    """Who hears entries; it must never wait."""

    wanted: Wanted
    is_request: bool  # it is there for somebody who asks over HTTP

    def hear(self, entry: LogEntry) -> None: ...

    def close(self) -> None:
        """Nothing more will be said."""


class Listener:
    """A queue with an end: what has no room in it is counted and dropped.

    `is_request` says that it is there for somebody who asks over HTTP.
    """

    def __init__(self, wanted: Wanted, *, room: int = _ROOM, is_request: bool = False) -> None:
        self.wanted = wanted
        self.is_request = is_request
        self._room = room
        self._queue: deque[LogEntry] = deque()
        self._size = 0
        self._dropped = 0
        self._is_closed = False
        self._is_awake = False  # the reader was woken, and has not come yet
        self._changed = anyio.Event()

    def hear(self, entry: LogEntry) -> None:
        """Never waits."""
        size = len(entry.text) + _OVERHEAD
        is_full = self._dropped or (self._queue and self._size + size > self._room)
        if is_full and (entry.facts is None or self._size + size > self._room + _SPARE):
            self._dropped += 1
        else:
            self._queue.append(entry)
            self._size += size
        if not self._is_awake:
            self._is_awake = True
            self._changed.set()

    def close(self) -> None:
        self._is_closed = True
        self._changed.set()

    async def next(self) -> tuple[list[LogEntry], int] | None:
        """What came since, and how many entries were dropped meanwhile; None at the end."""
        if not self._queue and not self._is_closed:
            await self._changed.wait()
        if not self._queue:
            return None
        entries, dropped = list(self._queue), self._dropped
        self._queue.clear()
        self._size = self._dropped = 0
        self._is_awake = self._is_closed
        self._changed = anyio.Event() if not self._is_closed else self._changed
        return entries, dropped


class LiveLogs:
    """Hands entries from whoever speaks to whoever listens. Without listeners it costs nothing."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._listeners: list[Hearer] = []
        self._is_activity_wanted = False
        self._is_closed = False

    def __len__(self) -> int:
        return len(self._listeners)

    @property
    def requests(self) -> int:
        """How many requests of the server listen: they are no work."""
        return sum(listener.is_request for listener in self._listeners)

    @contextmanager
    def listening(self, wanted: Wanted, *, is_request: bool = False) -> Iterator[Listener]:
        """A listener that hears what is said from now on."""
        listener = Listener(wanted, is_request=is_request)
        self.add(listener)
        try:
            yield listener
        finally:
            self.remove(listener)

    def add(self, hearer: Hearer) -> None:
        """Let it hear what is said from now on."""
        self._listeners.append(hearer)
        self._look()
        if self._is_closed:
            hearer.close()

    def remove(self, hearer: Hearer) -> None:
        """Let it hear no more; nothing when it does not listen."""
        if hearer in self._listeners:
            self._listeners.remove(hearer)
            self._look()

    def tell(self, work: Work, level: str, text: str) -> None:
        """Tell a line of output."""
        if self._listeners:
            self._spread(LogEntry(self._clock.now(), work, level, text))

    def happens(self, work: Work, level: str, told: Callable[[], tuple[str, Facts]]) -> None:
        """Tell that something began, ended or is to be noted, in a sentence and in facts."""
        if self._is_activity_wanted:
            self._spread(LogEntry(self._clock.now(), work, level, *told()))

    def _spread(self, entry: LogEntry) -> None:
        for listener in self._listeners:
            wanted = listener.wanted
            if wanted.takes(entry.work) and (entry.facts is None or wanted.activity):
                listener.hear(entry)

    def _look(self) -> None:
        self._is_activity_wanted = any(each.wanted.activity for each in self._listeners)

    def close(self) -> None:
        """End all listening: the emulator stops."""
        self._is_closed = True
        for listener in self._listeners:
            listener.close()


class Voice:
    """One execution or build as it speaks. What is printed in chunks is told in whole lines."""

    __slots__ = ("_begun", "_live", "_work")

    def __init__(self, live: LiveLogs, work: Work) -> None:
        self._live = live
        self._work = work
        self._begun: dict[str, str] = {}  # the line that is not complete yet, by level

    def happens(self, level: str, told: Callable[[], tuple[str, Facts]]) -> None:
        """Tell that it begins, or has ended, in a sentence and in facts."""
        if self._live:
            self._live.happens(self._work, level, told)

    def say(self, line: LogLine) -> None:
        """What the executor hears of user code."""
        if not self._live:
            return
        if line.is_part:
            self.chunk(line.level, line.text)
        else:
            self._live.tell(self._work, line.level, line.text)

    def chunk(self, level: str, text: str) -> None:
        """A chunk of text, with line ends where it has some."""
        if not self._live or not text:
            return
        *lines, self._begun[level] = (self._begun.get(level, "") + text).split("\n")
        for line in lines:
            self._live.tell(self._work, level, line.removesuffix("\r"))
        if len(self._begun[level]) > _LONGEST:
            self._live.tell(self._work, level, self._begun.pop(level))

    def end(self) -> None:
        """Tell the lines that were never completed."""
        for level, text in self._begun.items():
            if text:
                self._live.tell(self._work, level, text)
        self._begun.clear()


def growth(before: str, after: str) -> str:
    """What `after` has more than `before`, though its beginning may have been cut off."""
    if after.startswith(before):
        return after[len(before) :]
    tail = before[-_TAIL:]
    found = after.rfind(tail)
    return after if found < 0 else after[found + len(tail) :]
