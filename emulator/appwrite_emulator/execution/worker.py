"""One running launcher: its pipes, its calls in flight, and how it ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from time import perf_counter
from typing import Any

import anyio

from ..catalog import Launch
from ..sandbox import Command
from . import protocol
from .channel import Channel, Ears
from .logs import Early, Transcript
from .protocol import Frame, Kind
from .spawner import Child, Exit, Spawner, SpawnFailed

READY_LIMIT = 10.0  # seconds from start to READY
_LOOK_AFTER = 0.02  # seconds that a call may take before its memory is watched
_LOOK_EVERY = 1.0  # seconds after which even a short call is watched
_LAST_BREATH = 2.0  # seconds between the end of its pipes and that of a process
_STDERR_KEPT = 4096  # bytes for the report of a crash
_QUICK = 0.0003  # seconds: an answer that comes so soon is waited for without sleeping


class WorkerState(StrEnum):
    """Where a worker stands; no edge leaves the last one."""

    SPAWNING = "spawning"  # no READY yet
    SPARE = "spare"  # no user code yet
    LOADING = "loading"
    IDLE = "idle"  # loaded, waits for a call
    BUSY = "busy"  # runs at least one call
    DEAD = "dead"  # killed or ended; takes nothing more


class WorkerDied(Exception):
    """The worker ended; the message says how."""


class LoadFailed(Exception):
    """User code could not be loaded; the message is the launcher's text."""


