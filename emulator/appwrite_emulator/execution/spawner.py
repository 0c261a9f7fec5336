"""Our side of the helper process: starts commands in the sandbox and ends whole trees."""

from __future__ import annotations

import array
import asyncio
import json
import os
import signal
import socket
import struct
import subprocess
import sys
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Self

import anyio

from ..sandbox import Command, Sandbox

_START = "import sys; sys.path.append(sys.argv[1]); from spawning import service; service.main({})"
_READY_LIMIT = 15.0  # seconds for the helper to say its first word
_STOP_LIMIT = 10.0


class SpawnFailed(Exception):
    """The command could not be started."""


@dataclass(frozen=True, slots=True)
class Exit:
    """How a process tree ended; nothing of it is left."""

    code: int | None  # of the leading process, None when a signal ended it
    signal: int | None
    reason: str = ""  # "memory", "processes", "timeout", "killed", "spawner", "" by itself
    detail: str = ""

    @property
    def text(self) -> str:
        """For people: `exited with code 3`, `killed by signal 11 (SIGSEGV)`, with the cause."""
        if self.code is not None and not self.is_ours:
            return f"exited with code {self.code}"
        causes = {
            "memory": "out of memory",
            "processes": "too many processes",
            "timeout": "timed out",
            "spawner": "the helper process ended",
            "keeper": "its keeper process ended",
        }
        cause = causes.get(self.reason, "")
        if self.signal is not None and not cause:
            return f"killed by signal {self.signal} ({_signal_name(self.signal)})"
        return f"killed: {cause}" + (f" ({self.detail})" if self.detail else "")

    @property
    def is_ours(self) -> bool:
        """Whether a limit or the emulator ended it rather than the program itself."""
        return bool(self.reason) and self.signal == signal.SIGKILL


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return "unknown"


class Child:
    """One started command and everything it starts."""

    def __init__(self, spawner: Spawner, id: int) -> None:
        self.pid = 0
        self._spawner = spawner
        self._id = id
        self._exit: Exit | None = None
        self._over = asyncio.Event()
        self._started: asyncio.Future[int] = asyncio.get_running_loop().create_future()

    async def wait(self) -> Exit:
        """How the tree ended, once its last process is gone."""
        await self._over.wait()
        assert self._exit is not None, "a child is over once its exit is known"
        return self._exit

    async def kill(self) -> Exit:
        """SIGKILL the whole tree and wait until none of it is left."""
        self.stop()
        return await self.wait()

    def stop(self) -> None:
        """SIGKILL the whole tree without waiting for it."""
        if self._exit is None:
            self._spawner.tell({"op": "kill", "id": self._id})

    def watch(self, memory: int | None, *, data: int | None = None) -> None:
        """Watch memory (limit in bytes) and processes of the tree from now on; None: no more.

        `data` sets the heap limit of the leading process, in bytes. A sandbox whose report says
        that memory is not watched makes this do nothing.
        """
        if self._exit is None and self._spawner.sandbox.report.memory == "watcher":
            self._spawner.tell({"op": "watch", "id": self._id, "memory": memory, "data": data})

    def _start(self, pid: int) -> None:
        self.pid = pid
        if not self._started.done():
            self._started.set_result(pid)

    def _fail(self, error: str) -> None:
        self._end(Exit(127, None))
        if not self._started.done():
            self._started.set_exception(SpawnFailed(error))

    def _end(self, exit: Exit) -> None:
        self._exit = exit
        self._over.set()
        if not self._started.done() and exit.reason == "spawner":
            self._started.set_exception(SpawnFailed("the helper process ended"))


class _Letter:
    """One message on its way to the helper; its descriptors go with the first byte."""

    def __init__(self, data: bytes, fds: Sequence[int]) -> None:
        self._data = memoryview(data)
        self._fds = list(fds)
        self._copies: list[int] = []

    def send(self, door: socket.socket) -> bool:
        """Send what the socket takes; whether that was all."""
        rights = array.array("i", self._fds)
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, rights)] if self._fds else []
        sent = door.sendmsg([self._data], extra)
        self.drop()
        self._data = self._data[sent:]
        return not self._data

    def keep(self) -> None:
        """Copy the descriptors: the message must wait, and their owner may close them."""
        if not self._copies:
            self._fds = self._copies = [os.dup(fd) for fd in self._fds]

    def drop(self) -> None:
        for fd in self._copies:
            os.close(fd)
        self._fds, self._copies = [], []


