"""Copies of files: private, read-only or to be worked on, and proven to be what was asked for."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Callable
from typing import NamedTuple

Check = Callable[[], None]
"""Called between pieces of work; may raise to stop."""

_PIECE = 1024 * 1024
_NOT_BY_KERNEL = {errno.ENOSYS, errno.EXDEV, errno.EINVAL, errno.EOPNOTSUPP, errno.EPERM}
_in_kernel: Callable[[int, int, int], int] | None = getattr(os, "copy_file_range", None)  # Linux
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL


class TreeMoved(Exception):
    """A file changed while it was copied; read the folder again."""


class Copy(NamedTuple):
    """What a copied file is like."""

    digest: str
    size: int
    program: bool


def never() -> None:
    """The check of work that nothing stops."""


def copy_source(source: str, target: str, digest: str, *, program: bool) -> int:
    """Copy the file `source` as the new, sealed file `target`, with its time; its bytes.

    Raises TreeMoved when it is no longer the file of that digest and kind.
    """
    try:
        copy = copy_file(source, target, writable=False, digesting=True)
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError) as exc:
        raise TreeMoved(f"{source} went away while it was copied.") from exc
    if (copy.digest, copy.program) != (digest, program):
        os.unlink(target)
        raise TreeMoved(f"{source} changed while it was copied.")
    return copy.size


def copy_file(source: str, target: str, *, writable: bool, digesting: bool = False) -> Copy:
    """Copy a file with its time: for everybody to read, writable for its owner or for nobody.

    The new file shares the bytes of the old one where the disk can do that.
    """
    reader = os.open(source, os.O_RDONLY | os.O_CLOEXEC)
    try:
        status = os.fstat(reader)
        program = bool(status.st_mode & 0o111)
        mode = (0o555 if program else 0o444) | (0o200 if writable else 0)
        writer = os.open(target, _NEW | os.O_CLOEXEC, mode)
        try:
            os.fchmod(writer, mode)  # the umask may have taken bits away
            digest = "" if not digesting else _digested(reader, writer)
            if not digesting:
                _bare(reader, writer, status.st_size)
            os.utime(writer, ns=(status.st_mtime_ns, status.st_mtime_ns))
            return Copy(digest, os.fstat(writer).st_size, program)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _digested(reader: int, writer: int) -> str:
    digest = hashlib.sha256()
    while piece := os.read(reader, _PIECE):
        digest.update(piece)
        _write(writer, piece)
    return digest.hexdigest()


def _bare(reader: int, writer: int, size: int) -> None:
    """Copy without looking at the bytes, which the kernel does faster, or even shares."""
    try:
        while size > 0 and _in_kernel and (count := _in_kernel(reader, writer, size)):
            size -= count
    except OSError as exc:
        if exc.errno not in _NOT_BY_KERNEL:
            raise
    while piece := os.read(reader, _PIECE):  # the rest, which is usually nothing
        _write(writer, piece)


def _write(writer: int, piece: bytes) -> None:
    view = memoryview(piece)
    while view:
        view = view[os.write(writer, view) :]
