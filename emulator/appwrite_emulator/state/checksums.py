"""Checksums of the lines of a state file, which has them in its last table."""

from __future__ import annotations

import io
import zlib
from collections.abc import Iterator, Mapping
from itertools import zip_longest
from typing import Any

from ..jsontext import encode

META = "_meta"
TABLE = "_sums"
LINE = b'\n"_sums": '
"""How the line of the checksums begins."""


_DIGITS = 8  # of one CRC-32


class Sums:
    """The checksums of a file that is being written. `meta` is its first line of content.

    `written` (seconds since 1970) is the date the file is given. Whoever edits the file changes
    its date; damage does not, and that is how the two are told apart.
    """

    def __init__(self, meta: bytes, written: int) -> None:
        self._meta = {"crc32": f"{zlib.crc32(meta):08x}", "written": written}
        self._tables: dict[str, bytearray] = {}
        self._current = bytearray()

    def begin(self, table: str) -> None:
        """The lines added from now on are rows of `table`."""
        self._current = self._tables[table] = bytearray()

    def add(self, line: bytes) -> None:
        self._current += b"%08x" % zlib.crc32(line)

    def table(self) -> dict[str, Any]:
        """The content of the table `TABLE`: for each table its lines' checksums, in order."""
        tables = {name: {"crc32": sums.decode()} for name, sums in self._tables.items()}
        return {META: self._meta, **tables}


def split(text: str) -> list[int]:
    """The checksums of a table's lines. Raises ValueError for what is none."""
    return [int(text[at : at + _DIGITS], 16) for at in range(0, len(text), _DIGITS)]


def compare(data: bytes, document: Mapping[str, Any]) -> tuple[int, int]:
    """When the file `data`, parsed as `document`, was written, and its first line (from 1) that
    is not as it was then; line 0: all are.

    Raises KeyError, TypeError or ValueError when the checksums themselves cannot be read.
    """
    sums = document[TABLE]
    written = int(sums[META]["written"])
    wanted = list(_expected(sums))
    pairs = zip_longest(_found(data), wanted)
    different = (line for line, (found, sum) in enumerate(pairs, start=1) if found != sum)
    return written, next(different, 0)


def _expected(sums: Mapping[str, Any]) -> Iterator[int]:
    yield zlib.crc32(b"{")
    yield int(sums[META]["crc32"], 16)
    for name, table in sums.items():
        if name != META:
            yield zlib.crc32(b"%b: {" % encode(name))
            yield from split(table["crc32"])
            yield zlib.crc32(b"}")


def _found(data: bytes) -> Iterator[int]:
    for line in io.BytesIO(data):
        if line.startswith(LINE[1:]):
            return
        yield zlib.crc32(line.rstrip(b",\n"))
