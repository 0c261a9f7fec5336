"""The workers that run under a debugger: one for each inspected function, without deadlines."""

from __future__ import annotations

import asyncio
import logging
import shutil
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple, Protocol, Self

import anyio
from anyio import to_thread

from ..catalog import Launch
from .failures import Failure, WorkerDied
from .inspection import Inspect, lay
from .logs import Listener
from .relay import Relay, free_port
from .starter import Bindable, Factory, start_env
from .worker import Worker

logger = logging.getLogger(__name__)

UNTIMED = 365 * 86_400.0  # seconds: whoever debugs takes the time it takes


class Stand(NamedTuple):
    """Where the targets of one name are inspected."""

    port: int  # of 127.0.0.1, where debuggers attach
    folder: Path  # that holds the build while it is inspected


class Inspectable(Bindable, Protocol):
    """A target that may be inspected."""

    @property
    def folder(self) -> Path:
        """Its build folder."""
        ...

    @property
    def inspect(self) -> Inspect | None:
        """How it is inspected, if it is."""
        ...

    @property
    def moved(self) -> Bindable:
        """The same with its code where it lies while it is inspected."""
        ...


@dataclass(slots=True)
class _Seat:
    """The place of one function's worker. Whoever has the turn may use or replace it."""

    worker: Worker | None = None
    leaving: Worker | None = None  # the last one, which may not be gone yet
    is_taken: bool = False
    waiting: deque[tuple[str, asyncio.Future[None]]] = field(default_factory=deque)
    answers: asyncio.Event = field(default_factory=asyncio.Event)
    port: int = 0  # where its worker's debugger listens while it answers

    async def turn(self, key: str) -> None:
        """Return when it is the caller's turn. Raises WorkerDied when `refuse` comes before."""
        if not self.is_taken:
            self.is_taken = True
            return
        turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.waiting.append((key, turn))
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.pass_on()
            raise

    def pass_on(self) -> None:
        """The turn is over: the next in line has it."""
        while self.waiting:
            _, turn = self.waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.is_taken = False

    def refuse(self, prefix: str, failure: Failure) -> None:
        """Whoever waits with a key that starts with `prefix` waits no longer."""
        for key, turn in list(self.waiting):
            if key.startswith(prefix) and not turn.done():
                self.waiting.remove((key, turn))
                turn.set_exception(failure)

    async def listening(self) -> int:
        """The port of the worker's debugger, once there is one."""
        await self.answers.wait()
        return self.port

    def quiet(self) -> None:
        """There is no debugger until the next worker is ready."""
        self.answers.clear()


