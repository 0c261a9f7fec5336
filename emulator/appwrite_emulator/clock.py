"""Calendar time: the only source of dates, which tests can hold still."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Protocol

import anyio


class Clock(Protocol):
    """Calendar time in UTC. Timeouts and durations use real monotonic time instead."""

    def now(self) -> datetime:
        """The present moment, time zone UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return as soon as `now()` has reached `moment`."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    async def sleep_until(self, moment: datetime) -> None:
        remaining = (moment - self.now()).total_seconds()
        if remaining > 0:
            await anyio.sleep(remaining)
            await self.sleep_until(moment)  # the machine's clock may have been set back


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime) -> None:
        self._now = start
        self._moved = anyio.Event()

    def now(self) -> datetime:
        return self._now

    def advance(self, step: timedelta) -> None:
        """Move forward by `step` and wake whoever waits for a moment that has come."""
        self._now += step
        moved, self._moved = self._moved, anyio.Event()
        moved.set()

    async def sleep_until(self, moment: datetime) -> None:
        while self._now < moment:
            await self._moved.wait()


def stamp(moment: datetime) -> str:
    """`moment` as Appwrite writes dates: `2026-01-31T09:30:00.000+00:00`, always milliseconds."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")