class _Line:
    """The socket to one helper process."""

    def __init__(self, ours: socket.socket, process: subprocess.Popen[bytes]) -> None:
        self.process = process
        self.socket = ours
        self.ready = asyncio.Event()
        self.is_open = True
        self.children: dict[int, Child] = {}
        self._buffer = b""
        self._outbox: deque[_Letter] = deque()
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        self.socket.setblocking(False)
        self._loop.add_reader(self.socket, self._hear)

    def tell(self, message: Mapping[str, Any], fds: Sequence[int] = ()) -> None:
        data = json.dumps(message).encode()
        letter = _Letter(struct.pack(">I", len(data)) + data, fds)
        self._outbox.append(letter)
        if len(self._outbox) == 1:
            self._flush()
        if self._outbox:
            letter.keep()

    def _flush(self) -> None:
        try:
            while self._outbox:
                if self._outbox[0].send(self.socket):
                    self._outbox.popleft()
        except BlockingIOError:
            self._loop.add_writer(self.socket, self._flush)
        except OSError:
            self.close()
        else:
            self._loop.remove_writer(self.socket)

    def _hear(self) -> None:
        try:
            data = self.socket.recv(65536)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self.close()
            return
        self._buffer += data
        while (end := self._end_of_message()) <= len(self._buffer):
            message = json.loads(self._buffer[4:end])
            self._buffer = self._buffer[end:]
            self._take(message)

    def _end_of_message(self) -> int:
        if len(self._buffer) < 4:
            return 4 + len(self._buffer)
        return 4 + int.from_bytes(self._buffer[:4], "big")

    def _take(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if event == "ready":
            self.ready.set()
            return
        child = self.children[message["id"]]
        if event == "started":
            child._start(message["pid"])
            return
        del self.children[message["id"]]
        if event == "failed":
            child._fail(message["error"])
        else:
            keys = ("code", "signal", "reason", "detail")
            child._end(Exit(*(message[key] for key in keys)))

    def close(self) -> None:
        """Give up the helper: it kills all that it started. All children count as gone."""
        if self.is_open:
            self.is_open = False
            self._loop.remove_reader(self.socket)
            self._loop.remove_writer(self.socket)
            self.socket.close()
            for letter in self._outbox:
                letter.drop()
            self._outbox.clear()
            self.ready.set()
            for child in self.children.values():
                child._end(Exit(None, signal.SIGKILL, "spawner"))
            self.children.clear()


class Spawner:
    """Starts commands through a helper process, which is replaced when it ends.

    An async context manager. Leaving it ends every process started through it. Nothing of our own
    process changes: no signal handlers, no forks without exec, no limits.
    """

    def __init__(self, sandbox: Sandbox) -> None:
        self.sandbox = sandbox
        self._line: _Line | None = None
        self._count = 0

    async def __aenter__(self) -> Self:
        await self._open()
        return self

    async def __aexit__(self, *_: object) -> None:
        line, self._line = self._line, None
        if line is not None:
            line.close()
            with anyio.CancelScope(shield=True):
                await anyio.to_thread.run_sync(_reap, line.process)

    @property
    def pid(self) -> int | None:
        """Process id of the helper, None while there is none."""
        return self._line.process.pid if self._line is not None else None

    async def spawn(
        self, command: Command, fds: Mapping[int, int], *, watch: bool = False
    ) -> Child:
        """Start `command` with our descriptors `fds.values()` at the numbers `fds.keys()`.

        The caller closes its own copies afterwards. 0, 1 and 2 are /dev/null unless given. `watch`
        holds it to its limits from the first moment; otherwise `Child.watch` begins that.
        Raises SpawnFailed, whose text names the program and the cause.
        """
        line = await self._open()
        try:
            confined = self.sandbox.confine(command)
        except OSError as exc:
            raise SpawnFailed(f"{command.argv[0]}: no home folder: {exc}") from exc
        self._count += 1
        child = line.children[self._count] = Child(self, self._count)
        request = self._request(confined, list(fds), watch=watch)
        line.tell(request, list(fds.values()))
        try:
            await child._started
        except asyncio.CancelledError:
            child.stop()
            raise
        return child

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send the helper a message about a running child; it may have ended meanwhile."""
        if self._line is not None and self._line.is_open:
            self._line.tell(message)

    def _request(self, command: Command, numbers: list[int], *, watch: bool) -> dict[str, Any]:
        can_watch = self.sandbox.report.memory == "watcher"
        memory = sys.maxsize if command.limits.memory is None else command.limits.memory
        return {
            "watch": memory if watch and can_watch else None,
            "op": "spawn",
            "id": self._count,
            "argv": command.argv,
            "env": dict(command.env),
            "cwd": command.cwd,
            "limits": asdict(command.limits),
            "owner": self.sandbox.owner,
            "fds": numbers,
        }

    async def _open(self) -> _Line:
        line = self._line
        if line is None or not line.is_open:
            try:
                old, line = line, _start_helper()
            except OSError as exc:
                raise SpawnFailed(f"the helper process cannot be started: {exc}") from exc
            self._line = line
            line.open()
            if old is not None:
                await anyio.to_thread.run_sync(_reap, old.process)
        with anyio.move_on_after(_READY_LIMIT):
            await line.ready.wait()
        if not line.is_open or not line.ready.is_set():
            line.close()
            raise SpawnFailed("the helper process did not start; see its messages on stderr")
        return line


def _start_helper() -> _Line:
    ours, theirs = socket.socketpair()
    with theirs:
        number = theirs.fileno()
        process = subprocess.Popen(
            (sys.executable, "-I", "-S", "-c", _START.format(number), str(Path(__file__).parent)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            pass_fds=(number,),
            start_new_session=True,
            cwd=os.sep,
        )
    return _Line(ours, process)


def _reap(process: subprocess.Popen[bytes]) -> None:
    """Wait for a helper whose socket is closed; one that hangs is killed, its keepers clean up."""
    try:
        process.wait(_STOP_LIMIT)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