class Bench:
    """Runs inspected targets: a worker and an address for each name, whatever its deployment is.

    An async context manager that owns its workers and the tasks which relay debuggers to them.
    Calls come one after the other and wait as long as it takes; nobody is evicted or idle too long.
    """

    def __init__(self, factory: Factory, folder: Path) -> None:
        self._factory = factory
        self._folder = folder
        self._seats: dict[str, _Seat] = {}
        self._relays: dict[str, Relay] = {}
        self._live: dict[Worker, _Seat] = {}
        self._tasks = anyio.create_task_group()

    async def __aenter__(self) -> Self:
        await self._clear()  # what a killed process left behind
        await self._tasks.__aenter__()
        return self

    async def __aexit__(self, *exc: Any) -> None:
        stop = WorkerDied("The emulator stops")
        for seat in self._seats.values():
            seat.refuse("", stop)
        for worker in list(self._live):
            worker.lose(str(stop))
        self._tasks.cancel_scope.cancel()
        await self._tasks.__aexit__(None, None, None)
        with anyio.CancelScope(shield=True):
            await self._clear()

    async def _clear(self) -> None:
        await to_thread.run_sync(lambda: shutil.rmtree(self._folder, ignore_errors=True))

    async def open(self, name: str, port: int, *, preferred: int) -> Stand:
        """Where targets of `name` are inspected from now on; the same place if they have one.

        The port is `port`; when that is 0, `preferred` or any that is free. Raises PortTaken.
        """
        if name not in self._relays:
            relay = Relay(self._seat(name).listening)
            await relay.open(port, preferred=preferred)
            self._relays[name] = relay
            self._tasks.start_soon(relay.serve, name=f"debuggers of {name}")
        return Stand(self._relays[name].port, self._folder.resolve() / name)

    def is_busy(self, name: str) -> bool:
        """Whether a call of `name` is under way, perhaps at a breakpoint."""
        return self._seat(name).is_taken

    def _seat(self, name: str) -> _Seat:
        return self._seats.setdefault(name, _Seat())

    async def acquire(self, target: Inspectable, listener: Listener) -> Worker:
        """The worker of `target`, which may have to take the place of an earlier one's.

        Raises what kept it from being made; `listener` has heard then what user code said.
        """
        assert target.inspect is not None, "other targets are the pool's"
        seat = self._seat(target.inspect.name)
        await seat.turn(target.key)
        try:
            if seat.worker is None or seat.worker.key != target.key:
                await self._replace(seat, target, target.inspect, listener)
            assert seat.worker is not None, "a worker that ended was forgotten"
        except BaseException:
            seat.pass_on()
            raise
        seat.worker.taken += 1
        return seat.worker

    async def _replace(
        self, seat: _Seat, target: Inspectable, inspect: Inspect, listener: Listener
    ) -> None:
        self._see_off(seat)
        if seat.leaving is not None:
            await seat.leaving.buried.wait()
        linked = target.launch.dependency_folders
        await to_thread.run_sync(lay, target.folder, inspect.folder, linked)
        worker, port = self._make(seat, target.launch, inspect)
        worker.key = target.key
        try:
            await self._factory.start(worker, start_env(target))
            seat.port = port
            seat.answers.set()
            await worker.load(self._factory.load_of(target.moved), limit=UNTIMED)
        except BaseException as exc:
            worker.early.replay(listener)
            worker.lose(str(exc))
            raise
        seat.worker = worker

    def _make(self, seat: _Seat, launch: Launch, inspect: Inspect) -> tuple[Worker, int]:
        port = free_port()
        launch = replace(launch, argv=launch.inspected(inspect.found, port))
        worker = self._factory.make(launch, self.give_back, self._forget)
        worker.noise = inspect.debugger.noise
        self._live[worker] = seat
        return worker, port

    def give_back(self, worker: Worker) -> None:
        """A call is over."""
        worker.taken -= 1
        seat = self._live.get(worker)
        if seat is not None:
            if worker.is_retired:
                self._see_off(seat)
            seat.pass_on()

    def _see_off(self, seat: _Seat) -> None:
        """Let the seat's worker, which is at rest, end by itself: debuggers are told so."""
        worker, seat.worker = seat.worker, None
        if worker is not None:
            seat.leaving = worker
            seat.quiet()
            self._tasks.start_soon(_leave, worker, name="end debugged worker")

    def _forget(self, worker: Worker) -> None:
        seat = self._live.pop(worker)
        if seat.leaving is not worker:
            seat.quiet()
        if seat.worker is worker:
            seat.worker = None
        seat.leaving = worker
        self._tasks.start_soon(self._bury, seat, worker, name="bury debugged worker")

    async def _bury(self, seat: _Seat, worker: Worker) -> None:
        with anyio.CancelScope(shield=True):
            try:
                await self._factory.bury(worker)
            except Exception:  # of this worker alone: the others go on
                logger.exception("a worker failed in the emulator", extra={"action": "bury"})
            if worker.taken:
                seat.pass_on()

    def retire(self, key_prefix: str) -> None:
        """Workers of these keys end, those that are busy after their call."""
        for worker, seat in self._of(key_prefix):
            worker.is_retired = True
            if seat.worker is worker and not seat.is_taken:
                self._see_off(seat)

    async def kill(self, key_prefix: str = "") -> None:
        """End the workers of these keys that do not rest and refuse waiting calls, now."""
        error = WorkerDied("All executions were ended")
        for seat in self._seats.values():
            seat.refuse(key_prefix, error)
        doomed = [worker for worker, seat in self._of(key_prefix) if seat.is_taken]
        for worker in doomed:
            worker.lose(str(error))
        for worker in doomed:
            await worker.buried.wait()

    def has(self, key_prefix: str) -> bool:
        """Whether a worker of these keys lives."""
        return any(self._of(key_prefix))

    def _of(self, key_prefix: str) -> Iterator[tuple[Worker, _Seat]]:
        return ((w, s) for w, s in list(self._live.items()) if w.key.startswith(key_prefix))

    def count(self, counts: dict[str, int]) -> dict[str, int]:
        """`counts` with the workers and waiting calls that are here."""
        for worker in self._live:
            counts[worker.state] += 1
        counts["waiting"] += sum(len(seat.waiting) for seat in self._seats.values())
        return counts


async def _leave(worker: Worker) -> None:
    debugger = worker.launch.inspect
    if debugger is not None and debugger.grace:
        worker.leave()
        with anyio.move_on_after(debugger.grace):
            await worker.buried.wait()
    worker.lose("Replaced by newer code")
