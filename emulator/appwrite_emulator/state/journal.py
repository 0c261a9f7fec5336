"""The journal: one checksummed line for each commit since the last snapshot."""

from __future__ import annotations

import contextlib
import json
import os
import re
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .. import jsontext
from .disk import Disk
from .errors import StateCorrupt, StateWriteFailed

_LINE = re.compile(rb'\{"seq":(\d{1,18}),"crc":"([0-9a-f]{8})","ops":(\[.*\])\}')


def encode(number: int, operations: Sequence[Any]) -> bytes:
    """The line of commit `number`, newline included."""
    text = jsontext.encode(operations)
    check = zlib.crc32(b"%d:%b" % (number, text))
    return b'{"seq":%d,"crc":"%08x","ops":%b}\n' % (number, check, text)


@dataclass(frozen=True, slots=True)
class Entry:
    """A commit as read back."""

    line: int
    number: int
    operations: list[Any]


@dataclass(frozen=True, slots=True)
class Content:
    """A journal file as read: whole lines, and the bytes behind the last newline."""

    path: Path
    lines: tuple[bytes, ...] = ()
    torn: bytes = b""

    def entries(self) -> Iterator[Entry]:
        """The commits in order; raises `StateCorrupt` at the first line that is not sound."""
        for line, text in enumerate(self.lines, start=1):
            yield self._decode(line, text)

    def _decode(self, line: int, text: bytes) -> Entry:
        match = _LINE.fullmatch(text)
        if match is None:
            raise StateCorrupt(self.path, "This is not a journal entry", line=line)
        number, check, operations = match.groups()
        if zlib.crc32(number + b":" + operations) != int(check, 16):
            column = match.start(2) + 1
            raise StateCorrupt(self.path, "The checksum is wrong", line=line, column=column)
        return Entry(line, int(number), json.loads(operations))


def read(path: Path) -> Content:
    """The content of a journal file; a missing one is empty."""
    try:
        *lines, torn = path.read_bytes().split(b"\n")
    except FileNotFoundError:
        return Content(path)
    return Content(path, tuple(lines), torn)


class Journal:
    """The journal being written, append only."""

    def __init__(self, disk: Disk, path: Path) -> None:
        self.size = 0  # bytes that count
        self._disk = disk
        self._path = path
        self._descriptor = -1
        self._is_broken = False

    def open(self) -> None:
        self._descriptor = self._disk.open(self._path, append=True)
        self.size = os.fstat(self._descriptor).st_size

    def cut(self, size: int) -> None:
        """Drop what stands behind the first `size` bytes."""
        self._disk.truncate(self._descriptor, size)
        self.size = size

    def append(self, line: bytes, *, durable: bool) -> None:
        """Write one line, or raise `StateWriteFailed` and leave the file as it was."""
        if self._is_broken:
            raise StateWriteFailed(self._path, "an earlier failed write could not be undone")
        try:
            self._disk.write(self._descriptor, line)
            if durable:
                self._disk.sync(self._descriptor)
        except OSError as exc:
            self._take_back()
            raise StateWriteFailed(self._path, exc) from exc
        self.size += len(line)

    def sync(self) -> None:
        self._disk.sync(self._descriptor)

    def duplicate(self) -> int:
        """A second descriptor, to sync without holding up writers; the caller closes it."""
        return os.dup(self._descriptor)

    def rotate(self, target: Path) -> None:
        """Rename the file to `target` and begin a new one."""
        if self._is_broken:
            raise StateWriteFailed(self._path, "an earlier failed write could not be undone")
        self.sync()  # later lines must never reach the disk before these
        old = self._descriptor
        try:
            with contextlib.suppress(FileNotFoundError):  # somebody removed it under our hands
                self._disk.replace(self._path, target)
            self.open()
        except OSError:
            self._put_back(target)
            raise
        self._disk.close(old)

    def close(self) -> None:
        if self._descriptor >= 0:
            with contextlib.suppress(OSError):
                self._disk.close(self._descriptor)
            self._descriptor = -1

    def _put_back(self, target: Path) -> None:
        try:
            if target.exists():
                self._disk.replace(target, self._path)
        except OSError:
            self._is_broken = True  # what we append would be removed with `target`

    def _take_back(self) -> None:
        try:
            self._disk.truncate(self._descriptor, self.size)
        except OSError:
            self._is_broken = True
