"""Reading a tar stream entry by entry, within limits: bytes, entries, memory."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO

from .refusals import ArchiveBroken, refusal

_BLOCK = 512
_PIECE = 256 * 1024
_MAX_EXTENDED_HEADER = 1024 * 1024
_MAX_PADDING = 1024 * 1024
_EXTENDED = (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE)
_LONG_NAMES = {tarfile.GNUTYPE_LONGNAME: "path", tarfile.GNUTYPE_LONGLINK: "linkpath"}


@dataclass(frozen=True, slots=True)
class Budget:
    """What an archive may use up; `check` is called between pieces of work and may raise."""

    max_size: int  # bytes of all content
    max_entries: int
    check: Callable[[], None]


class Entries:
    """The entries of one tar stream. Copy a file's content before going on to the next entry."""

    def __init__(self, stream: IO[bytes], budget: Budget) -> None:
        self._stream = stream
        self._budget = budget
        self._count = 0
        self.size = 0  # bytes of content so far

    def __iter__(self) -> Iterator[tarfile.TarInfo]:
        """Each entry with its long name applied. Raises ArchiveBroken and ArchiveRefused."""
        extended: dict[str, str] = {}
        while (block := self._read_block()) is not None:
            info = _parse_header(block)
            self._account(info)
            if info.type in _EXTENDED:
                extended |= _parse_records(self._read_header_body(info))
            elif info.type == tarfile.XGLTYPE:
                self._read_header_body(info)
            elif info.type in _LONG_NAMES:
                text = self._read_header_body(info).rstrip(b"\0")
                extended[_LONG_NAMES[info.type]] = text.decode("utf-8", "surrogateescape")
            else:
                yield _apply(info, extended)
                extended = {}
        if extended:
            raise ArchiveBroken("The archive ends after the long name of an entry.")
        self._skip(_MAX_PADDING)  # reading to the end makes gzip verify its checksum

    def _read_block(self) -> bytes | None:
        block = self._stream.read(_BLOCK)
        if not block.strip(b"\0"):
            return None
        if len(block) < _BLOCK:
            raise ArchiveBroken("The archive is cut off in the middle of a header.")
        return block

    def _account(self, info: tarfile.TarInfo) -> None:
        self._budget.check()
        self._count += 1
        if self._count > self._budget.max_entries:
            limit = self._budget.max_entries
            raise refusal(info.name, f"the archive has more than {limit} entries")
        if info.size < 0:
            raise ArchiveBroken(f"Entry {info.name!r} has the negative size {info.size}.")

    def _read_header_body(self, info: tarfile.TarInfo) -> bytes:
        if info.size > _MAX_EXTENDED_HEADER:
            raise refusal(info.name, f"its extended header claims {info.size} bytes")
        body = io.BytesIO()
        self._copy(info, body)
        return body.getvalue()

    def copy(self, info: tarfile.TarInfo, target: IO[bytes]) -> None:
        """Write the content of the file `info` to `target`, if the budget allows its size."""
        self.size += info.size
        if self.size > self._budget.max_size:
            limit = self._budget.max_size
            raise refusal(info.name, f"the archive unpacks to more than {limit} bytes")
        self._copy(info, target)

    def _copy(self, info: tarfile.TarInfo, target: IO[bytes]) -> None:
        remaining = info.size
        while remaining:
            self._budget.check()
            piece = self._stream.read(min(remaining, _PIECE))
            if not piece:
                raise ArchiveBroken(f"The archive is cut off in the middle of {info.name!r}.")
            target.write(piece)
            remaining -= len(piece)
        self._skip(-info.size % _BLOCK)

    def _skip(self, count: int) -> None:
        while count > 0 and (piece := self._stream.read(min(count, _PIECE))):
            count -= len(piece)


def _parse_header(block: bytes) -> tarfile.TarInfo:
    try:
        return tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except tarfile.HeaderError as exc:
        raise ArchiveBroken(f"The archive is not a tar, or damaged: {exc}.") from exc


def _parse_records(body: bytes) -> dict[str, str]:
    """The `path`, `linkpath` and `size` of a pax header, and marks of sparse files."""
    records = {}
    while body:
        length, _, _ = body.partition(b" ")
        if not (length.isdigit() and len(length) < 9 and 0 < int(length) <= len(body)):
            raise ArchiveBroken("The archive has a damaged pax header.")
        record, body = body[len(length) + 1 : int(length) - 1], body[int(length) :]
        key, _, value = record.decode("utf-8", "surrogateescape").partition("=")
        if key in ("path", "linkpath", "size") or key.startswith("GNU.sparse."):
            records[key] = value
    return records


def _apply(info: tarfile.TarInfo, extended: dict[str, str]) -> tarfile.TarInfo:
    info.name = extended.get("path", info.name)
    info.linkname = extended.get("linkpath", info.linkname)
    size = extended.get("size", "")
    if size:
        if not (size.isascii() and size.isdigit() and len(size) < 20):
            raise ArchiveBroken(f"Entry {info.name!r} has the size {size[:40]!r}.")
        info.size = int(size)
    if any(key.startswith("GNU.sparse.") for key in extended):
        info.type = tarfile.GNUTYPE_SPARSE
    return info
