"""Stamps: what a file system says about a file, and when that proves that it is unchanged."""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from typing import NamedTuple

_GONE = {errno.ENOENT, errno.ENOTDIR, errno.ELOOP}  # the last: a link that leads to itself
_TICK = (
    20_000_000  # ns; file systems take their time from a clock that stands still for up to 10 ms
)
_COARSE_TICK = 2_500_000_000  # ns, where whole seconds are kept; FAT keeps every second one
_BLOCK = 1 << 18


class Stamp(NamedTuple):
    """What changes with every change of a file or folder, but for the file system's clock."""

    modified: int  # ns
    changed: int  # ns; nobody can set it back
    size: int
    number: int  # of the inode
    device: int
    mode: int

    @property
    def is_folder(self) -> bool:
        return stat.S_ISDIR(self.mode)

    @property
    def is_file(self) -> bool:
        return stat.S_ISREG(self.mode)

    @property
    def is_executable(self) -> bool:
        return bool(self.mode & 0o111)

    def proves(self, now: int) -> bool:
        """Whether any later change would show, when it was taken at `now` (ns) or later.

        A change in the same tick of the clock leaves no trace in it.
        """
        youngest = max(self.modified, self.changed)
        is_coarse = self.modified % 1_000_000_000 == 0
        return youngest + (_COARSE_TICK if is_coarse else _TICK) < now


def of(path: str) -> Stamp | None:
    """The stamp of what `path` leads to; None when there is nothing.

    Raises OSError for what cannot be reached.
    """
    try:
        return _stamp(os.stat(path))
    except OSError as exc:
        if exc.errno in _GONE:
            return None
        raise


def read(path: str) -> tuple[Stamp, str] | None:
    """The stamp of a file and, read after it, the digest of its content; None when it is gone.

    What is no plain file (any more) is gone too. Raises OSError for what cannot be read.
    """
    try:
        # Without waiting: a pipe that came in the file's place would never open.
        file = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as exc:
        if exc.errno in _GONE:
            return None
        raise
    try:
        stamp = _stamp(os.fstat(file))
        return (stamp, _digest(file, path)) if stamp.is_file else None
    finally:
        os.close(file)


def _digest(file: int, path: str) -> str:
    digest = hashlib.sha256()
    try:
        while block := os.read(file, _BLOCK):
            digest.update(block)
    except OSError as exc:
        raise OSError(exc.errno, exc.strerror, path) from exc
    return digest.hexdigest()


def _stamp(seen: os.stat_result) -> Stamp:
    return Stamp(
        seen.st_mtime_ns, seen.st_ctime_ns, seen.st_size, seen.st_ino, seen.st_dev, seen.st_mode
    )
