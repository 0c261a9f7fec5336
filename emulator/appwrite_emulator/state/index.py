"""An index: the ids of the rows that share the values of some fields, in creation order."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

Bucket = dict[str, int]
"""Ids with the rank of their rows: the older a row, the smaller its rank."""

_NOTHING: Bucket = {}


class Index:
    """Ids by the values of `fields`, kept in memory only."""

    def __init__(self, fields: tuple[str, ...]) -> None:
        self.fields = fields
        self._buckets: dict[tuple[Any, ...], Bucket] = {}
        self._unsorted: set[tuple[Any, ...]] = set()
        self._next_rank = 0

    def ids(self, values: Mapping[str, Any]) -> Bucket:
        """The ids of the rows with these values, oldest first; valid until the next change."""
        key = self._key(values)
        if key in self._unsorted:
            self._sort(key)
        return self._buckets.get(key, _NOTHING)

    def add(self, id: str, row: Mapping[str, Any]) -> None:
        self._next_rank += 1
        self._buckets.setdefault(self._key(row), {})[id] = self._next_rank

    def change(self, id: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> None:
        was, now = self._key(old), self._key(new)
        if was != now:
            rank = self._take(was, id)
            self._buckets.setdefault(now, {})[id] = rank
            self._unsorted.add(now)

    def remove(self, id: str, row: Mapping[str, Any]) -> None:
        self._take(self._key(row), id)

    def _take(self, key: tuple[Any, ...], id: str) -> int:
        bucket = self._buckets[key]
        rank = bucket.pop(id)
        if not bucket:
            del self._buckets[key]
            self._unsorted.discard(key)
        return rank

    def _sort(self, key: tuple[Any, ...]) -> None:
        ranked = sorted(self._buckets[key].items(), key=lambda item: item[1])
        self._buckets[key] = dict(ranked)
        self._unsorted.discard(key)

    def _key(self, row: Mapping[str, Any]) -> tuple[Any, ...]:
        key = tuple(map(row.get, self.fields))
        try:
            hash(key)
        except TypeError:  # lists and objects, from a file that somebody edited
            return tuple(map(repr, key))
        return key
