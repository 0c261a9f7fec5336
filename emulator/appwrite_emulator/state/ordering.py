"""The ids of some rows in the order of one field, kept while rows come and go."""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterable, Iterator

Entry = tuple[str, int, str]
"""Value of the field, rank of the row, id."""


class Ordering:
    """Entries sorted by value, those of equal values in creation order.

    New ones are sorted in when somebody asks: a write costs next to nothing.
    """

    def __init__(self, entries: Iterable[Entry]) -> None:
        self._entries = sorted(entries)
        self._late: list[Entry] = []

    def add(self, entry: Entry) -> None:
        self._late.append(entry)

    def remove(self, entry: Entry) -> None:
        """Remove an entry that is there."""
        self._settle()
        del self._entries[bisect_left(self._entries, entry)]

    def ids(self, *, descending: bool) -> Iterator[str]:
        """The ids, whichever way still with equal values in creation order."""
        self._settle()
        return self._backwards() if descending else (entry[2] for entry in self._entries)

    def _backwards(self) -> Iterator[str]:
        entries, end = self._entries, len(self._entries)
        while end:
            start = bisect_left(entries, (entries[end - 1][0],))
            for place in range(start, end):
                yield entries[place][2]
            end = start

    def _settle(self) -> None:
        for entry in self._late:
            insort(self._entries, entry)
        self._late.clear()
