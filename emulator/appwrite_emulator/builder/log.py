"""The log of one build as its era writes it, told live to whoever shows it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from enum import Enum, auto
from typing import Self

from ..errors import Era

_LIMIT = 1_000_000
_INTERVAL = 0.1  # seconds between two live texts
_TRUNCATED = "Logs truncated due to size exceeding 5.00MB."


class Moment(Enum):
    """What a build's frame lines tell of."""

    PREPARING = auto()
    PREPARED = auto()
    COMMANDS_STARTED = auto()
    COMMANDS_FINISHED = auto()
    PACKING = auto()
    PACKED = auto()
    FINISHED = auto()


_LINES: dict[Era, dict[Moment, str]] = {
    "1.6": {
        Moment.PREPARING: "Preparing for build ...",
        Moment.PREPARED: "Building ...",
        Moment.PACKING: "Packing build ...",
        Moment.FINISHED: "Build finished.",
    },
    "1.9": {
        Moment.PREPARING: "Environment preparation started.",
        Moment.PREPARED: "Environment preparation finished.",
        Moment.COMMANDS_STARTED: "Build command execution started.",
        Moment.COMMANDS_FINISHED: "Build command execution finished.",
        Moment.PACKING: "Build packaging started.",
        Moment.PACKED: "Build packaging finished.",
        Moment.FINISHED: "Build finished.",
    },
}
_WHITE, _GREEN, _RED = "\x1b[97m", "\x1b[32m", "\x1b[31m"


class BuildLog:
    """Collects what a build says. A context manager: nothing is told after it is left.

    `tell` gets the whole text so far soon after it has grown, at most ten times a second. The
    text is limited as the era does it: 1.6 keeps the last 1,000,000 characters, 1.9 the first
    1,000,000 bytes and says so.
    """

    def __init__(self, era: Era, now: Callable[[], datetime], tell: Callable[[str], None]) -> None:
        self._era = era
        self._now = now
        self._tell = tell
        self._text = ""
        self._room = _LIMIT
        self._told_at = float("-inf")
        self._timer: asyncio.TimerHandle | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()

    @property
    def text(self) -> str:
        return self._text[-_LIMIT:] if self._era == "1.6" else self._text

    def mark(self, moment: Moment) -> None:
        """Add the era's line for `moment`, if it has one. Source: Open Runtimes v4 and v5."""
        line = _LINES[self._era].get(moment)
        if line is not None:
            self._say(line, _GREEN if moment is Moment.FINISHED else _WHITE)

    def complain(self, line: str) -> None:
        """Add a line about what is wrong with the source or the output."""
        self._say(line, _RED)

    def _say(self, line: str, colour: str) -> None:
        if self._era == "1.9":
            time = f"\x1b[90m[{self._now():%H:%M:%S}]"
            line = f"{time} \x1b[31m[\x1b[0mopen-runtimes\x1b[31m]{colour} {line} \x1b[0m"
        self.write(f"{line}\n")

    def write(self, text: str) -> None:
        """Add output of the build."""
        if self._era == "1.9":
            text = self._fit(text)
        self._text += text
        if len(self._text) > 2 * _LIMIT:
            self._text = self._text[-_LIMIT:]
        if text:
            self._grown()

    def _fit(self, text: str) -> str:
        if self._room < 0:
            return ""
        data = text.encode()
        self._room -= len(data)
        if self._room >= 0:
            return text
        return data[: self._room].decode("utf-8", "ignore") + _TRUNCATED

    def failure(self, reason: str) -> str:
        """The log of a build that ended with `reason`: instead of the text in 1.6, below in 1.9."""
        if self._era == "1.6":
            return reason[-_LIMIT:]
        colour = "" if "\x1b" in reason else _RED
        return f"{self._text}\n{colour}{reason}"

    def _grown(self) -> None:
        if self._timer is not None:
            return
        loop = asyncio.get_running_loop()
        wait = self._told_at + _INTERVAL - loop.time()
        if wait > 0:
            self._timer = loop.call_later(wait, self._tell_now)
        else:
            self._tell_now()

    def _tell_now(self) -> None:
        self._timer = None
        self._told_at = asyncio.get_running_loop().time()
        self._tell(self.text)
