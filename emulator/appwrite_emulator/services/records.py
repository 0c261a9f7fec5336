"""Typed rows: one table of the state, read and written as records."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice
from typing import Any, Generic, TypedDict, TypeVar

from .. import query
from ..models import Record, Row, row_key
from .ground import Ground

R = TypeVar("R", bound=Record)

_REMEMBERED = 512  # records kept as objects, per table


class Birth(TypedDict):
    """The first fields of a new record."""

    project: str
    created_at: str
    updated_at: str
    sequence: int


@dataclass(frozen=True, slots=True)
class Listing:
    """Which part of a list is wanted: `count=False` leaves `total` at 0."""

    query: query.Query = field(default_factory=query.Query)
    search: str = ""
    count: bool = True


class Records(Generic[R]):
    """The records of one kind over all projects; an id is unique within its project."""

    def __init__(
        self,
        ground: Ground,
        kind: type[R],
        *,
        owner: str = "",
        found_by: Sequence[str] = (),
        searched: Sequence[str] = (),
    ) -> None:
        self._table = ground.state.table(kind.table)
        self._table.create_index("project", *([owner] if owner else []))
        for key in found_by:
            self._table.create_index("project", key)
        self._kind = kind
        self._ground = ground
        self._searched = searched
        self._newest = 0  # the number of the record stored last
        self._read: dict[str, tuple[Row, R]] = {}  # a write replaces the row, so identity tells

    def __len__(self) -> int:
        return len(self._table)

    @property
    def changes(self) -> int:
        """Grows with every change of a record, a restore too: as long as it is the same, so is
        all that was read."""
        return self._table.changes

    def get(self, project: str, id: str) -> R | None:
        """The record, or None. As long as its row is not written it is the same object."""
        key = f"{project}/{id}"
        row = self._table.row(key)
        if row is None:
            return None
        known = self._read.get(key)
        if known is not None and known[0] is row:
            return known[1]
        return self._remember(key, row)

    def _remember(self, key: str, row: Row) -> R:
        if len(self._read) >= _REMEMBERED:
            self._read.clear()
        record = self._kind.from_row(row)
        self._read[key] = (row, record)
        return record

    def born(self, project: str) -> Birth:
        """What a new record of `project` begins with; its number is the order of creation."""
        now = self._ground.now()
        return {
            "project": project,
            "created_at": now,
            "updated_at": now,
            "sequence": self._table.next_sequence(),
        }

    def add(self, record: R) -> R:
        """Store a new record. Rows lie in the order of their numbers: one that was born before
        the last that was stored gets another number."""
        if record.sequence <= self._newest:
            record = replace(record, sequence=self._table.next_sequence())
        self._newest = record.sequence
        self._table.put(f"{record.project}/{record.id}", record.to_row())
        return record

    def change(self, record: R, **changes: Any) -> R:
        """Store `changes` of `record`, with a new `updated_at` unless they bring one."""
        changes.setdefault("updated_at", self._ground.now())
        changed = replace(record, **changes)
        row = changed.to_row()
        keys = [row_key(name) for name in changes]
        self._table.patch(f"{record.project}/{record.id}", {key: row[key] for key in keys})
        return changed

    def remove(self, records: Sequence[R]) -> None:
        """Delete `records`; those that are gone already do not matter."""
        self._table.drop(*(f"{record.project}/{record.id}" for record in records))

    def all(self, **equal: Any) -> list[R]:
        """The records whose row keys equal the given values, in creation order."""
        return [self._kind.from_row(row) for row in self._table.rows(**equal)]

    def rows(self, **equal: Any) -> list[Row]:
        """The rows behind `all`, for who needs few of their values."""
        return list(self._table.rows(**equal))

    def count(self, **equal: Any) -> int:
        """How many records have the given values in their rows."""
        return len(self._table.rows(**equal))

    def count_by(self, key: str) -> dict[str, int]:
        """How many records, of all projects, have each value of a row key."""
        return dict(Counter(row[key] for row in self._table.rows()))

    def latest(self, **equal: Any) -> R | None:
        """The newest record whose row keys equal the given values."""
        for row in reversed(self._table.rows(**equal)):
            return self._kind.from_row(row)
        return None

    def remove_where(self, only: Callable[[Row], bool], **equal: Any) -> int:
        """Delete the records that `only` accepts; how many there were."""
        rows = self._table.rows(**equal)
        doomed = [f"{row['project']}/{row['$id']}" for row in rows if only(row)]
        self._table.drop(*doomed)
        return len(doomed)

    def oldest(self, count: int, *, only: Callable[[Row], bool]) -> list[R]:
        """The `count` oldest records, of all projects, that `only` accepts, or all there are."""
        return list(map(self._kind.from_row, islice(filter(only, self._table.rows()), count)))

    def trim(self, keep: int, *, only: Callable[[Row], bool], others: int = 0) -> None:
        """Delete the oldest records, of all projects, that `only` accepts, a few at a time, once
        there are 5 % more of them than `keep`. About `others` there are that it does not."""
        if len(self) - others - keep > keep // 20:
            rows = [row for row in self._table.rows() if only(row)]
            doomed = rows[: max(0, len(rows) - keep)]
            self._table.drop(*[f"{row['project']}/{row['$id']}" for row in doomed])

    def page(
        self,
        listing: Listing,
        project: str,
        *,
        only: Callable[[Row], bool] | None = None,
        view: Callable[[Row], Row] | None = None,
        **equal: Any,
    ) -> tuple[list[R], int]:
        """One page of the project's records, and how many there are in all.

        `only` chooses among them; `view` makes of a row what is asked for and shown.
        """
        found = self._table.rows(project=project, **equal)
        rows: query.Rows = found
        if only:
            rows = [row for row in rows if only(row)]
        if view:
            rows = [view(row) for row in rows]
        if listing.search:
            rows = [row for row in rows if self._is_found(row, listing.search)]
        page = query.select(
            rows,
            listing.query,
            resource=self._kind.__name__,
            count=listing.count,
            find=lambda id: self._seen(f"{project}/{id}", view),
            walk=found.by if rows is found else None,
        )
        return [self._kind.from_row(row) for row in page.rows], page.total

    def _seen(self, key: str, view: Callable[[Row], Row] | None) -> Row | None:
        row = self._table.row(key)
        return view(row) if row and view else row

    def _is_found(self, row: Row, term: str) -> bool:
        return query.search(term, [str(row.get(key, "")) for key in self._searched])