class TimedOut(Exception):
    """The deadline of the call has passed."""


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker is bound to."""

    header: Mapping[str, Any]
    memory: int  # bytes
    heap: int  # bytes, back stop for the leading process


class _Run:
    """A call in flight."""

    def __init__(
        self, id: int, transcript: Transcript, answer: asyncio.Future[Frame], deadline: float
    ) -> None:
        self.id = id
        self.transcript = transcript
        self.answer = answer
        self.deadline = deadline
        self.look_at = 0.0  # when its memory is watched; a time of the loop's clock, too
        self.begun = 0.0

    def answered(self, frame: Frame) -> None:
        if not self.answer.done():
            self.answer.set_result(frame)

    def failed(self, error: Exception) -> None:
        if not self.answer.done():
            self.answer.set_exception(error)
            self.answer.exception()  # seen: whoever waited may be gone


class Worker:
    """A launcher process. `on_free` is told after each call, `on_lost` once when it is over.

    After `on_lost` somebody must await `bury`, which ends the process and fails its calls.
    """

    def __init__(
        self,
        launch: Launch,
        *,
        max_body: int,
        on_free: Callable[[Worker], None],
        on_lost: Callable[[Worker], None],
    ) -> None:
        self.launch = launch
        self.state = WorkerState.SPAWNING
        self.key = ""
        self.is_retired = False
        self.taken = 0  # calls the pool gave it that are not over
        self.served = 0
        self.load_time = 0.0  # seconds
        self.early = Early()
        self.buried = asyncio.Event()
        self._on_free = on_free
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._channel = Channel(Ears(self._take, self._hear_printed, self.lose), max_body=max_body)
        self._runs: dict[int, _Run] = {}
        self._count = 0
        self._child: Child | None = None
        self._is_spawned = asyncio.Event()
        self._is_spawned.set()
        self._awaited: asyncio.Future[Frame] = self._loop.create_future()
        self._stderr = b""
        self._reason = ""
        self._alarm: asyncio.TimerHandle | None = None
        self._memory = 0
        self._is_watched = False
        self._looked = 0.0
        self._usual = 1.0  # seconds that calls take, the quick ones counting most

    @property
    def pid(self) -> int | None:
        """Process id of the launcher, None before it was started."""
        return self._child.pid if self._child is not None else None

    async def start(self, spawner: Spawner, command: Command) -> None:
        """Start the launcher and wait until it is ready.

        Raises spawner.SpawnFailed or WorkerDied; the worker is lost then.
        """
        try:
            await self._spawn(spawner, command)
            await self._expect(READY_LIMIT)
        except TimedOut as exc:
            text = f"{self.launch.argv[0]} was not ready in time: {exc}"
            self.lose(text)
            raise WorkerDied(text) from exc
        except BaseException as exc:
            self.lose(str(exc))
            raise
        self.state = WorkerState.SPARE

    async def _spawn(self, spawner: Spawner, command: Command) -> None:
        try:
            theirs = self._channel.open()
        except OSError as exc:
            raise SpawnFailed(f"no pipes for a worker: {exc}") from exc
        self._is_spawned.clear()
        try:
            self._child = await spawner.spawn(command, theirs)
        finally:
            self._is_spawned.set()
            for fd in theirs.values():
                os.close(fd)
        if self.state is WorkerState.DEAD:
            self._child.stop()

    async def load(self, load: Load, *, limit: float) -> None:
        """Load user code within `limit` seconds.

        Raises LoadFailed with the launcher's text, TimedOut, or WorkerDied; the worker is lost
        then. `early` holds what was said meanwhile.
        """
        begun = perf_counter()
        self.state = WorkerState.LOADING
        self.early = Early()
        self._memory = load.memory
        self._awaited = self._loop.create_future()
        self._watch(load.heap)
        self._channel.send(protocol.encode(Kind.LOAD, 0, load.header))
        try:
            frame = await self._expect(limit)
        except BaseException as exc:
            self.lose(str(exc))
            raise
        self._channel.drain()
        if frame.kind == Kind.LOAD_FAILED:
            self.lose("its code could not be loaded")
            raise LoadFailed(str(frame.header.get("message", "")))
        self.state = WorkerState.IDLE
        self.load_time = perf_counter() - begun
        self._rest()

    async def _expect(self, seconds: float) -> Frame:
        with anyio.move_on_after(seconds):
            return await self._awaited
        self._channel.drain()
        raise TimedOut(f"more than {seconds:g} s")

    def lose(self, reason: str) -> None:
        """Take the worker out of use, for `reason`; "" when it ended by itself."""
        if self.state is WorkerState.DEAD:
            return
        self.state = WorkerState.DEAD
        self._reason = reason
        if self._child is not None and reason:
            self._child.stop()
        self._on_lost(self)

    async def bury(self) -> None:
        """End the tree and fail what still ran; afterwards nothing of the worker is left."""
        try:
            await self._is_spawned.wait()  # a process that is being started must be ended too
            how = await self._end()
            self._channel.drain()
            words = self._stderr.decode("utf-8", "replace").strip()
            self._fail_all(WorkerDied(f"{how}\n{words}" if words else how))
        finally:
            self._channel.close()
            if self._alarm is not None:
                self._alarm.cancel()
            self.buried.set()

    async def _end(self) -> str:
        """Wait for the end of the process; how it came to it."""
        if self._child is None:
            return self._reason
        if not self._reason:
            with anyio.move_on_after(_LAST_BREATH):
                return _told(await self._child.wait())
        exit = await self._child.kill()
        if exit.reason in ("", "killed"):
            return self._reason or "The function's process closed its pipes to the emulator"
        return _told(exit)

    def _fail_all(self, error: WorkerDied) -> None:
        for run in self._runs.values():
            run.failed(error)
        self._runs.clear()
        if not self._awaited.done():
            self._awaited.set_exception(error)
            self._awaited.exception()  # seen: nobody may be waiting

    def call(
        self,
        header: Mapping[str, Any],
        body: bytes,
        transcript: Transcript,
        deadline: float,
        *,
        linger: bool = False,
    ) -> asyncio.Future[Frame]:
        """Run a call until `deadline`, a time of the loop's clock; the RESULT frame to come.

        The future fails with TimedOut or WorkerDied; the latter is raised at once when the worker
        was lost before. Cancelling the future leaves the call running.
        `linger` says that the loop has nothing else to do: then an answer that usually comes at
        once is looked for at once, since to sleep and be woken takes longer than that.
        """
        if self.state is WorkerState.DEAD:  # killed after it was given to this call
            raise WorkerDied(self._reason)
        self._count = self._count % 0xFFFFFFFF + 1
        answer: asyncio.Future[Frame] = self._loop.create_future()
        run = self._runs[self._count] = _Run(self._count, transcript, answer, deadline)
        self.state = WorkerState.BUSY
        self.served += 1
        self._stderr = b""
        self.early.replay(transcript)
        now = self._loop.time()
        if now - self._looked > _LOOK_EVERY:
            self._watch()
        run.look_at = min(deadline, now + _LOOK_AFTER)
        self._wake_at(run.look_at)
        self._channel.send(protocol.encode(Kind.CALL, run.id, header, body))
        run.begun = perf_counter()
        if linger and self._usual < _QUICK:
            self._linger(run)
        return answer

    def _linger(self, run: _Run) -> None:
        end = run.begun + min(2 * self._usual, _QUICK)
        while not run.answer.done() and perf_counter() < end:
            self._channel.listen()

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
        for run in list(self._runs.values()):
            if run.deadline <= now:
                self._time_out(run)
            elif run.look_at <= now:
                self._watch()
                self._wake_at(run.deadline)
            else:
                self._wake_at(run.look_at)

    def _time_out(self, run: _Run) -> None:
        self._channel.drain()
        del self._runs[run.id]
        run.failed(TimedOut())
        self.lose("Another execution in the same process timed out")

    def _watch(self, heap: int | None = None) -> None:
        if not self._is_watched and self._child is not None:
            self._is_watched = True
            self._child.watch(self._memory, data=heap)

    def _rest(self) -> None:
        if self._is_watched and self._child is not None:
            self._is_watched = False
            self._looked = self._loop.time()
            self._child.watch(None)

    def _take(self, frame: Frame) -> None:
        """Act on a frame; one that fits no call in flight is a late or forged one: dropped."""
        run = self._runs.get(frame.id)
        if frame.kind == Kind.LOG:
            level = str(frame.header.get("level"))
            if run is not None:
                run.transcript.message(level, frame.body)
            elif not self.served:
                self.early.message(level, frame.body)
        elif frame.kind == Kind.RESULT:
            if run is not None:
                self._finish(run, frame)
        elif frame.kind in _AWAITED.get(self.state, ()) and not self._awaited.done():
            self._awaited.set_result(frame)

    def _finish(self, run: _Run, frame: Frame) -> None:
        self._channel.drain()
        took = perf_counter() - run.begun
        self._usual = min(took, self._usual + (took - self._usual) / 4)
        del self._runs[run.id]
        run.answered(frame)
        if self.state is WorkerState.BUSY and not self._runs:
            self.state = WorkerState.IDLE
            self._rest()
        self._on_free(self)

    def _hear_printed(self, data: bytes, is_stderr: bool) -> None:
        """Output is the latest call's, or until the first one, of the one that is to come."""
        if is_stderr:
            self._stderr = (self._stderr + data)[-_STDERR_KEPT:]
        if self._runs:
            self._runs[next(reversed(self._runs))].transcript.printed(data)
        elif not self.served:
            self.early.printed(data)


_AWAITED = {
    WorkerState.SPAWNING: (Kind.READY,),
    WorkerState.LOADING: (Kind.LOADED, Kind.LOAD_FAILED),
}


def _told(exit: Exit) -> str:
    text = exit.text
    return f"The function's process {'was ' * text.startswith('killed')}{text}"
