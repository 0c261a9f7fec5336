"""The calendar: moves the clock, and lets happen on the way what should happen then."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import anyio
from anyio.lowlevel import checkpoint

from ..clock import Clock, MovableClock, machine_time, stamp, utc
from ..timers import Timer, Timers
from .control import SETTLE_TIMEOUT
from .under_way import NotSettled, UnderWay, Work

FIRST, LAST = datetime(1970, 1, 1, tzinfo=UTC), datetime(9000, 1, 1, tzinfo=UTC)
"""Moments that the clock can be set to."""
_SHOWN = 20  # timers that are told of


class ClockFixed(RuntimeError):
    """The clock that this emulator was given cannot be moved."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(
            f"The clock that this emulator was given, a {type(clock).__name__}, cannot be moved: "
            "it lacks `set`, `freeze`, `resume` or `frozen`. Give a ManualClock, or none."
        )


class MomentOutOfRange(ValueError):
    """The clock cannot be set to that."""

    def __init__(self, wanted: str) -> None:
        super().__init__(f"The clock goes from {stamp(FIRST)} to {stamp(LAST)}, not to {wanted}.")


class Stopped(NotSettled):
    """The clock stopped on its way, because something was still pending when it was time to go on.

    `at` says where it stands, `pending` what was waited for.
    """

    def __init__(self, at: datetime, seconds: float, pending: Sequence[Work]) -> None:
        super().__init__(seconds, pending)
        self.at = at
        self.args = (f"The clock stopped at {stamp(at)}. {self}",)


@dataclass(frozen=True, slots=True)
class Journey:
    """What came of moving the clock."""

    start: datetime
    end: datetime
    wakes: int  # moments at which something was due
    acted: Mapping[str, int]  # timers by kind, such as schedule
    left_out: Mapping[str, int]  # timers whose time was over by then
    works: Sequence[Work]  # the builds, executions and others that have ended on the way

    def to_json(self) -> dict[str, Any]:
        return {
            "from": stamp(self.start),
            "to": stamp(self.end),
            "wakes": self.wakes,
            "timers": dict(self.acted),
            "leftOut": dict(self.left_out),
            "works": dict(Counter(str(work.kind) for work in self.works)),
        }


class Calendar:
    """Moves the clock. Call it in the emulator's own loop; who comes second waits."""

    def __init__(self, clock: Clock, timers: Timers, under_way: UnderWay) -> None:
        self._clock = clock
        self._timers = timers
        self._under_way = under_way
        self._lock = anyio.Lock()

    def now(self) -> datetime:
        """The present moment in UTC."""
        return self._clock.now()

    def next(self) -> Timer | None:
        """What is to happen first."""
        return self._timers.next()

    @property
    def frozen(self) -> bool:
        """Whether the clock stands still."""
        return isinstance(self._clock, MovableClock) and self._clock.frozen

    async def advance(self, step: timedelta, limit: float = SETTLE_TIMEOUT) -> Journey:
        """Go forward by `step`, stopping wherever something is due, and let it end.

        What is under way ends before, and no time passes while anything runs. Raises Stopped,
        which names what has not ended within `limit` seconds: the clock stands where it came to;
        ValueError for a negative step; MomentOutOfRange, ClockFixed.
        """
        if step < timedelta():
            raise ValueError(f"The clock advances forward only, not by {step}. Set it instead.")
        async with self._moving() as clock:
            trip = self._trip(clock, limit)
            if step > LAST - trip.begun:
                raise MomentOutOfRange(f"{step} after {stamp(trip.begun)}")
            return await trip.to(trip.begun + step)

    async def set(self, moment: datetime, limit: float = SETTLE_TIMEOUT) -> Journey:
        """Jump to `moment`, forward or back; without a time zone it is meant in UTC.

        What is under way ends before. What has become due happens then, once; runs of schedules
        that lie between are left out. Raises as `advance` does.
        """
        async with self._moving() as clock:
            return await self._trip(clock, limit).jump(_checked(moment))

    async def freeze(self, moment: datetime | None = None, limit: float = SETTLE_TIMEOUT) -> None:
        """Let the clock stand still, at `moment` if one is given. Raises as `set` does."""
        async with self._moving(then_frozen=True) as clock:
            if moment is not None:
                await self._trip(clock, limit).jump(_checked(moment))

    async def resume(self) -> None:
        """Let the clock run on from where it stands. Raises ClockFixed."""
        clock = self._movable()
        async with self._lock:
            clock.resume()

    def to_json(self) -> dict[str, Any]:
        """The present moment, how far it is from the machine's, and what is due next."""
        timers = self._timers.all()
        offset = self.now() - machine_time()
        return {
            "now": stamp(self.now()),
            "frozen": self.frozen,
            "offset": round(offset.total_seconds(), 3),
            "timers": {
                "total": len(timers),
                "next": [{"timer": each.key, "at": stamp(each.moment)} for each in timers[:_SHOWN]],
            },
        }

    def _movable(self) -> MovableClock:
        if not isinstance(self._clock, MovableClock):
            raise ClockFixed(self._clock)
        return self._clock

    def _trip(self, clock: MovableClock, limit: float) -> _Trip:
        return _Trip(clock, self._timers, self._under_way, limit)

    @asynccontextmanager
    async def _moving(self, *, then_frozen: bool = False) -> AsyncIterator[MovableClock]:
        """The clock, standing still and ours alone."""
        clock = self._movable()
        async with self._lock:
            stays = then_frozen or clock.frozen
            clock.freeze()
            try:
                with self._timers.held():
                    yield clock
            finally:
                if not stays:
                    clock.resume()


class _Trip:
    """One movement of the clock, with what happens on it."""

    def __init__(
        self, clock: MovableClock, timers: Timers, under_way: UnderWay, limit: float
    ) -> None:
        self._clock = clock
        self._timers = timers
        self._under_way = under_way
        self._limit = limit
        self.begun = clock.now()
        self._before = Counter(timers.acted), Counter(timers.left_out)
        self._wakes = 0
        self._works: list[Work] = []

    async def to(self, target: datetime) -> Journey:
        """Go to each moment at which something is due, and on to `target`."""
        await self._settle()
        while (timer := self._timers.next()) and timer.moment <= target:
            await self._stop_at(max(timer.moment, self._clock.now()))
        await self._stop_at(target)
        return self._journey()

    async def jump(self, moment: datetime) -> Journey:
        """Go to `moment` at once."""
        await self._settle()
        await self._stop_at(moment)
        return self._journey()

    async def _stop_at(self, moment: datetime) -> None:
        self._clock.set(moment)
        if self._timers.look():
            self._wakes += 1
        self._works += await self._settle()
        await checkpoint()  # who slept until now begins what he has to do
        self._works += await self._settle()

    async def _settle(self) -> list[Work]:
        try:
            return await self._under_way.settled(self._limit)
        except NotSettled as exc:
            raise Stopped(self._clock.now(), self._limit, exc.pending) from exc

    def _journey(self) -> Journey:
        acted, left_out = self._before
        return Journey(
            self.begun,
            self._clock.now(),
            self._wakes,
            self._timers.acted - acted,
            self._timers.left_out - left_out,
            tuple(self._works),
        )


def _checked(moment: datetime) -> datetime:
    if 1 < moment.year < 9999 and FIRST <= (known := utc(moment)) <= LAST:
        return known
    raise MomentOutOfRange(moment.isoformat())
