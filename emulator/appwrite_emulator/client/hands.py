"""The hands of a clock: where it stood when a test began, to be put back when it ends."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import NamedTuple

from ..clock import Clock, MovableClock, machine_time

_NOTHING = timedelta(milliseconds=1)  # by which nobody moves a clock


class Hands(NamedTuple):
    """How a clock goes at one moment."""

    stands_at: datetime | None  # None: it runs
    offset: timedelta  # to the machine's clock

    @classmethod
    def of(cls, clock: Clock) -> Hands:
        now = clock.now()
        frozen = isinstance(clock, MovableClock) and clock.frozen
        return cls(now if frozen else None, now - machine_time())

    def put_back(self, clock: Clock) -> bool:
        """Let `clock` go as it did; whether it had to be moved. What is due is not looked at."""
        now = Hands.of(clock)
        if not isinstance(clock, MovableClock) or self._is_like(now):
            return False
        clock.freeze()
        clock.set(self.stands_at or machine_time() + self.offset)
        if self.stands_at is None:
            clock.resume()
        return True

    def _is_like(self, other: Hands) -> bool:
        if self.stands_at or other.stands_at:
            return self.stands_at == other.stands_at
        return abs(self.offset - other.offset) < _NOTHING
