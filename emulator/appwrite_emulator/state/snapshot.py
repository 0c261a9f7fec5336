"""The state file: a TinyDB file with one document on each line and a checksum for each line."""

from __future__ import annotations

import json
import logging
import os
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from ..clock import SystemClock
from ..jsontext import encode
from . import checksums
from .checksums import META
from .disk import Disk
from .errors import StateCorrupt
from .tables import Row

logger = logging.getLogger(__name__)

FORMAT = 1
RESERVED = (META, checksums.TABLE)
"""Tables of the file that hold no rows."""

_AT_ONCE = 32  # documents between two chances for other threads

Stamp = tuple[int, int, int]
"""Inode, size and modification time (ns): what changes when somebody edits a file."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """The rows of all tables at one moment. Rows must not be changed."""

    tables: Mapping[str, Mapping[str, Row]]

    def rows(self, table: str) -> Iterator[Row]:
        """The rows of `table`, oldest first."""
        return iter(self.tables.get(table, {}).values())


def stamp_of(path: Path) -> Stamp | None:
    """The stamp of the file at `path`, or None when there is none."""
    try:
        status = path.stat()
    except FileNotFoundError:
        return None
    return status.st_ino, status.st_size, status.st_mtime_ns


def write(disk: Disk, path: Path, snapshot: Snapshot, *, number: int = 0) -> None:
    """Write `snapshot` as of commit `number` to `path` and wait until it is on the disk."""
    written = int(SystemClock().now().timestamp())
    descriptor = disk.open(path, append=False)
    try:
        pieces = _pieces(snapshot, number, written)
        while piece := b"".join(islice(pieces, _AT_ONCE)):
            disk.write(descriptor, piece)
            time.sleep(0)  # gives the event loop its turn
        disk.date(descriptor, written)
        disk.sync(descriptor)
    finally:
        disk.close(descriptor)


def _pieces(snapshot: Snapshot, number: int, written: int) -> Iterator[bytes]:
    meta = b"%b: %b" % (encode(META), encode({"state": {"format": FORMAT, "seq": number}}))
    sums = checksums.Sums(meta, written)
    yield b"{\n%b" % meta
    for name, rows in snapshot.tables.items():
        yield b",\n%b: {" % encode(name)
        sums.begin(name)
        for position, (id, row) in enumerate(rows.items()):
            line = b"%b: %b" % (encode(id), encode(row))
            sums.add(line)
            yield b"%b\n%b" % (b"," if position else b"", line)
        yield b"\n}"
    yield b",\n%b: %b\n}\n" % (encode(checksums.TABLE), encode(sums.table()))


def read(path: Path) -> tuple[Snapshot, int]:
    """The rows in the file at `path` and the last commit in them; a missing file is empty.

    Also reads files that TinyDB wrote, and files that somebody edited since we wrote them.
    Raises `StateCorrupt` for anything else.
    """
    try:
        with path.open("rb") as file:
            data, modified = file.read(), os.fstat(file.fileno()).st_mtime_ns
    except FileNotFoundError:
        return Snapshot({}), 0
    text = _decode(path, data)
    document = _parse(path, text)
    _check_shape(path, text, document)
    number = _read_meta(path, text, document)
    _check_sums(path, data, document, modified)
    return Snapshot({name: document[name] for name in document if name not in RESERVED}), number


def _decode(path: Path, data: bytes) -> str:
    try:
        return data.decode()
    except UnicodeDecodeError as exc:
        line = data.count(b"\n", 0, exc.start) + 1
        column = exc.start - data.rfind(b"\n", 0, exc.start)
        raise StateCorrupt(path, "This is not UTF-8", line=line, column=column) from exc


def _parse(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as exc:
        raise StateCorrupt(path, exc.msg, line=exc.lineno, column=exc.colno) from exc


def _check_shape(path: Path, text: str, document: Any) -> None:
    if not isinstance(document, dict):
        raise StateCorrupt(path, "The file is not a JSON object of tables")
    for name, rows in document.items():
        if not isinstance(rows, dict):
            raise _misshapen(path, text, name, "is not a table")
        for id, row in rows.items():
            if not isinstance(row, dict):
                raise _misshapen(path, text, id, f"in table {name!r} is not a document")


def _read_meta(path: Path, text: str, document: dict[str, Any]) -> int:
    state = document.get(META, {}).get("state", {"format": FORMAT, "seq": 0})
    if not isinstance(state, dict) or state.get("format") != FORMAT:
        raise _misshapen(path, text, META, "names a format that this version does not know")
    number = state.get("seq")
    if type(number) is not int or number < 0:
        raise _misshapen(path, text, META, "has no whole number as seq")
    return number


def _check_sums(path: Path, data: bytes, document: dict[str, Any], modified: int) -> None:
    """A line that is not as it was written is an edit if the file's date has changed with it."""
    if not any(name in document for name in RESERVED):
        return  # written by TinyDB or by hand
    try:
        written, line = checksums.compare(data, document)
    except (KeyError, TypeError, ValueError) as exc:
        last = data.count(b"\n", 0, max(data.rfind(checksums.LINE), 0)) + 1
        raise StateCorrupt(path, "The checksums are missing or damaged", line=last) from exc
    if line and modified == written * 10**9:
        raise StateCorrupt(path, "The line is not as it was written: wrong checksum", line=line)
    if line:
        logger.warning(
            "%s was edited since it was written, from line %d on; it is taken as it is now",
            path,
            line,
            extra={"action": "state.edited"},
        )


def _misshapen(path: Path, text: str, key: str, problem: str) -> StateCorrupt:
    at = max(text.find(json.dumps(key)), 0)
    line = text.count("\n", 0, at) + 1
    column = at - text.rfind("\n", 0, at)
    return StateCorrupt(path, f"{key!r} {problem}", line=line, column=column)
