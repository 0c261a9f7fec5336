"""The storage under TinyDB: live rows, commits, transactions."""

from __future__ import annotations

import contextlib
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from tinydb.storages import Storage

from .errors import StateError
from .overlay import detach
from .persistence import Persistence
from .tables import Operation, Row, Tables


class Transaction:
    """What a transaction did so far, and how to undo it."""

    def __init__(self) -> None:
        self.operations: list[Operation] = []
        self._undo: list[Operation] = []
        self._orders: dict[str, list[str]] = {}  # ids of tables that lost or moved a row

    def apply(self, tables: Tables, operation: Operation) -> None:
        kind, table = operation[:2]
        if kind in ("del", "end"):
            self._orders.setdefault(table, list(tables.rows(table)))
        if kind != "end":
            self._undo.append(tables.inverse(operation))
        tables.apply(operation)
        self.operations.append(operation)

    def join(self, inner: Transaction) -> None:
        """Take over what a transaction inside this one did."""
        self.operations += inner.operations
        self._undo += inner._undo
        self._orders = inner._orders | self._orders

    def roll_back(self, tables: Tables) -> None:
        for operation in reversed(self._undo):
            tables.apply(operation)
        for table, ids in self._orders.items():
            rows = tables.rows(table)
            tables.apply(("end", table, [id for id in ids if id in rows]))


class StateStorage(Storage):
    """Rows in `tables`, changed by `commit` alone; with `persistence` they are kept on the disk."""

    def __init__(
        self, tables: Tables, guard: threading.RLock, persistence: Persistence | None
    ) -> None:
        super().__init__()
        self.tables = tables
        self.imports: Counter[str] = Counter()  # how often rows of a table came from elsewhere
        self._guard = guard
        self._persistence = persistence
        self._transaction: Transaction | None = None
        self._is_closed = False

    def commit(self, operations: list[Operation]) -> None:
        """Make a change: first in the journal, then in memory. All of it or nothing."""
        with self._guard:
            self._check_open()
            if self._transaction is not None:
                for operation in operations:
                    self._transaction.apply(self.tables, operation)
                return
            self._record(operations)
            for operation in operations:
                self.tables.apply(operation)
            self._settle()

    @contextlib.contextmanager
    def transaction(self) -> Iterator[None]:
        """Make the changes inside one commit; an exception undoes them. May be nested."""
        with self._guard:
            self._check_open()
            outer, inner = self._transaction, Transaction()
            self._transaction = inner
            try:
                yield
                if outer is None and inner.operations:
                    self._record(inner.operations)
            except BaseException:
                inner.roll_back(self.tables)
                raise
            finally:
                self._transaction = outer
            if outer is not None:
                outer.join(inner)
            else:
                self._settle()

    def create_index(self, table: str, fields: tuple[str, ...]) -> None:
        with self._guard:
            self.tables.create_index(table, fields)

    def copy(self) -> dict[str, dict[str, Row]]:
        """Shallow copies of all tables at one moment."""
        with self._guard:
            return self.tables.copy()

    def view(self) -> dict[str, Mapping[str, Row]]:
        """All tables at one moment, to be looked at only."""
        with self._guard:
            return self.tables.view()

    def restore(self, view: Mapping[str, Mapping[str, Row]]) -> None:
        """Make the tables equal `view`, which nobody changes from now on, in one commit."""
        with self._guard:
            self.replace(view)
            self.tables.note_equal(view)

    def replace(self, wanted: Mapping[str, Mapping[str, Row]]) -> None:
        """Make the tables equal `wanted` in one commit; rows that are the same are not touched."""
        with self._guard:
            operations = self.tables.difference(wanted)
            self.imports.update({operation[1] for operation in operations if operation[0] == "put"})
            if operations:
                self.commit(operations)

    def read(self) -> dict[str, dict[str, Any]]:
        """What TinyDB asks for: the tables that have rows. The dicts of tables are copies."""
        return self.copy()

    def write(self, data: Mapping[str, Mapping[str, Any]]) -> None:
        """What TinyDB tells when it drops tables: everything there is to be."""
        self.replace({name: self._own(name, rows) for name, rows in data.items()})

    def close(self) -> None:
        with self._guard:
            assert self._transaction is None, "close() inside a transaction"
            if self._is_closed:
                return
            self._is_closed = True
        if self._persistence is not None:
            self._persistence.close()

    def _own(self, table: str, rows: Mapping[str, Any]) -> dict[str, Row]:
        kept = {id(row) for row in self.tables.rows(table).values()}
        return {key: row if id(row) in kept else detach(row) for key, row in rows.items()}

    def _check_open(self) -> None:
        if self._is_closed:
            raise StateError("The state was closed; open it again to change it")

    def _record(self, operations: list[Operation]) -> None:
        if self._persistence is not None:
            self._persistence.append(operations)

    def _settle(self) -> None:
        if self._persistence is not None:
            self._persistence.settle()
