"""The backlog: what is to run in the background, begun in turn and not all at once."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NamedTuple, Protocol

from .under_way import Work

_Function = tuple[str, str]
"""Project and id."""


class Turn(NamedTuple):
    """One run that waits for its turn."""

    work: Work
    epoch: int  # of the project when it was accepted
    is_alone: bool = False  # runs only when no other such run of its function does


class Perform(Protocol):
    """Runs what has its turn, calling `begun` when a worker has it; must not raise."""

    def __call__(self, turn: Turn, begun: Callable[[], None]) -> Awaitable[None]: ...


@dataclass(slots=True)
class _Line:
    """The runs of one function, in the order of their acceptance."""

    key: _Function
    waiting: deque[Turn] = field(default_factory=deque)
    beginning: Turn | None = None  # the one that no worker has yet
    alone: Turn | None = None  # the one that runs alone
    running: int = 0  # those that have begun and not ended

    @property
    def may_begin(self) -> bool:
        """Whether the first in line may begin, as far as its function is concerned."""
        if not self.waiting or self.beginning is not None:
            return False
        return self.alone is None or not self.waiting[0].is_alone


class Backlog:
    """Begins runs of one function one after the other, and those of all functions by turns.

    The next run of a function begins when a worker has the one before, so none overtakes another.
    At most `bound` run at once.
    """

    def __init__(self, start: Callable[..., Any], perform: Perform, bound: int) -> None:
        self._start = start  # starts a coroutine function beside everything else
        self._perform = perform
        self._room = bound
        self._lines: dict[_Function, _Line] = {}
        self._ready: OrderedDict[_Function, _Line] = OrderedDict()  # who may begin, in turn
        self._is_closed = False

    def add(self, turn: Turn) -> None:
        """Let `turn` run when all that was accepted before it for its function has begun."""
        key = (turn.work.project, turn.work.function_id)
        line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = _Line(key)
        line.waiting.append(turn)
        self._look_at(line)
        self._begin_ready()

    def drop(self, project: str = "") -> list[Turn]:
        """Forget what waits in `project`, or in all of them; what it was."""
        dropped: list[Turn] = []
        for line in list(self._lines.values()):
            if project in ("", line.key[0]):
                dropped += line.waiting
                line.waiting.clear()
                self._look_at(line)
        return dropped

    def close(self) -> None:
        """Begin nothing any more; what waits is left as it is."""
        self._is_closed = True

    def _begin_ready(self) -> None:
        while self._room and self._ready and not self._is_closed:
            _, line = self._ready.popitem(last=False)
            turn = line.beginning = line.waiting.popleft()
            if turn.is_alone:
                line.alone = turn
            line.running += 1
            self._room -= 1
            self._start(self._run, line, turn)

    async def _run(self, line: _Line, turn: Turn) -> None:
        try:
            if not self._is_closed:
                await self._perform(turn, partial(self._has_begun, line, turn))
        except asyncio.CancelledError:  # everything stops: what waits must not begin for that
            self.close()
            raise
        finally:
            self._room += 1
            line.running -= 1
            if line.alone is turn:
                line.alone = None
            self._has_begun(line, turn)

    def _has_begun(self, line: _Line, turn: Turn) -> None:
        if line.beginning is turn:
            line.beginning = None
        self._look_at(line)
        self._begin_ready()

    def _look_at(self, line: _Line) -> None:
        """Keep the line where it belongs: at the end of those that may begin, or nowhere."""
        if line.may_begin:
            self._ready.setdefault(line.key, line)
        else:
            self._ready.pop(line.key, None)
        if not line.waiting and not line.running:
            self._lines.pop(line.key, None)
