"""The workers that serve one target, and the calls that wait for one of them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass, field

from .failures import Failure
from .logs import Listener
from .starter import Bindable
from .worker import Worker


@dataclass(slots=True)
class Waiter:
    """A call without a worker."""

    listener: Listener
    worker: asyncio.Future[Worker]

    def refuse(self, failure: Failure) -> None:
        """It gets none, unless it has one or was cancelled."""
        if not self.worker.done():
            self.worker.set_exception(failure)


@dataclass(slots=True)
class Group:
    """All that have one key."""

    target: Bindable
    workers: list[Worker] = field(default_factory=list)
    free: list[Worker] = field(default_factory=list)  # used last at the end
    waiting: deque[Waiter] = field(default_factory=deque)
    starting: int = 0

    @property
    def is_empty(self) -> bool:
        return not self.workers and not self.waiting and not self.starting

    @property
    def is_short(self) -> bool:
        """Whether more calls wait than the workers that are being started can take."""
        return len(self.waiting) > self.starting * max(1, self.target.launch.concurrency)

    def take(self) -> Worker:
        """The free worker that was used last; there must be one."""
        worker = self.free[-1]
        worker.taken += 1
        if worker.taken >= worker.launch.concurrency:
            self.free.pop()
        return worker

    def serve(self, worker: Worker) -> None:
        """`worker` can take a call: give it to those who wait."""
        if worker not in self.free:
            self.free.append(worker)
        while self.waiting and self.free:
            waiter = self.waiting.popleft()
            if not waiter.worker.done():  # else its call was cancelled a moment ago
                waiter.worker.set_result(self.take())

    def refuse_first(self, worker: Worker, failure: Failure) -> None:
        """The call that waits longest hears what `worker` said, and why there is none."""
        if self.waiting:
            waiter = self.waiting.popleft()
            worker.early.replay(waiter.listener)
            waiter.refuse(failure)

    def refuse_all(self, failure: Failure) -> None:
        while self.waiting:
            self.waiting.popleft().refuse(failure)

    def drop(self, worker: Worker) -> None:
        for workers in (self.workers, self.free):
            if worker in workers:
                workers.remove(worker)
