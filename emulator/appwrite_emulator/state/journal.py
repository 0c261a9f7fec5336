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
            yield self.decode(line, text)
        self._check_torn()

    def _check_torn(self) -> None:
        """What a cut-short write leaves is the beginning of a line, never more than a line."""
        line = len(self.lines) + 1
        try:
            self.decode(line, self.torn[:-1])
        except StateCorrupt:
            return
        column = len(self.torn)
        raise StateCorrupt(self.path, "This entry has no newline", line=line, column=column)

    def decode(self, line: int, text: bytes) -> Entry:
        """The commit that the line `text` holds. Raises `StateCorrupt`."""
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
        self._has_rest = False  # of a failed write, behind `size`
        self._misplaced: Path | None = None  # where a failed rotation left our file

    def open(self) -> None:
        self._descriptor = self._disk.open(self._path, append=True)
        self.size = os.fstat(self._descriptor).st_size

    def append(self, line: bytes, *, durable: bool) -> None:
        """Write one line, or raise `StateWriteFailed` and leave the file as it was."""
        self._mend()
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
        self._mend()
        self.sync()  # later lines must never reach the disk before these
        try:
            with contextlib.suppress(FileNotFoundError):  # somebody removed it under our hands
                self._disk.replace(self._path, target)
            self._reopen()
        except OSError:
            self._put_back(target)
            raise

    def close(self) -> None:
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            with contextlib.suppress(OSError):
                self._disk.close(descriptor)

    def _reopen(self) -> None:
        old = self._descriptor
        self.open()
        with contextlib.suppress(OSError):
            self._disk.close(old)

    def _put_back(self, target: Path) -> None:
        self._misplaced = target  # what we append there would be removed with it
        with contextlib.suppress(OSError):
            self._replace_back(target)

    def _replace_back(self, target: Path) -> None:
        if target.exists():
            self._disk.replace(target, self._path)
        else:  # never renamed, or folded meanwhile: then our descriptor has no name any more
            self._reopen()
        self._misplaced = None

    def _take_back(self) -> None:
        self._has_rest = True
        with contextlib.suppress(OSError):
            self._cut_rest()

    def _cut_rest(self) -> None:
        self._disk.truncate(self._descriptor, self.size)
        self._has_rest = False

    def _mend(self) -> None:
        """Undo what an earlier failure left behind; `StateWriteFailed` when that fails again."""
        try:
            if self._misplaced is not None:
                self._replace_back(self._misplaced)
            if self._has_rest:
                self._cut_rest()
        except OSError as exc:
            reason = f"an earlier failed write could not be undone ({exc.strerror or exc})"
            raise StateWriteFailed(self._path, reason) from exc
