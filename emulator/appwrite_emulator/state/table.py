"""One table: TinyDB's interface with detached copies, and a fast one with live rows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, KeysView, Mapping, MutableMapping
from typing import Any

from tinydb.queries import QueryLike
from tinydb.table import Document, Table

from .index import Index
from .overlay import Detached, Overlay
from .storage import StateStorage
from .tables import Row


class Rows:
    """Live rows, oldest first, `reversed()` newest first. Read only.

    Valid until the next change of the table: make a list before changing it in a loop.
    """

    __slots__ = ("_equal", "_ids", "_index", "_rows", "_values")

    def __init__(
        self, rows: dict[str, Row], values: Mapping[str, Any], index: Index | None
    ) -> None:
        self._rows = rows
        self._values = values
        self._index = index
        self._ids: dict[str, Any] = rows if index is None else index.ids(values)
        done = () if index is None else index.fields
        self._equal = {key: value for key, value in values.items() if key not in done}

    def __len__(self) -> int:
        return sum(1 for _ in self) if self._equal else len(self._ids)

    def __iter__(self) -> Iterator[Mapping[str, Any]]:
        return self._pick(iter(self._ids))

    def __reversed__(self) -> Iterator[Mapping[str, Any]]:
        return self._pick(reversed(self._ids))

    def by(self, field: str, *, descending: bool) -> Iterator[Mapping[str, Any]] | None:
        """The rows in the order of a text field, equal ones oldest first.

        None where no index knows that order: sort them then.
        """
        if self._index is None or self._equal:
            return None
        ordering = self._index.ordering(self._values, field, self._rows)
        if ordering is None:
            return None
        return map(self._rows.__getitem__, ordering.ids(descending=descending))

    def _pick(self, ids: Iterator[str]) -> Iterator[Mapping[str, Any]]:
        rows: Iterator[Mapping[str, Any]] = map(self._rows.__getitem__, ids)
        for key, value in self._equal.items():
            rows = _with(rows, key, value)
        return rows


def _with(
    rows: Iterator[Mapping[str, Any]], key: str, value: object
) -> Iterator[Mapping[str, Any]]:
    return (row for row in rows if row.get(key) == value)


class StateTable(Table):
    """A table whose document ids are texts, `project/$id` for Appwrite's resources.

    TinyDB's methods (`insert`, `search`, `update`, ...) take and give deep copies. `row`, `rows`,
    `put`, `patch` and `drop` do not copy: rows they give must not be changed, rows they take
    belong to the table from then on. Writers raise `StateWriteFailed` and then changed nothing.
    """

    document_class = Detached  # type: ignore[assignment]  # declared without its subclasses
    document_id_class = str  # type: ignore[assignment]  # TinyDB's declaration says int

    def __init__(self, storage: StateStorage, name: str, **_: Any) -> None:
        # A query cache would hand the same documents to all and miss a restore.
        super().__init__(storage, name, cache_size=0)
        self._state = storage
        self._rows = storage.tables.rows(name)
        self._indexes = storage.tables.indexes(name)
        self._sequence = 0
        self._scanned = -1  # its count of imports when the rows were last searched
        self._next_id: int | None = None  # type: ignore[assignment]  # declared as None

    @property
    def changes(self) -> int:
        """Grows with every change of a row, whoever makes it: a rollback and a restore too."""
        return self._state.tables.changes(self.name)

    def create_index(self, *fields: str) -> None:
        """Let `rows(**{field: value, ...})` over exactly these fields answer without a search."""
        self._state.create_index(self.name, fields)

    def put(self, id: str, row: Row) -> None:
        """Insert `row`, or replace the whole row that has this document id."""
        assert isinstance(row, dict), "a row is a dict"
        self._state.commit([("put", self._name, id, row)])

    def patch(self, id: str, changes: Row) -> None:
        """Set some top-level fields; `KeyError` when there is no such row."""
        assert isinstance(changes, dict), "changes are a dict"
        if id not in self._rows:
            raise KeyError(id)
        self._state.commit([("set", self._name, id, changes)])

    def drop(self, *ids: str) -> None:
        """Remove rows in one commit; ids that are not there are ignored."""
        operations = [("del", self._name, id) for id in dict.fromkeys(ids) if id in self._rows]
        if operations:
            self._state.commit(operations)

    def row(self, id: str) -> Mapping[str, Any] | None:
        """The live row with this document id."""
        return self._rows.get(id)

    def ids(self) -> KeysView[str]:
        """The document ids, in creation order; live, as `rows` are."""
        return self._rows.keys()

    def rows(self, **equal: Any) -> Rows:
        """The live rows whose fields have these values, in creation order.

        An index over these fields, or over some of them, is used when there is one. A field that
        a row lacks counts as None.
        """
        usable = [index for index in self._indexes if equal.keys() >= set(index.fields)]
        index = max(usable, key=lambda candidate: len(candidate.fields), default=None)
        return Rows(self._rows, equal, index)

    def next_sequence(self) -> int:
        """1 + the highest `$sequence` ever handed out here or found in the rows."""
        if self._scanned != self._state.imports[self.name]:
            self._scanned = self._state.imports[self.name]
            found = (row.get("$sequence", 0) for row in self._rows.values())
            self._sequence = max(self._sequence, max(found, default=0))
        self._sequence += 1
        return self._sequence

    def insert(self, document: Mapping[str, Any]) -> str:  # type: ignore[override]  # text ids
        """Insert a copy of `document`; returns its id, `project/$id` where it has both."""
        return str(super().insert(self._identified(document)))

    def insert_multiple(  # type: ignore[override]  # text ids
        self, documents: Iterable[Mapping[str, Any]]
    ) -> list[str]:
        """Insert copies of `documents` in one commit."""
        return list(map(str, super().insert_multiple(map(self._identified, documents))))

    def upsert(self, document: Mapping[str, Any], cond: QueryLike | None = None) -> list[int]:
        if isinstance(document, Document):
            document = self._identified(document)
        return super().upsert(document, cond)

    def update(
        self,
        fields: Mapping[str, Any] | Callable[[MutableMapping[str, Any]], None],
        cond: QueryLike | None = None,
        doc_ids: Iterable[Any] | None = None,
    ) -> list[int]:
        return super().update(fields, doc_ids=self._choose(cond, doc_ids))

    def remove(
        self, cond: QueryLike | None = None, doc_ids: Iterable[Any] | None = None
    ) -> list[int]:
        return super().remove(doc_ids=self._choose(cond, doc_ids))

    def _choose(
        self, cond: QueryLike | None, doc_ids: Iterable[Any] | None
    ) -> Iterable[Any] | None:
        # Through the overlay alone, evaluating a condition would copy every row.
        if doc_ids is not None or cond is None:
            return doc_ids
        return [id for id, row in self._rows.items() if cond(row)]

    def _identified(self, document: Mapping[str, Any]) -> Mapping[str, Any]:
        # TinyDB heeds the id of a document only when it has the table's own class.
        if isinstance(document, Document):
            return Detached(document, str(document.doc_id))
        if isinstance(document, Mapping) and {"project", "$id"} <= document.keys():
            return Detached(document, f"{document['project']}/{document['$id']}")
        return document

    def _get_next_id(self) -> str:
        # Rows that came back, by a rollback or a restore, may have ids that truncate() made free.
        if self._next_id is None or str(self._next_id) in self._rows:
            self._next_id = 1 + max((int(id) for id in self._rows if id.isdecimal()), default=0)
        self._next_id += 1
        return str(self._next_id - 1)

    def _read_table(self) -> Any:
        return self._rows

    def _update_table(self, updater: Callable[[Any], None]) -> None:
        overlay = Overlay(self._rows)
        updater(overlay)
        operations = overlay.operations(self.name)
        if operations:
            self._state.commit(operations)
