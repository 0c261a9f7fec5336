"""An index: the ids of the rows that share the values of some fields, in creation order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .ordering import Entry, Ordering

Key = tuple[Any, ...]
Bucket = dict[str, int]
"""Ids with the rank of their rows: the older a row, the smaller its rank."""

_NOTHING: Bucket = {}
_NO_ORDERINGS: dict[str, Ordering] = {}


class Index:
    """Ids by the values of `fields`, kept in memory only."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self._buckets: dict[Key, Bucket] = {}
        self._unsorted: set[Key] = set()
        self._orderings: dict[Key, dict[str, Ordering]] = {}  # by field; those asked for
        self._next_rank = 0

    def ids(self, values: Mapping[str, Any]) -> Bucket:
        """The ids of the rows with these values, oldest first; valid until the next change."""
        key = self._key(values)
        if key in self._unsorted:
            self._sort(key)
        return self._buckets.get(key, _NOTHING)

    def ordering(
        self, values: Mapping[str, Any], field: str, rows: Mapping[str, Mapping[str, Any]]
    ) -> Ordering | None:
        """The ids of the rows with these values by `field`, made when first asked for.

        None when there is no row, or one that holds no text there. `rows` has all rows of the
        table.
        """
        key = self._key(values)
        known = self._orderings.get(key, _NO_ORDERINGS).get(field)
        if known is not None:
            return known
        bucket = self._buckets.get(key, _NOTHING)
        entries = [_entry(rows[id], field, rank, id) for id, rank in bucket.items()]
        sound = [entry for entry in entries if entry is not None]
        if not bucket or len(sound) < len(entries):
            return None
        made = self._orderings.setdefault(key, {})[field] = Ordering(sound)
        return made

    def add(self, id: str, row: Mapping[str, Any]) -> None:
        self._next_rank += 1
        key = self._key(row)
        self._buckets.setdefault(key, {})[id] = self._next_rank
        for field, ordering in tuple(self._orderings.get(key, _NO_ORDERINGS).items()):
            entry = _entry(row, field, self._next_rank, id)
            if entry is None:
                del self._orderings[key][field]
            else:
                ordering.add(entry)

    def change(self, id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        was, now = self._key(old), self._key(new)
        orderings = self._orderings.get(was, _NO_ORDERINGS)
        for field in [field for field in orderings if old.get(field) != new.get(field)]:
            del orderings[field]
        if was != now:
            self._orderings.pop(was, None)
            self._orderings.pop(now, None)
            rank = self._take(was, id)
            self._buckets.setdefault(now, {})[id] = rank
            self._unsorted.add(now)

    def remove(self, id: str, row: Mapping[str, Any]) -> None:
        key = self._key(row)
        rank = self._take(key, id)
        for field, ordering in self._orderings.get(key, _NO_ORDERINGS).items():
            if (entry := _entry(row, field, rank, id)) is not None:
                ordering.remove(entry)

    def _take(self, key: Key, id: str) -> int:
        bucket = self._buckets[key]
        rank = bucket.pop(id)
        if not bucket:
            del self._buckets[key]
            self._unsorted.discard(key)
            self._orderings.pop(key, None)
        return rank

    def _sort(self, key: Key) -> None:
        ranked = sorted(self._buckets[key].items(), key=lambda item: item[1])
        self._buckets[key] = dict(ranked)
        self._unsorted.discard(key)

    def _key(self, row: Mapping[str, Any]) -> Key:
        key = tuple(map(row.get, self.fields))
        try:
            hash(key)
        except TypeError:  # lists and objects, from a file that somebody edited
            return tuple(map(repr, key))
        return key


def _entry(row: Mapping[str, Any], field: str, rank: int, id: str) -> Entry | None:
    value = row.get(field)
    return (value, rank, id) if isinstance(value, str) else None
