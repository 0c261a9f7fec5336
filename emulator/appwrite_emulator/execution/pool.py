"""Which worker runs a call: the one used last, a spare, a new one, or a place in line."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Self

import anyio

from ..catalog import Launch
from .failures import Failure, LoadFailed, SpawnFailed, TimedOut, WorkerDied
from .group import Group, Waiter
from .logs import Listener
from .starter import Bindable, Factory, Starter, spare_key, start_env
from .worker import Worker, WorkerState

logger = logging.getLogger(__name__)

_LOAD_LIMIT = 30.0  # seconds
_NO_WORKER = "No worker was free: at most {} run at once, all were busy or still loading.\n"
_OUR_FAULT = "The emulator failed while it made a worker; its log has the traceback."


@dataclass(frozen=True, slots=True)
class Sizes:
    """How many workers there may be, and for how long."""

    per_target: int = 4
    total: int = 32  # spares included
    idle_ttl: float = 600.0  # seconds
    patience: float = 5.0  # seconds that a call with a shorter timeout may wait for a worker


class Pool:
    """Elastic: grows while calls wait, shrinks after some idle minutes. LIFO.

    An async context manager that owns the tasks which start and end workers.
    """

    def __init__(self, factory: Factory, sizes: Sizes) -> None:
        self._factory = factory
        self._sizes = sizes
        self._groups: dict[str, Group] = {}
        self._queued: dict[str, Group] = {}  # those in which somebody waits, or did a moment ago
        self._spares: dict[tuple[str, ...], Worker] = {}
        self._preparing: set[tuple[str, ...]] = set()
        self._live: set[Worker] = set()
        self._reserved = 0  # workers about to be made
        self._starter = Starter(factory)
        self._idle_since: dict[Worker, float] = {}
        self._sweeper: asyncio.TimerHandle | None = None
        self._tasks = anyio.create_task_group()
        self._is_closed = False

    async def __aenter__(self) -> Self:
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> bool | None:
        self._is_closed = True
        if self._sweeper is not None:
            self._sweeper.cancel()
        self._refuse_all(WorkerDied("The emulator stops"))
        for worker in list(self._live):
            worker.lose("The emulator stops")
        self._tasks.cancel_scope.cancel()
        return await self._tasks.__aexit__(None, None, None)

    def take(self, key: str) -> Worker | None:
        """The free worker of `key` that was used last, if there is one."""
        group = self._groups.get(key)
        return self._take_free(group) if group is not None and group.free else None

    def _take_free(self, group: Group) -> Worker:
        worker = group.take()
        self._idle_since.pop(worker, None)
        return worker

    async def acquire(
        self, target: Bindable, listener: Listener, *, limit: float | None = None
    ) -> Worker:
        """A worker for `target`, which may have to be started and loaded, or waited for.

        Raises what kept a worker from being made: SpawnFailed, WorkerDied, LoadFailed, TimedOut;
        `listener` has heard then what user code said while loading. TimedOut too when none was
        free within `limit` seconds (None: however long it takes).
        """
        group = self._groups.setdefault(target.key, Group(target))
        if group.free:
            return self._take_free(group)
        loop = asyncio.get_running_loop()
        waiter = Waiter(listener, loop.create_future())
        group.target = target
        group.waiting.append(waiter)
        self._queued[target.key] = group
        self._balance()
        timer = loop.call_later(limit, self._give_up, waiter) if limit is not None else None
        try:
            return await waiter.worker
        except (asyncio.CancelledError, TimedOut):
            self._leave(group, waiter)
            raise
        finally:
            if timer is not None:
                timer.cancel()

    def _give_up(self, waiter: Waiter) -> None:
        waiter.refuse(TimedOut(_NO_WORKER.format(self._sizes.per_target)))

    def _leave(self, group: Group, waiter: Waiter) -> None:
        if waiter in group.waiting:
            group.waiting.remove(waiter)
            self._tidy(group)
        elif not waiter.worker.cancelled() and waiter.worker.exception() is None:
            self.give_back(waiter.worker.result())

    def give_back(self, worker: Worker) -> None:
        """A call is over: the next in line gets the worker, or it rests."""
        worker.taken -= 1
        if worker.state is not WorkerState.DEAD:
            self._offer(worker)

    def _offer(self, worker: Worker) -> None:
        group = self._groups[worker.key]
        if worker.is_retired and not group.waiting:
            if not worker.taken:
                worker.lose("Replaced by newer code")
            return
        group.serve(worker)
        if not worker.taken:
            self._rest(worker)
        self._balance()

    def _rest(self, worker: Worker) -> None:
        if worker.is_retired:
            worker.lose("Replaced by newer code")
            return
        now = asyncio.get_running_loop().time()
        self._idle_since[worker] = now
        self._arm(now + self._sizes.idle_ttl)

    def _arm(self, when: float) -> None:
        if self._sweeper is None and not self._is_closed:
            self._sweeper = asyncio.get_running_loop().call_at(when, self._sweep)

    def _sweep(self) -> None:
        """End who rested for too long; wake again for the next one."""
        self._sweeper = None
        oldest = asyncio.get_running_loop().time() - self._sizes.idle_ttl
        for worker, since in list(self._idle_since.items()):
            if since <= oldest:
                worker.lose("Idle for too long")
        if self._idle_since:
            self._arm(min(self._idle_since.values()) + self._sizes.idle_ttl)

    def _balance(self) -> None:
        """Start workers for those who wait, as far as the sizes allow."""
        for key, group in list(self._queued.items()):
            if not group.waiting:
                del self._queued[key]
            while self._may_grow(group):
                group.starting += 1
                self._reserved += 1
                self._begin(self._grow, group, f"start worker {group.target.key}")

    def _begin(self, turn: Callable[[Any], Awaitable[None]], subject: Any, name: str) -> None:
        self._tasks.start_soon(self._guard, turn, subject, name=name)

    async def _guard(self, turn: Callable[[Any], Awaitable[None]], subject: Any) -> None:
        try:
            await turn(subject)
        except Exception:  # of this worker alone: the others go on
            logger.exception("a worker failed in the emulator", extra={"action": turn.__name__})

    def _may_grow(self, group: Group) -> bool:
        if self._is_closed or not group.is_short:
            return False
        if len(group.workers) + group.starting >= self._sizes.per_target:
            return False
        if self._has_spare(group.target) or self._has_room():
            return True
        self._evict()  # losing it balances again, with the room it leaves
        return False

    def _has_room(self) -> bool:
        return len(self._live) + self._reserved < self._sizes.total

    def _has_spare(self, target: Bindable) -> bool:
        return spare_key(target) in self._spares and not self._reserved

    def _evict(self) -> None:
        """Make room, if somebody can go: the worker that rested longest, or else a spare."""
        idle, spares = self._idle_since, self._spares.values()
        victim = min(idle, key=idle.__getitem__) if idle else next(iter(spares), None)
        if victim is not None:
            victim.lose("Made room for another function")

    async def _grow(self, group: Group) -> None:
        worker = self._obtain(group)
        failure: Failure | None = WorkerDied(_OUR_FAULT)
        try:
            if worker.state is WorkerState.SPAWNING:
                await self._starter.start(worker, start_env(group.target))
            await worker.load(self._factory.load_of(group.target), limit=_LOAD_LIMIT)
            await self._factory.note(worker, group.target)
            await worker.check()
            failure = None
        except (SpawnFailed, LoadFailed, WorkerDied, TimedOut) as exc:
            failure = exc
        finally:
            group.starting -= 1
            if failure is not None:
                self._refuse(group, worker, failure)
        if failure is None:
            self._offer(worker)
            self._prepare(group.target.launch)

    def _obtain(self, group: Group) -> Worker:
        """The spare of that launcher, or a new worker, from now on in `group`."""
        self._reserved -= 1
        target = group.target
        worker = self._spares.pop(spare_key(target), None) or self._make(target.launch)
        worker.key = target.key
        group.workers.append(worker)
        return worker

    def _make(self, launch: Launch) -> Worker:
        worker = self._factory.make(launch, self.give_back, self.forget)
        self._live.add(worker)
        return worker

    def _refuse(self, group: Group, worker: Worker, failure: Failure) -> None:
        """The call that waits longest answers for a worker that could not be made."""
        group.refuse_first(worker, failure)
        worker.lose(str(failure))
        self._tidy(group)
        self._balance()

    def _prepare(self, launch: Launch) -> None:
        """Keep one spare of a launcher in use, when there is room for it."""
        known = launch.argv in self._spares or launch.argv in self._preparing
        if launch.spare and not known and self._has_room() and not self._is_closed:
            self._preparing.add(launch.argv)
            self._begin(self._make_spare, launch, f"start spare {launch.runtime}")

    async def _make_spare(self, launch: Launch) -> None:
        worker = self._make(launch)
        try:
            await self._starter.start(worker, {})
        except (SpawnFailed, WorkerDied):
            return  # the next call tries again, and tells
        finally:
            self._preparing.discard(launch.argv)
        self._spares[launch.argv] = worker
        self._balance()

    def forget(self, worker: Worker) -> None:
        """A worker is lost: nobody gets it any more, and it is buried."""
        self._live.discard(worker)
        self._idle_since.pop(worker, None)
        if self._spares.get(worker.launch.argv) is worker:
            del self._spares[worker.launch.argv]
        if group := self._groups.get(worker.key):
            group.drop(worker)
            self._tidy(group)
        self._begin(self._bury, worker, "bury worker")
        self._balance()

    def _tidy(self, group: Group) -> None:
        if group.is_empty:
            self._groups.pop(group.target.key, None)

    async def _bury(self, worker: Worker) -> None:
        with anyio.CancelScope(shield=True):
            await self._factory.bury(worker)

    def retire(self, key_prefix: str) -> None:
        """Idle workers of these keys end, others when they are done; waiting calls are served."""
        for worker in list(self._live):
            if worker.key and worker.key.startswith(key_prefix):
                worker.is_retired = True
                if worker in self._idle_since:
                    worker.lose("Replaced by newer code")

    async def kill(self, key_prefix: str = "") -> None:
        """End the workers of these keys that do not rest and refuse waiting calls, now."""
        error = WorkerDied("All executions were ended")
        for key, group in self._groups.items():
            if key.startswith(key_prefix):
                group.refuse_all(error)
        doomed = [
            worker
            for worker in self._live
            if worker.key and worker.key.startswith(key_prefix) and worker not in self._idle_since
        ]
        for worker in doomed:
            worker.lose(str(error))
        for worker in doomed:
            await worker.buried.wait()

    def withdraw(self, key_prefix: str = "", *, every: bool = False) -> list[Worker]:
        """The workers of these keys that rest and have served since they were last looked after,
        or `every` one that rests. Nobody gets them until they are given back."""
        chosen = [
            worker
            for worker in self._idle_since
            if worker.key.startswith(key_prefix) and (every or worker.served != worker.tidied)
        ]
        for worker in chosen:
            del self._idle_since[worker]
            self._groups[worker.key].free.remove(worker)
            worker.taken += 1
        return chosen

    def has(self, key_prefix: str) -> bool:
        """Whether a worker of these keys lives."""
        return any(worker.key and worker.key.startswith(key_prefix) for worker in self._live)

    def _refuse_all(self, failure: Failure) -> None:
        for group in self._groups.values():
            group.refuse_all(failure)

    def stats(self) -> dict[str, int]:
        """How many workers are in each state, `spare` among them, and `waiting` calls."""
        counts = {str(state): 0 for state in WorkerState if state is not WorkerState.DEAD}
        for worker in self._live:
            counts[worker.state] += 1
        counts["waiting"] = sum(len(group.waiting) for group in self._groups.values())
        return counts
