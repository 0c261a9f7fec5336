"""The rows in memory, and the four operations that every change consists of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .index import Index

Row = dict[str, Any]
"""A row as stored. Never changed in place: a change stores a new dict."""

Operation = tuple[Any, ...]
"""("put", table, id, row), ("set", table, id, changes), ("del", table, id) or
("end", table, ids): move these rows behind all others. JSON arrays in the journal."""


class Tables:
    """All tables: live rows in creation order, with their indexes."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Row]] = {}
        self._indexes: dict[str, list[Index]] = {}
        self._changes: dict[str, int] = {}
        self._equals: dict[str, tuple[int, Mapping[str, Row]]] = {}  # a copy, as of which change

    def rows(self, table: str) -> dict[str, Row]:
        """The live rows of `table` by id; the same dict for as long as the state is open."""
        return self._rows.setdefault(table, {})

    def indexes(self, table: str) -> list[Index]:
        """The indexes of `table`; the same list for as long as the state is open."""
        return self._indexes.setdefault(table, [])

    def changes(self, table: str) -> int:
        """How often a row of `table` was stored or removed; only grows."""
        return self._changes.get(table, 0)

    def create_index(self, table: str, fields: tuple[str, ...]) -> None:
        """Keep an index over `fields`; creating it twice changes nothing."""
        if any(index.fields == fields for index in self.indexes(table)):
            return
        index = Index(fields)
        for id, row in self.rows(table).items():
            index.add(id, row)
        self.indexes(table).append(index)

    def fill(self, tables: Mapping[str, Mapping[str, Row]]) -> None:
        """Take over the rows of a state file into tables that are empty and have no index."""
        for name, rows in tables.items():
            self.rows(name).update(rows)

    def copy(self) -> dict[str, dict[str, Row]]:
        """Shallow copies of the tables that have rows: a consistent view that stays as it is."""
        return {name: dict(rows) for name, rows in tuple(self._rows.items()) if rows}

    def view(self) -> dict[str, Mapping[str, Row]]:
        """The same as `copy`, never to be changed: what has not changed since is copied once."""
        return {name: self._view(name) for name, rows in tuple(self._rows.items()) if rows}

    def _view(self, name: str) -> Mapping[str, Row]:
        changes, known = self.changes(name), self._equals.get(name)
        if known is None or known[0] != changes:
            known = self._equals[name] = (changes, dict(self._rows[name]))
        return known[1]

    def apply(self, operation: Operation | list[Any]) -> None:
        """Carry out one operation. `KeyError`: no such row. `ValueError`: no such operation."""
        match operation:
            case ["put", str(table), str(id), dict(row)]:
                self._store(table, id, row)
            case ["set", str(table), str(id), dict(changes)]:
                self._store(table, id, {**self.rows(table)[id], **changes})
            case ["del", str(table), str(id)]:
                self._remove(table, id)
            case ["end", str(table), list(ids)]:
                for id in ids:
                    row = self.rows(table)[id]
                    self._remove(table, id)
                    self._store(table, id, row)
            case _:
                raise ValueError(f"Not an operation: {str(operation)[:80]}")

    def inverse(self, operation: Operation) -> Operation:
        """What undoes a put, set or del that is about to be applied, but for the row's place."""
        table, id = operation[1:3]
        row = self.rows(table).get(id)
        return ("del", table, id) if row is None else ("put", table, id, row)

    def difference(self, wanted: Mapping[str, Mapping[str, Row]]) -> list[Operation]:
        """The operations that make the tables equal `wanted`; rows are compared by identity."""
        return [
            operation
            for name in {**self._rows, **wanted}
            if not self._is_equal(name, wanted.get(name))
            for operation in _difference(name, self.rows(name), wanted.get(name, {}))
        ]

    def note_equal(self, wanted: Mapping[str, Mapping[str, Row]]) -> None:
        """The tables are as `wanted`, a view of theirs, says."""
        for name, rows in wanted.items():
            self._equals[name] = (self.changes(name), rows)

    def _is_equal(self, name: str, wanted: Mapping[str, Row] | None) -> bool:
        """Whether a table is known to be as it was when the view `wanted` was made."""
        if wanted is None:
            return not self._rows.get(name)
        changes, known = self._equals.get(name, (-1, None))
        return known is wanted and changes == self.changes(name)

    def _store(self, table: str, id: str, row: Row) -> None:
        self._changes[table] = self._changes.get(table, 0) + 1
        rows = self.rows(table)
        old = rows.get(id)
        rows[id] = row
        for index in self.indexes(table):
            if old is None:
                index.add(id, row)
            else:
                index.change(id, old, row)

    def _remove(self, table: str, id: str) -> None:
        self._changes[table] = self._changes.get(table, 0) + 1
        row = self.rows(table).pop(id, None)
        if row is not None:
            for index in self.indexes(table):
                index.remove(id, row)


def _difference(table: str, live: Mapping[str, Row], wanted: Mapping[str, Row]) -> list[Operation]:
    ids = list(wanted)
    operations: list[Operation] = [("del", table, id) for id in live if id not in wanted]
    operations += [("put", table, id, row) for id, row in wanted.items() if live.get(id) is not row]
    order = [id for id in live if id in wanted] + [id for id in ids if id not in live]
    if order != ids:  # rows that come back would otherwise stand at the end
        first = next(n for n, id in enumerate(ids) if order[n] != id)
        operations.append(("end", table, ids[first:]))
    return operations
