"""What is under way: what has begun and not ended, such as builds and executions."""

from __future__ import annotations

from collections.abc import Collection
from enum import StrEnum
from typing import NamedTuple

import anyio

_NAMED = 10  # works that a message names


class WorkKind(StrEnum):
    """What can be under way."""

    BUILD = "build"  # the id is the deployment's
    EXECUTION = "execution"
    RELOAD = "reload"  # a folder becomes a deployment, whose id it has
    PROJECT = "project"  # never waited for: what is said of a project file
    UPLOAD = "upload"  # never waited for: a deployment comes in chunks; the id is its
    INSPECTION = "inspection"  # never waited for: what is said of a debugger
    WEBHOOK = "webhook"  # an event on its way; the id has a number and where it goes
    MAINTENANCE = "maintenance"  # of all projects; the id is the moment at which it began


class Work(NamedTuple):
    """One thing that is under way."""

    kind: WorkKind
    project: str
    function_id: str
    id: str

    def __str__(self) -> str:
        if not self.function_id:
            return f"{self.kind} {self.id}"
        return f"{self.kind} {self.id} of function {self.function_id} in project {self.project}"

    def to_json(self) -> dict[str, str]:
        return {
            "kind": str(self.kind),
            "project": self.project,
            "functionId": self.function_id,
            "id": self.id,
        }


class NotSettled(TimeoutError):
    """Something was still pending when the time was over; `pending` says what."""

    def __init__(self, seconds: float, pending: Collection[Work]) -> None:
        names = [str(work) for work in pending][:_NAMED]
        more = [f"{len(pending) - _NAMED} more"] if len(pending) > _NAMED else []
        super().__init__(f"Still pending after {seconds:g} s: {'; '.join(names + more)}.")
        self.pending = tuple(pending)


class UnderWay:
    """Knows what is under way, and wakes who waits for its end."""

    def __init__(self) -> None:
        self._works: dict[Work, None] = {}  # in the order in which they began
        self._next_end: anyio.Event | None = None  # there while somebody waits

    def begin(self, work: Work) -> None:
        self._works[work] = None

    def end(self, work: Work) -> None:
        self._works.pop(work, None)
        if self._next_end is not None:
            self._next_end.set()
            self._next_end = None

    def of(self, project: str = "") -> list[Work]:
        """What is under way in `project`, or in all of them."""
        return [work for work in self._works if not project or work.project == project]

    async def over(self, works: Collection[Work]) -> None:
        """Return once none of `works` is under way."""
        while any(work in self._works for work in works):
            await self._end_of_one()

    async def settled(self, limit: float) -> list[Work]:
        """Wait until nothing is under way; what was waited for. Raises NotSettled after `limit`."""
        seen: dict[Work, None] = {}
        with anyio.move_on_after(limit):
            while self._works:
                seen.update(self._works)
                await self._end_of_one()
        if self._works:
            raise NotSettled(limit, self.of())
        return list(seen)

    async def _end_of_one(self) -> None:
        if self._next_end is None:
            self._next_end = anyio.Event()
        await self._next_end.wait()
