"""One running launcher: its pipes, its calls in flight, and how it ends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fnmatch import fnmatchcase
from functools import partial
from time import perf_counter
from typing import Any

import anyio

from ..catalog import Launch
from ..sandbox import Command
from . import protocol
from .channel import Channel, Ears
from .exits import Exit
from .failures import LoadFailed, SpawnFailed, TimedOut, Unread, WorkerDied
from .helper import Child
from .logs import Early, Transcript
from .opencalls import OpenCall, OpenCalls
from .protocol import Frame, Kind
from .spawner import Spawner

READY_LIMIT = 10.0  # seconds from start to READY
_LOOK_AFTER = 0.02  # seconds that a call may take before its memory is watched
_LOOK_EVERY = 1.0  # seconds after which even a short call is watched
_LAST_BREATH = 2.0  # seconds between the end of its pipes and that of a process
_STDERR_KEPT = 4096  # bytes for the report of a crash
_QUICK = 0.0003  # seconds: an answer that comes so soon is waited for without sleeping
_HUNG_UP = "The function's process closed its pipes to the emulator"
_DEAF = "Its process took no notice of it: it was stopped, or busy with an earlier execution.\n"


class WorkerState(StrEnum):
    """Where a worker stands; no edge leaves the last one."""

    SPAWNING = "spawning"  # no READY yet
    SPARE = "spare"  # no user code yet
    LOADING = "loading"
    IDLE = "idle"  # loaded, waits for a call
    BUSY = "busy"  # runs at least one call
    DEAD = "dead"  # killed or ended; takes nothing more


@dataclass(frozen=True, slots=True)
class Load:
    """What a worker is bound to."""

    header: Mapping[str, Any]
    memory: int  # bytes
    heap: int  # bytes, back stop for the leading process


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
        self.noise: tuple[str, ...] = ()  # patterns of lines on stderr that are nobody's
        self.taken = 0  # calls the pool gave it that are not over
        self.served = 0
        self.tidied = 0  # how many of them were served when it was last looked after
        self.offspring: frozenset[int] = frozenset()  # processes that it had when it was loaded
        self.is_frank = False  # whether it says what user code has under way
        self.load_time = 0.0  # seconds
        self.early = Early()
        self.buried = asyncio.Event()
        self._on_free = on_free
        self._on_lost = on_lost
        self._loop = asyncio.get_running_loop()
        self._channel = Channel(Ears(self._take, self._hear_printed, self.lose), max_body=max_body)
        self._calls = OpenCalls(self._watch, self._time_out)
        self._count = 0
        self._child: Child | None = None
        self._is_spawned = asyncio.Event()
        self._is_spawned.set()
        self._awaited: asyncio.Future[Frame] = self._loop.create_future()
        self._stderr = b""
        self._reason = ""
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
            frame = await self._expect(READY_LIMIT)
            self.is_frank = frame.header.get("asks") is True
        except TimedOut as exc:
            text = f"{self.launch.argv[0]} was not ready in time: {exc}"
            self.lose(text)
            raise WorkerDied(text) from exc
        except BaseException as exc:
            self.lose(str(exc))
            raise
        await self._enter(WorkerState.SPARE)

    async def _spawn(self, spawner: Spawner, command: Command) -> None:
        try:
            theirs = self._channel.open()
        except OSError as exc:
            raise SpawnFailed(f"no pipes for a worker: {exc}") from exc
        self._is_spawned.clear()
        try:
            self._child = await spawner.spawn(command, theirs)
            self._child.when_lost = partial(self.lose, "")
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
            told = (str(frame.header.get(key, "")) for key in ("message", "stack"))
            raise LoadFailed(*told)
        await self._enter(WorkerState.IDLE)
        self.load_time = perf_counter() - begun
        self._rest()

    async def _expect(self, seconds: float) -> Frame:
        with anyio.move_on_after(seconds):
            return await self._awaited
        self._channel.drain()
        raise TimedOut(f"more than {seconds:g} s")

    async def _enter(self, state: WorkerState) -> None:
        """Be in `state`. Raises WorkerDied when it ended right after what it said last."""
        await self.check()
        self.state = state

    async def check(self) -> None:
        """Raise WorkerDied when it has ended, once that is known for certain."""
        if self.state is WorkerState.DEAD:
            await self.buried.wait()
            raise WorkerDied(self._reason)

    def ask(self) -> asyncio.Future[Frame]:
        """Ask a worker at rest what user code has under way all the same; the frame that says it.

        The future fails with WorkerDied. Nobody else may use the worker meanwhile.
        """
        self._awaited = self._loop.create_future()
        self._channel.send(protocol.encode(Kind.ASK, 0, {}))
        return self._awaited

    def leave(self) -> None:
        """Ask the launcher to end by itself; `lose` ends it if it does not."""
        if self.state is not WorkerState.DEAD:
            self._channel.send(protocol.encode(Kind.EXIT, 0, {}))

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
            self._fail_all(f"{how}\n{words}" if words else how)
        finally:
            self._channel.close()
            self._calls.close()
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
            return self._reason or _HUNG_UP
        return _told(exit)

    def _fail_all(self, reason: str) -> None:
        self._reason = reason
        error = WorkerDied(reason)
        for call in self._calls.clear():
            call.failed(Unread(reason) if self._is_unread(call) else error)
        if not self._awaited.done():
            self._awaited.set_exception(error)
            self._awaited.exception()  # seen: nobody may be waiting

    def _is_unread(self, call: OpenCall) -> bool:
        return not call.is_sent or (call.id == self._count and self._channel.is_unread)

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

        The future fails with TimedOut or WorkerDied. Cancelling it leaves the call running.
        `linger` says that the loop has nothing else to do: then an answer that usually comes at
        once is looked for at once, since to sleep and be woken takes longer than that.
        """
        self._count = self._count % 0xFFFFFFFF + 1
        answer: asyncio.Future[Frame] = self._loop.create_future()
        call = OpenCall(self._count, transcript, answer, deadline)
        if self.state is WorkerState.DEAD:
            self._come_late(call)
            return answer
        self.state = WorkerState.BUSY
        self.served += 1
        self._stderr = b""
        self.early.replay(transcript)
        now = self._loop.time()
        if now - self._looked > _LOOK_EVERY:
            self._watch()
        call.look_at = min(deadline, now + _LOOK_AFTER)
        self._calls.add(call)
        if not self._channel.send(protocol.encode(Kind.CALL, call.id, header, body)):
            self.lose(_HUNG_UP if self.served > 1 else "")
            return answer
        call.is_sent = True
        call.begun = perf_counter()
        if linger and self._usual < _QUICK:
            self._linger(call)
        return answer

    def _come_late(self, call: OpenCall) -> None:
        """The worker was lost before: fail the call with how it ended, once that is known."""
        if self.buried.is_set():
            call.failed(Unread(self._reason))
        else:
            self._calls.add(call)

    def _linger(self, call: OpenCall) -> None:
        end = call.begun + min(2 * self._usual, _QUICK)
        while not call.answer.done() and perf_counter() < end:
            self._channel.listen()

    def _time_out(self, call: OpenCall) -> None:
        self._channel.drain()
        call.failed(TimedOut(_DEAF if self._is_unread(call) else ""))
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
        call = self._calls.by_id.get(frame.id)
        if frame.kind == Kind.LOG:
            level = str(frame.header.get("level"))
            if call is not None:
                call.transcript.message(level, frame.body)
            elif not self.served:
                self.early.message(level, frame.body)
        elif frame.kind == Kind.RESULT:
            if call is not None:
                self._finish(call, frame)
        elif frame.kind in _AWAITED.get(self.state, ()) and not self._awaited.done():
            self._awaited.set_result(frame)

    def _finish(self, call: OpenCall, frame: Frame) -> None:
        self._channel.drain()
        took = perf_counter() - call.begun
        self._usual = min(took, self._usual + (took - self._usual) / 4)
        del self._calls.by_id[call.id]
        call.answered(frame)
        if self.state is WorkerState.BUSY and not self._calls.by_id:
            self.state = WorkerState.IDLE
            self._rest()
        self._on_free(self)

    def _hear_printed(self, data: bytes, is_stderr: bool) -> None:
        """Output is the latest call's, or until the first one, of the one that is to come."""
        if is_stderr and self.noise:
            data = _without(self.noise, data)
        if not data:
            return
        if is_stderr:
            self._stderr = (self._stderr + data)[-_STDERR_KEPT:]
        if self._calls.by_id:
            self._calls.latest.transcript.printed(data)
        elif not self.served:
            self.early.printed(data)


_AWAITED = {
    WorkerState.SPAWNING: (Kind.READY,),
    WorkerState.LOADING: (Kind.LOADED, Kind.LOAD_FAILED),
    WorkerState.IDLE: (Kind.PENDING,),
}


def _without(noise: tuple[str, ...], data: bytes) -> bytes:
    """The lines that match none of the patterns. What makes noise writes whole lines at once."""
    lines = data.splitlines(keepends=True)
    texts = (line.decode("utf-8", "replace").rstrip() for line in lines)
    is_noise = (any(fnmatchcase(text, pattern) for pattern in noise) for text in texts)
    return b"".join(line for line, drop in zip(lines, is_noise, strict=True) if not drop)


def _told(exit: Exit) -> str:
    text = exit.text
    return f"The function's process {'was ' * text.startswith('killed')}{text}"
