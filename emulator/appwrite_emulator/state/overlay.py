"""What keeps TinyDB's callers from changing rows unrecorded: copies out, differences in."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, MutableMapping
from typing import Any

from tinydb.table import Document

from .tables import Operation, Row


def detach(value: Any) -> Any:
    """A deep copy of a JSON value."""
    if isinstance(value, dict):
        return {key: detach(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [detach(item) for item in value]
    return value


class Detached(Document):
    """A document that shares nothing with the state."""

    doc_id: str  # type: ignore[assignment]  # TinyDB declares int; ours are project/$id

    def __init__(self, value: Mapping[str, Any], doc_id: str) -> None:
        super().__init__(detach(value), doc_id)  # type: ignore[arg-type]  # see above


class Overlay(MutableMapping[str, Row]):
    """A table as TinyDB's updaters see it: a row they touch is a copy, nothing else changes."""

    def __init__(self, rows: Mapping[str, Row]) -> None:
        self._rows = rows
        self._touched: dict[str, Row] = {}
        self._gone: dict[str, None] = {}

    def __getitem__(self, id: str) -> Row:
        if id not in self:
            raise KeyError(id)
        if id not in self._touched:
            self._touched[id] = detach(self._rows[id])
        return self._touched[id]

    def __setitem__(self, id: str, row: Row) -> None:
        self._touched[id] = detach(row)

    def __delitem__(self, id: str) -> None:
        if id not in self:
            raise KeyError(id)
        self._touched.pop(id, None)
        if id in self._rows:
            self._gone[id] = None

    def __contains__(self, id: object) -> bool:
        return id in self._touched or (id in self._rows and id not in self._gone)

    def __iter__(self) -> Iterator[str]:
        yield from (id for id in self._rows if id not in self._gone)
        yield from (id for id in self._touched if id not in self._rows or id in self._gone)

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def clear(self) -> None:
        self._touched.clear()
        self._gone.update(dict.fromkeys(self._rows))

    def operations(self, table: str) -> list[Operation]:
        """What an updater changed, as operations on `table`."""
        gone: list[Operation] = [("del", table, id) for id in self._gone]
        return gone + [
            operation
            for id, row in self._touched.items()
            if (operation := self._operation(table, id, row))
        ]

    def _operation(self, table: str, id: str, row: Row) -> Operation | None:
        old = None if id in self._gone else self._rows.get(id)
        if old is None or old.keys() - row.keys():
            return ("put", table, id, detach(row))
        changes = {key: detach(row[key]) for key in row if not _is_same(old, row, key)}
        return ("set", table, id, changes) if changes else None


def _is_same(old: Row, new: Row, key: str) -> bool:
    # Python holds 1, 1.0 and True equal, JSON does not.
    return key in old and old[key] == new[key] and repr(old[key]) == repr(new[key])
