"""The ledger: the last calls, as many as may be kept."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Generic, TypeVar

from .call import StubCall

_MOST = 10_000  # calls
_ROOM = 64 * 1024 * 1024  # bytes of their bodies

T = TypeVar("T")


class Ledger(Generic[T]):
    """What was written last; what it has no more room for goes, the oldest first."""

    def __init__(
        self, call_of: Callable[[T], StubCall], *, most: int = _MOST, room: int = _ROOM
    ) -> None:
        self._call_of = call_of
        self._most = most
        self._room = room
        self._entries: deque[T] = deque()
        self._size = 0

    def add(self, entry: T) -> None:
        self._entries.append(entry)
        self._size += len(self._call_of(entry).body)
        while len(self._entries) > self._most or (
            self._size > self._room and len(self._entries) > 1
        ):
            self._size -= len(self._call_of(self._entries.popleft()).body)

    def of(self, project: str = "") -> list[T]:
        """The entries of `project`, or all, the oldest first."""
        return [entry for entry in self._entries if self._is_of(entry, project)]

    def clear(self, project: str = "") -> None:
        """Remove the entries of `project`, or all."""
        kept = [entry for entry in self._entries if not self._is_of(entry, project)]
        self._entries = deque(kept)
        self._size = sum(len(self._call_of(entry).body) for entry in kept)

    def _is_of(self, entry: T, project: str) -> bool:
        return not project or self._call_of(entry).project == project
