"""Calendar time: the only source of dates, which can be moved and held still."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from math import inf
from typing import Protocol, runtime_checkable

import anyio

LOOK = 10.0
"""Real seconds after which who waits looks at the clock again: a machine may sleep meanwhile, or
its clock be set, and the waiting itself does not notice."""
_PAUSE = 0.01  # seconds, at first, between looks at a clock that does not move


class Clock(Protocol):
    """Calendar time in UTC. Timeouts and durations use real monotonic time instead."""

    def now(self) -> datetime:
        """The present moment, time zone UTC."""
        ...

    async def sleep_until(self, moment: datetime) -> None:
        """Return as soon as `now()` has reached `moment`."""
        ...


@runtime_checkable
class MovableClock(Clock, Protocol):
    """A clock that can be moved. Call it in the loop of those who wait for it."""

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        ...

    def set(self, moment: datetime) -> None:
        """Go to `moment`, forward or back, and wake whoever waits for what has come."""
        ...

    def freeze(self) -> None:
        """Stand still from now on."""
        ...

    def resume(self) -> None:
        """Run on from the moment at which it stands."""
        ...


def machine_time() -> datetime:
    """What the machine's own clock says."""
    return datetime.now(UTC)


class SystemClock:
    """The machine's clock, until it is moved: then it runs beside it, or stands still."""

    def __init__(self, machine: Callable[[], datetime] = machine_time, look: float = LOOK) -> None:
        self._machine = machine
        self._look = look
        self._offset = timedelta()
        self._stands_at: datetime | None = None
        self._sleepers: set[anyio.Event] = set()

    def now(self) -> datetime:
        return self._stands_at or self._machine() + self._offset

    async def sleep_until(self, moment: datetime) -> None:
        least = 0.0
        while (remaining := (moment - (before := self.now())).total_seconds()) > 0:
            await self._wait(inf if self.frozen else min(max(remaining, least), self._look))
            # Programs that embed us may hold the machine's time still, just before the moment.
            least = max(2 * least, _PAUSE) if self.now() == before else 0.0

    async def _wait(self, seconds: float) -> None:
        """Return after `seconds`, or as soon as the clock is moved."""
        moved = anyio.Event()
        self._sleepers.add(moved)
        try:
            with anyio.move_on_after(seconds):
                await moved.wait()
        finally:
            self._sleepers.discard(moved)

    @property
    def frozen(self) -> bool:
        return self._stands_at is not None

    def set(self, moment: datetime) -> None:
        if self._stands_at is None:
            self._offset = moment - self._machine()
        else:
            self._stands_at = moment
        self._wake()

    def freeze(self) -> None:
        self._stands_at = self.now()
        self._wake()

    def resume(self) -> None:
        if self._stands_at is not None:
            moment, self._stands_at = self._stands_at, None
            self.set(moment)

    def _wake(self) -> None:
        for sleeper in self._sleepers:
            sleeper.set()


class ManualClock:
    """A clock that stands still at `start` until it is moved.

    `Emulator(clock=ManualClock(start))` begins there. Move it by `emulator.advance`, which lets
    happen in between what should; `advance` here only sets its hands.
    """

    def __init__(self, start: datetime) -> None:
        self._clock = SystemClock()
        self._clock.freeze()
        self._clock.set(utc(start))

    def now(self) -> datetime:
        return self._clock.now()

    async def sleep_until(self, moment: datetime) -> None:
        await self._clock.sleep_until(moment)

    def advance(self, step: timedelta) -> None:
        """Move forward by `step` and wake whoever waits for a moment that has come."""
        self.set(self.now() + step)

    @property
    def frozen(self) -> bool:
        return self._clock.frozen

    def set(self, moment: datetime) -> None:
        self._clock.set(moment)

    def freeze(self) -> None:
        self._clock.freeze()

    def resume(self) -> None:
        self._clock.resume()


def utc(moment: datetime) -> datetime:
    """`moment` in UTC; one without a time zone is meant so."""
    return moment.replace(tzinfo=UTC) if moment.tzinfo is None else moment.astimezone(UTC)


def parse_moment(moment: datetime | str) -> datetime:
    """`moment`, or what a text of ISO 8601 says, in UTC.

    Raises ValueError for another text, TypeError for what is neither.
    """
    if not isinstance(moment, datetime | str):
        raise TypeError(f"{moment!r} is no date and time: give a datetime or a text")
    try:
        return utc(datetime.fromisoformat(moment) if isinstance(moment, str) else moment)
    except (ValueError, OverflowError) as exc:
        raise ValueError(f"{moment!r} is no date and time like 2026-03-01T12:00Z") from exc


def stamp(moment: datetime) -> str:
    """`moment` as Appwrite writes dates: `2026-01-31T09:30:00.000+00:00`, always milliseconds."""
    if moment.tzinfo is not UTC:
        moment = moment.astimezone(UTC)
    return moment.isoformat(timespec="milliseconds")
