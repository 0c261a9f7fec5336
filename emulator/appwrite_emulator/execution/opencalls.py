"""The calls that a worker has not answered yet, and the one alarm that looks after them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .logs import Transcript
from .protocol import Frame


class OpenCall:
    """A call without an answer. Times are those of the loop's clock."""

    def __init__(
        self, id: int, transcript: Transcript, answer: asyncio.Future[Frame], deadline: float
    ) -> None:
        self.id = id
        self.transcript = transcript
        self.answer = answer
        self.deadline = deadline
        self.look_at = deadline
        self.is_sent = False
        self.begun = 0.0  # of the performance counter, which is finer than some loops' clocks

    def answered(self, frame: Frame) -> None:
        if not self.answer.done():
            self.answer.set_result(frame)

    def failed(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # seen: whoever waited may be gone


class OpenCalls:
    """Tells `on_long` when a call is due to be looked at, `on_late` at its deadline."""

    def __init__(self, on_long: Callable[[], None], on_late: Callable[[OpenCall], None]) -> None:
        self.by_id: dict[int, OpenCall] = {}
        self._on_long = on_long
        self._on_late = on_late
        self._loop = asyncio.get_running_loop()
        self._alarm: asyncio.TimerHandle | None = None

    def add(self, call: OpenCall) -> None:
        self.by_id[call.id] = call
        self._wake_at(call.look_at)

    @property
    def latest(self) -> OpenCall:
        """The one that came last; there must be one."""
        return self.by_id[next(reversed(self.by_id))]

    def clear(self) -> list[OpenCall]:
        """Take them all."""
        calls = list(self.by_id.values())
        self.by_id.clear()
        return calls

    def close(self) -> None:
        if self._alarm is not None:
            self._alarm.cancel()

    def _wake_at(self, when: float) -> None:
        """Look after the calls at `when`. To let an alarm pass costs less than to stop it."""
        if self._alarm is not None:
            if self._alarm.when() <= when:
                return
            self._alarm.cancel()
        self._alarm = self._loop.call_at(when, self._tick)

    def _tick(self) -> None:
        self._alarm = None
        now = self._loop.time()
        for call in list(self.by_id.values()):
            if call.deadline <= now:
                del self.by_id[call.id]
                self._on_late(call)
            elif call.look_at <= now:
                self._on_long()
                self._wake_at(call.deadline)
            else:
                self._wake_at(call.look_at)
