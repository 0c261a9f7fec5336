"""The helper process as we see it, and the children it looks after."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import anyio

from .exits import Exit
from .failures import SpawnFailed
from .line import Line

_START = "import sys; sys.path.append(sys.argv[1]); from spawning import service; service.main({})"
_READY_LIMIT = 15.0  # seconds for the helper to say its first word


class Child:
    """One started command and everything it starts.

    `when_lost` is called when its helper is gone, which is before it is gone itself.
    """

    def __init__(self, helper: Helper, id: int) -> None:
        self.pid = 0
        self.when_lost: Callable[[], None] = lambda: None
        self._helper = helper
        self._id = id
        self._exit: Exit | None = None
        self._over = asyncio.Event()
        self._started: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    async def started(self) -> None:
        """Return once it runs. Raises SpawnFailed, whose text names the program and the cause."""
        await self._started

    async def wait(self) -> Exit:
        """How the tree ended, once its last process is gone."""
        await self._over.wait()
        assert self._exit is not None, "a child is over once its exit is known"
        return self._exit

    async def kill(self) -> Exit:
        """SIGKILL the whole tree and wait until none of it is left."""
        self.stop()
        with anyio.move_on_after(self._helper.patience):
            return await self.wait()
        if self._exit is None:
            self._helper.give_up()
        return await self.wait()

    def stop(self) -> None:
        """SIGKILL the whole tree without waiting for it."""
        if self._exit is None:
            self._helper.tell({"op": "kill", "id": self._id})

    def watch(self, memory: int | None, *, data: int | None = None) -> None:
        """Watch memory (limit in bytes) and processes of the tree from now on; None: no more.

        `data` sets the heap limit of the leading process, in bytes. A sandbox whose report says
        that memory is not watched makes this do nothing.
        """
        if self._exit is None and self._helper.can_watch:
            self._helper.tell({"op": "watch", "id": self._id, "memory": memory, "data": data})

    def begin(self, pid: int) -> None:
        """It runs, as `pid`."""
        self.pid = pid
        if not self._started.done():
            self._started.set_result(None)

    def end(self, exit: Exit, error: str = "") -> None:
        """It is over; `error` says why it never ran."""
        self._exit = exit
        self._over.set()
        if not self._started.done():
            self._started.set_exception(SpawnFailed(error or exit.text))
            self._started.exception()  # seen: whoever started it may be gone


class Helper:
    """One helper process. When its socket closes it kills all that it started.

    `patience` is how many seconds it may take to start a command or to end one, `can_watch`
    whether it shall ever watch memory and processes.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        ours: socket.socket,
        *,
        patience: float,
        can_watch: bool,
    ) -> None:
        self.process = process
        self.patience = patience
        self.can_watch = can_watch
        self._line = Line(ours, self._take, self._lose_children)
        self._children: dict[int, Child] = {}
        self._ready = asyncio.Event()

    @property
    def is_open(self) -> bool:
        """Whether it may still serve."""
        return self._line.is_open

    def listen(self) -> None:
        self._line.open()

    async def ready(self) -> None:
        """Return once it serves. Raises SpawnFailed."""
        with anyio.move_on_after(_READY_LIMIT):
            await self._ready.wait()
        if not self.is_open or not self._ready.is_set():
            self.give_up()
            raise SpawnFailed("the helper process did not start; see its messages on stderr")

    async def spawn(self, request: Mapping[str, Any], fds: Sequence[int]) -> Child:
        """Start what `request` says. Raises SpawnFailed."""
        id = request["id"]
        child = self._children[id] = Child(self, id)
        try:
            self._line.tell(request, fds)
        except OSError as exc:
            del self._children[id]
            raise SpawnFailed(f"{request['argv'][0]}: {exc}") from exc
        try:
            with anyio.move_on_after(self.patience):
                await child.started()
        except asyncio.CancelledError:
            child.stop()
            raise
        if not child.pid:
            self.give_up()
            raise SpawnFailed(f"the helper process gave no answer for {self.patience:g} s")
        return child

    def tell(self, message: Mapping[str, Any]) -> None:
        """Send a message about a running child; it may have ended meanwhile."""
        self._line.tell(message)

    def _take(self, message: dict[str, Any]) -> None:
        event = message["event"]
        if event == "ready":
            self._ready.set()
        elif event == "started":
            self._children[message["id"]].begin(message["pid"])
        elif event == "failed":
            self._children.pop(message["id"]).end(Exit(127, None), message["error"])
        else:
            keys = ("code", "signal", "reason", "detail")
            self._children.pop(message["id"]).end(Exit(*(message[key] for key in keys)))

    def give_up(self) -> None:
        """End a helper that does not answer; its keepers end what it started."""
        self.process.kill()
        self.close()

    def close(self) -> None:
        """Close the socket. All children count as gone."""
        self._line.close()

    def _lose_children(self) -> None:
        self._ready.set()
        lost, self._children = self._children, {}
        for child in lost.values():
            child.end(Exit(None, signal.SIGKILL, "spawner"))
            child.when_lost()

    def reap(self) -> None:
        """Wait for the process of a closed helper; one that hangs is killed. Blocks."""
        try:
            self.process.wait(self.patience)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


def start_helper(*, patience: float, can_watch: bool) -> Helper:
    """A helper process that is about to serve. Raises OSError when there cannot be one."""
    ours, theirs = socket.socketpair()
    with theirs:
        try:
            helper = Helper(_start(theirs.fileno()), ours, patience=patience, can_watch=can_watch)
            helper.listen()
        except OSError:
            ours.close()
            raise
    return helper


def _start(number: int) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        (sys.executable, "-I", "-S", "-c", _START.format(number), str(Path(__file__).parent)),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        pass_fds=(number,),
        start_new_session=True,
        cwd=os.sep,
    )
