"""Running one command to its end with its output as text: what builds are made of."""

from __future__ import annotations

import asyncio
import codecs
import os
from collections.abc import Callable
from dataclasses import replace

import anyio

from ..sandbox import Command
from .exits import Exit
from .helper import Child
from .spawner import Spawner

_CHUNK = 65536


class _Output:
    """The reading end of a pipe, decoded as it comes."""

    def __init__(self, fd: int, tell: Callable[[str], None]) -> None:
        self._fd = fd
        self._tell = tell
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._loop = asyncio.get_running_loop()

    def open(self) -> None:
        os.set_blocking(self._fd, False)
        self._loop.add_reader(self._fd, self._read)

    def _read(self) -> bool:
        """Pass one chunk on; whether there may be more."""
        try:
            data = os.read(self._fd, _CHUNK)
        except BlockingIOError:
            return False
        if not data:
            self._loop.remove_reader(self._fd)
            return False
        self._say(self._decode(data))
        return True

    def close(self) -> None:
        """Pass on what is left. All writers are gone, so this ends."""
        self._loop.remove_reader(self._fd)
        while self._read():
            pass
        os.close(self._fd)
        self._say(self._decode(b"", True))

    def _say(self, text: str) -> None:
        if text:
            self._tell(text)


async def run(
    spawner: Spawner,
    command: Command,
    *,
    on_output: Callable[[str], None],
    timeout: float,  # noqa: ASYNC109 - the caller wants an Exit, not a TimeoutError
) -> Exit:
    """Run `command` for at most `timeout` seconds; how it ended, all of its tree being gone.

    stdout and stderr arrive together in `on_output`, in order, as whole characters. At the timeout
    the tree is killed and the reason is "timeout"; when this call is cancelled it is killed too.
    Raises spawner.SpawnFailed when the program cannot be started.
    """
    reader, writer = os.pipe()
    output = _Output(reader, on_output)
    output.open()
    try:
        try:
            child = await spawner.spawn(command, {1: writer, 2: writer}, watch=True)
        finally:
            os.close(writer)
        return await _finish(child, timeout)
    finally:
        output.close()


async def _finish(child: Child, seconds: float) -> Exit:
    try:
        with anyio.move_on_after(seconds):
            return await child.wait()
        return replace(await child.kill(), reason="timeout", detail=f"after {seconds:g} s")
    except anyio.get_cancelled_exc_class():
        with anyio.CancelScope(shield=True):
            await child.kill()
        raise
