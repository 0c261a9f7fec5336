"""Claims: of all processes on a machine that want to build the same, one does and others wait."""

from __future__ import annotations

import asyncio
import fcntl
import os
import threading
from contextlib import suppress
from pathlib import Path

import anyio


class Claim:
    """The lock file `path`: held by one at a time, and let go by the kernel when its holder dies.

    The file is there only while somebody holds or wants it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._held: int | None = None

    def take(self) -> bool:
        """Take it, unless somebody else has it."""
        fd = self._open()
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(fd)
            return False
        return self._hold(fd)

    async def wait(self) -> None:
        """Take it once those who came before have let go."""
        while not self._hold(await _Waiting(self._open()).locked()):
            pass  # its holder has removed the file that we have waited for

    def release(self) -> None:
        """Let go, if it is held."""
        if self._held is not None:
            with suppress(OSError):
                self._path.unlink()
            os.close(self._held)
            self._held = None

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _hold(self, fd: int) -> bool:
        """Keep the lock if its file is still the one that others find."""
        with suppress(FileNotFoundError):
            if os.path.samestat(os.fstat(fd), os.stat(self._path)):
                self._held = fd
                return True
        os.close(fd)
        return False


class _Waiting:
    """The wait for the lock of a descriptor, in a thread of its own: it cannot be interrupted.

    A thread that is no longer waited for closes the descriptor when it gets the lock.
    """

    def __init__(self, fd: int) -> None:
        self._fd = fd
        self._loop = asyncio.get_running_loop()
        self._done = anyio.Event()
        self._guard = threading.Lock()
        self._is_over = False
        self._problem: OSError | None = None

    async def locked(self) -> int:
        """The descriptor, with its lock."""
        threading.Thread(target=self._lock, name="waiting for a build", daemon=True).start()
        try:
            await self._done.wait()
            if self._problem is not None:
                raise self._problem
        except BaseException:
            self._end()
            raise
        return self._fd

    def _lock(self) -> None:
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX)
        except OSError as exc:
            self._problem = exc
        with self._guard:
            if self._is_over:
                os.close(self._fd)
            else:
                self._is_over = True
                self._loop.call_soon_threadsafe(self._done.set)

    def _end(self) -> None:
        """Have the descriptor closed, by whoever is the last to know of it."""
        with self._guard:
            if self._is_over:
                os.close(self._fd)
            self._is_over = True
