"""Looks: what a function's folder was seen to hold, and whether it still does."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from pathlib import Path

from ..trees import Tree

_SHARE, _MOST = 0.05, 0.05  # of all time; seconds
Stamp = tuple[int, int, int] | None  # of a file: when it was written, its size, which one it is


@dataclass(frozen=True, slots=True)
class Look:
    """A folder at one moment: its files, and the `.env` that is none of them."""

    folder: Path
    tree: Tree | None  # None: it could not be read
    environment: Stamp
    problem: str = ""  # why it could not be read

    def is_current(self) -> bool:
        """Whether the folder is still as it was seen. Blocking, but quick."""
        if self.environment != stamp(self.folder):
            return False
        return self.tree is not None and self.tree.is_current()


@dataclass(slots=True)
class Leisure:
    """The CPU time that looks at one folder may take: a twentieth of all, more after a rest.

    A call now and then always looks; under a load of calls a folder of 20 files is looked at
    about every millisecond, one of 1,000 every tenth of a second.
    """

    _left: float = _MOST  # seconds; below 0 there is none
    _at: float = 0.0  # in monotonic seconds

    def is_there(self) -> bool:
        now = time.monotonic()
        self._left = min(_MOST, self._left + (now - self._at) * _SHARE)
        self._at = now
        return self._left >= 0

    def spend(self, seconds: float) -> None:
        self._left -= seconds


def stamp(folder: Path) -> Stamp:
    """What tells one content of the folder's `.env` from the next; None without one."""
    try:
        status = os.stat(f"{folder}/.env")  # each call looks: a Path would cost twice as much
    except OSError:
        return None
    return status.st_mtime_ns, status.st_size, status.st_ino
