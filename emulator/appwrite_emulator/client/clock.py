"""The clock of the emulator, as a test moves it."""

from __future__ import annotations

from datetime import datetime

from ..services.calendar import Journey
from .stage import Stage

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class Clock:
    """Dates of rows, schedules, sessions and tokens follow it; durations and time-outs are real,
    and so is the time that functions see themselves."""

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    def __repr__(self) -> str:
        return f"<Clock {self.now.isoformat()}{', frozen' if self.frozen else ''}>"

    @property
    def now(self) -> datetime:
        """The present moment in UTC."""
        return self._stage.in_loop(self._stage.emulator.services.calendar.now)

    @property
    def frozen(self) -> bool:
        """Whether it stands still."""
        return self._stage.emulator.services.calendar.frozen

    def advance(
        self, *, days: float = 0, hours: float = 0, minutes: float = 0, seconds: float = 0
    ) -> Journey:
        """Let so much time pass: what is due happens in order, and has ended when this returns.

        Raises Stopped, a TimeoutError that says what has not; ValueError for a step back.
        """
        step = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
        stage = self._stage
        return stage.waited(lambda: stage.emulator.advance(**step, timeout=stage.timeout))

    def set(self, moment: datetime | str) -> Journey:
        """Jump to a moment, forward or back; without an offset it is UTC.

        What has become due happens once; runs of schedules that lie between are left out.
        """
        stage = self._stage
        return stage.waited(lambda: stage.emulator.set_time(moment, timeout=stage.timeout))

    def freeze(self, moment: datetime | str | None = None) -> None:
        """Let it stand still, at `moment` if given, until `resume`."""
        stage = self._stage
        stage.waited(lambda: stage.emulator.freeze(moment))

    def resume(self) -> None:
        """Let it run on from where it stands."""
        self._stage.emulator.resume()
