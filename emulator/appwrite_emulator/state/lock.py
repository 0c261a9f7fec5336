"""One writer per state file: a kernel lock on a side file that names its owner."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from pathlib import Path

from ..clock import SystemClock, stamp
from .errors import StateLocked


@dataclass(frozen=True, slots=True)
class Owner:
    """Who holds a state file, as the lock file says; it stays there after a `kill -9`."""

    pid: int = 0
    since: str = ""  # as `clock.stamp` writes dates
    address: str = ""  # such as http://127.0.0.1:9080; empty for one that serves nothing
    name: str = ""  # what the owner does, such as "state export"

    def __str__(self) -> str:
        details = [self.address or self.name, self.since and f"since {self._local_time()}"]
        told = ", ".join(filter(None, details))
        return f"pid {self.pid or 'unknown'}" + (f" ({told})" if told else "")

    def _local_time(self) -> str:
        return f"{datetime.fromisoformat(self.since).astimezone():%H:%M}"


def read_owner(lock: Path) -> Owner:
    """What `lock` says about the owner; an empty `Owner` when it says nothing."""
    try:
        return Owner(**json.loads(lock.read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return Owner()


class Lock:
    """The lock of the state file `state`. The kernel releases it when the process ends.

    `owner` says who we are; pid and time are added.
    """

    def __init__(self, state: Path, lock: Path, owner: Owner) -> None:
        self._state = state
        self._path = lock
        self._owner = owner
        self._descriptor = -1

    def acquire(self) -> None:
        """Take the lock or raise `StateLocked`, naming who has it."""
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(descriptor)
            if not isinstance(exc, BlockingIOError):  # a file system without locks
                raise
            raise StateLocked(self._state, str(read_owner(self._path))) from exc
        self._descriptor = descriptor
        self._say(replace(self._owner, pid=os.getpid(), since=stamp(SystemClock().now())))

    def release(self) -> None:
        """Give the lock back; the file stays, empty, because removing it would race."""
        with contextlib.suppress(OSError):
            os.ftruncate(self._descriptor, 0)
        os.close(self._descriptor)
        self._descriptor = -1

    def _say(self, owner: Owner) -> None:
        text = json.dumps(asdict(owner)).encode()
        with contextlib.suppress(OSError):  # a full disk must not cost more than the message
            os.ftruncate(self._descriptor, 0)
            os.pwrite(self._descriptor, text, 0)
