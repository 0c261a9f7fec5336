"""Housekeeping: once a day of calendar time, what has outlived its retention goes."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from datetime import timedelta

from .ground import Ground
from .retention import Removed
from .under_way import Work, WorkKind

logger = logging.getLogger(__name__)

_DAY = timedelta(days=1)
_TIMER = "maintenance"


class Housekeeping:
    """Maintains by a timer."""

    def __init__(self, ground: Ground, maintain: Callable[[], Awaitable[Removed]]) -> None:
        self._ground = ground
        self._maintain = maintain

    def arm(self) -> None:
        """Maintain a day from now."""
        moment = self._ground.clock.now() + _DAY
        self._ground.timers.set(_TIMER, moment, self._begin)

    def _begin(self) -> None:
        self.arm()
        work = Work(WorkKind.MAINTENANCE, "", "", self._ground.now())
        self._ground.under_way.begin(work)
        self._ground.start(self._run, work)

    async def _run(self, work: Work) -> None:
        try:
            removed = await self._maintain()
        except Exception:  # one day's turn: the next must come
            logger.exception("maintenance failed", extra={"action": "maintain"})
        else:
            logger.info("removed what was old: %s", removed, extra={"action": "maintain"})
        finally:
            self._ground.under_way.end(work)
