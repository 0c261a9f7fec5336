"""Reading damaged files of a state: every row that is sound, and what is not."""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from . import checksums, journal, snapshot
from .disk import Paths
from .errors import StateCorrupt
from .snapshot import Snapshot
from .tables import Tables

_KEY = rb'"(?:[^"\\]|\\.)*"'
_HEADER = re.compile(rb"(%b): \{" % _KEY)
_ROW = re.compile(rb"(%b): " % _KEY)


@dataclass(frozen=True, slots=True)
class Dropped:
    """A line that could not be kept; lines count from 1."""

    path: Path
    line: int
    what: str  # table and id, as far as they are known
    reason: str

    def __str__(self) -> str:
        return f"{self.path.name}:{self.line}: {self.what}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Salvaged:
    """The rows that are sound, the last commit that was seen, and what is lost."""

    snapshot: Snapshot
    number: int
    dropped: tuple[Dropped, ...]


def salvage(paths: Paths) -> Salvaged:
    """Read all that can be read; changes no file. Raises `OSError` alone."""
    dropped: list[Dropped] = []
    tables = Tables()
    number = _read_state(paths.state, tables, dropped)
    for path in (paths.folding, paths.journal):
        number = _Replay(path, tables, dropped).run(number)
    return Salvaged(Snapshot(tables.copy()), number, tuple(dropped))


def _read_state(path: Path, tables: Tables, dropped: list[Dropped]) -> int:
    try:
        sound, number = snapshot.read(path)
    except StateCorrupt:
        reading = _Lines(path, tables, dropped)
        reading.run()
        return reading.number
    tables.fill(sound.tables)
    return number


class _Lines:
    """One reading of a damaged state file, line by line, as each document has its own.

    The checksums say which lines are as they were written, and to which table they belong, even
    when the line with the name of that table is gone.
    """

    def __init__(self, path: Path, tables: Tables, dropped: list[Dropped]) -> None:
        self.number = 0
        self._path = path
        self._tables = tables
        self._dropped = dropped
        self._table: str | None = None
        self._lines = path.read_bytes().split(b"\n")
        sums = _sums(self._lines)
        self._owners = dict(_owners(sums))
        self._names = sums.keys()
        self._is_edited = path.stat().st_mtime_ns != _written(sums) * 10**9

    def run(self) -> None:
        for line, text in enumerate(self._lines, start=1):
            self._read(line, text.rstrip(b","))
        last = next((n for n in range(len(self._lines), 0, -1) if self._lines[n - 1]), 1)
        if self._lines[last - 1] != b"}":
            self._drop(last, "the end of the file", "it is missing, with the rows in it")

    def _read(self, line: int, text: bytes) -> None:
        if text == b"}":
            self._table = None
        elif header := _HEADER.fullmatch(text):
            self._enter(line, header[1])
        elif text not in (b"", b"{"):
            self._read_row(line, text)

    def _enter(self, line: int, key: bytes) -> None:
        name = _text(key)
        if self._names and name not in self._names:
            self._drop(line, f"table {name}", "no table of this name was written")
            name = None
        self._table = name

    def _read_row(self, line: int, text: bytes) -> None:
        sum = zlib.crc32(text)
        table = self._owners.get(sum, self._table)
        try:
            ((id, row),) = json.loads(b"{%b}" % text).items()
        except (ValueError, RecursionError) as exc:
            self._drop(line, _named(table, text), getattr(exc, "msg", "This is not UTF-8"))
            return
        if id == checksums.TABLE:
            return
        if self._owners and not self._is_edited and sum not in self._owners:
            self._drop(line, _named(table, text), "its checksum is wrong")
        elif id == checksums.META:
            self.number = _number(row)
        elif table is None or not isinstance(row, dict):
            self._drop(line, _named(table, text), "this is no document of a known table")
        else:
            self._tables.rows(table)[id] = row

    def _drop(self, line: int, what: str, reason: str) -> None:
        self._dropped.append(Dropped(self._path, line, what, reason))


def _sums(lines: list[bytes]) -> Mapping[str, Any]:
    """The table of checksums, or an empty one when it cannot be read."""
    for text in lines:
        if text.startswith(checksums.LINE[1:]):
            try:
                sums = json.loads(b"{%b}" % text)[checksums.TABLE]
                dict(_owners(sums))
            except (ValueError, KeyError, TypeError, AttributeError):
                break
            return sums  # type: ignore[no-any-return]  # a dict, or it had no keys
    return {}


def _written(sums: Mapping[str, Any]) -> int:
    try:
        return int(sums[checksums.META]["written"])
    except (KeyError, TypeError, ValueError):
        return 0


def _owners(sums: Mapping[str, Any]) -> Iterator[tuple[int, str]]:
    for name, table in sums.items():
        yield from ((sum, name) for sum in checksums.split(table["crc32"]))


class _Replay:
    """One reading of a journal that may be damaged."""

    def __init__(self, path: Path, tables: Tables, dropped: list[Dropped]) -> None:
        self._content = journal.read(path)
        self._tables = tables
        self._dropped = dropped

    def run(self, number: int) -> int:
        """Apply every sound entry after commit `number`; returns the last one's number."""
        unread = 0
        for line, text in self._lines():
            try:
                entry = self._content.decode(line, text)
            except StateCorrupt as exc:
                unread += 1
                self._drop(line, _commit(text), exc.problem)
                continue
            if entry.number > number + 1 + unread:
                self._drop(line, f"commits {number + 1} to {entry.number - 1}", "they are missing")
            if entry.number > number:
                number, unread = entry.number, 0
                self._apply(entry)
        return number

    def _lines(self) -> Iterator[tuple[int, bytes]]:
        """All lines; the last one also when only its newline is damaged."""
        yield from enumerate(self._content.lines, start=1)
        if self._content.torn:
            yield len(self._content.lines) + 1, self._content.torn[:-1]

    def _apply(self, entry: journal.Entry) -> None:
        for operation in entry.operations:
            try:
                self._tables.apply(self._fitting(operation))
            except (KeyError, ValueError):
                what = " ".join(map(str, operation[1:3]))
                self._drop(entry.line, what, "the row that it changes is not there")

    def _fitting(self, operation: list[Any]) -> list[Any]:
        if operation[0] != "end":
            return operation
        kind, table, ids = operation
        return [kind, table, [id for id in ids if id in self._tables.rows(table)]]

    def _drop(self, line: int, what: str, reason: str) -> None:
        self._dropped.append(Dropped(self._content.path, line, what, reason))


def _commit(text: bytes) -> str:
    """What an entry that is not sound seems to change."""
    _, _, operations = text.partition(b'"ops":')
    try:
        rows = [f"{table} {id}" for _, table, id, *_ in json.loads(operations[:-1])]
    except (ValueError, TypeError):
        return "a commit"
    return f"a commit to {', '.join(rows)}"


def _named(table: str | None, text: bytes) -> str:
    key = _ROW.match(text)
    id = _text(key[1]) if key else None
    return f"{table or 'a row'} {id}" if id else f"a row of {table}" if table else "a line"


def _text(key: bytes) -> str | None:
    try:
        text: str = json.loads(key)
    except ValueError:
        return None
    return text


def _number(meta: Any) -> int:
    try:
        return int(meta["state"]["seq"])
    except (KeyError, TypeError, ValueError):
        return 0
