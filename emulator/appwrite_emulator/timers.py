"""Timers: what is to be done at a moment of calendar time, the earliest first."""

from __future__ import annotations

import heapq
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from itertools import count
from typing import NamedTuple

import anyio

from .clock import LOOK, Clock

_SET_BACK = timedelta(minutes=1)
"""A clock that goes back by less is only waited for."""
_SPARE = 100  # timers beside those that count, before they are sorted out

logger = logging.getLogger(__name__)


class Timer(NamedTuple):
    """One thing to be done once."""

    moment: datetime
    number: int  # of those at the same moment the one set first goes first
    key: str  # begins with what kind it is of, such as `schedule` in `schedule:demo/f`
    act: Callable[[], object]  # False: it was too late, and left out

    @property
    def kind(self) -> str:
        return self.key.partition(":")[0]


class Timers:
    """Acts when their moments come. An act takes no time: what does is only begun by it."""

    def __init__(self, clock: Clock, look: float = LOOK) -> None:
        self.rearm: Callable[[], None] = lambda: None
        """Sets all timers anew; called when the clock has gone back to before it last acted."""
        self.acted: Counter[str] = Counter()  # how many, by kind, since the beginning
        self.left_out: Counter[str] = Counter()  # whose act came too late to do anything
        self._clock = clock
        self._look = look
        self._numbers = count()
        self._heap: list[Timer] = []
        self._timers: dict[str, Timer] = {}
        self._changed = anyio.Event()
        self._latest = clock.now()  # moment that has been seen
        self._holds = 0

    def set(self, key: str, moment: datetime, act: Callable[[], object]) -> None:
        """Call `act` once at `moment`, or soon when that has passed; replaces the timer `key`.

        An act that finds itself too late to do anything returns False."""
        timer = self._timers[key] = Timer(moment, next(self._numbers), key, act)
        heapq.heappush(self._heap, timer)
        if len(self._heap) > 2 * len(self._timers) + _SPARE:
            self._heap = self.all()  # without those that were replaced or cancelled
        if self._first() is timer:
            self._wake()

    def cancel(self, key: str) -> None:
        """Forget the timer `key`, if there is one."""
        if self._timers.pop(key, None):
            self._wake()

    def next(self) -> Timer | None:
        """The timer whose moment comes first."""
        return self._first()

    def all(self) -> list[Timer]:
        """All timers, the earliest first."""
        return sorted(self._timers.values())

    def run_due(self) -> int:
        """Call what is due now, in order; how many there were."""
        done, now = 0, self._clock.now()
        while (timer := self._first()) and timer.moment <= now:
            heapq.heappop(self._heap)
            del self._timers[timer.key]
            done += 1
            counts = self.acted
            try:
                if timer.act() is False:
                    counts = self.left_out
            except Exception:  # one timer's turn: the others must come
                logger.exception("timer %s failed", timer.key, extra={"action": "timer"})
            counts[timer.kind] += 1
        return done

    def look(self, tolerance: timedelta = timedelta()) -> int:
        """Call what is due now, in order; how many there were.

        Timers are set anew first when the clock has gone back by more than `tolerance`.
        """
        now = self._clock.now()
        if now < self._latest - tolerance:
            self.rearm()
        self._latest = now
        return self.run_due()

    def begin_anew(self) -> None:
        """Set all timers anew, from the present moment on, whatever was due before."""
        self._latest = self._clock.now()
        self.rearm()

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let nothing be called by `serve` meanwhile: somebody else does it."""
        self._holds += 1
        try:
            yield
        finally:
            self._holds -= 1
            self._wake()

    async def serve(self) -> None:
        """Call everything when it is due, for ever."""
        while True:
            self._changed = anyio.Event()
            if self._holds:
                await self._changed.wait()
                continue
            self.look(_SET_BACK)
            with anyio.move_on_after(self._look):
                await self._changed_or_due()

    async def _changed_or_due(self) -> None:
        """Return when the first timer is due, or another one has become the first."""
        changed, timer = self._changed, self._first()
        if timer is None:
            await changed.wait()
            return
        async with anyio.create_task_group() as group:
            group.start_soon(self._sleep, timer.moment, group.cancel_scope)
            await changed.wait()
            group.cancel_scope.cancel()

    async def _sleep(self, moment: datetime, scope: anyio.CancelScope) -> None:
        await self._clock.sleep_until(moment)
        scope.cancel()

    def _first(self) -> Timer | None:
        while self._heap and self._timers.get(self._heap[0].key) is not self._heap[0]:
            heapq.heappop(self._heap)  # replaced or cancelled
        return self._heap[0] if self._heap else None

    def _wake(self) -> None:
        if not self._holds:
            self._changed.set()
