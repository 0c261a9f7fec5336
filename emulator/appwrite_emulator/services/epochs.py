"""Epochs: a restore or a reset begins a new one, and refuses the writes of what began before it."""

from __future__ import annotations

import secrets
from collections import Counter
from collections.abc import Callable

from ..state import EpochPassed, StateDB
from .leftovers import LateCall

_NAMED = 100  # different calls, and owners of marks, that are remembered


class Epochs:
    """The number of the present epoch of each project; it only grows."""

    def __init__(self, state: StateDB) -> None:
        self._state = state
        self._ended = 0
        self._ended_of: dict[str, int] = {}
        self._heirs: list[Callable[[str], None]] = []
        self._late: Counter[LateCall] = Counter()
        self.count = 0  # how many have ended, of any project
        self._last: dict[str, int] = {}  # the number of the last end of each project, or of all
        self._process = secrets.token_hex(3)  # numbers begin anew with each start
        self.owner = ""
        """The test to which what begins now belongs, if there are tests."""
        self._owners: dict[str, str] = {}  # of the last marks

    def of(self, project: str = "") -> int:
        """The epoch in which work of `project` that begins now begins."""
        return self._state.epoch + self._ended + self._ended_of.get(project, 0)

    def mark(self, project: str) -> str:
        """What tells later that something was given away in the present epoch."""
        mark = f"{self._process}.{self.of(project)}"
        if self.owner:
            self._owners[mark] = self.owner
            if len(self._owners) > _NAMED:
                del self._owners[next(iter(self._owners))]
        return mark

    def owner_of(self, mark: str) -> str:
        """The test in which a mark was given away, if that is known."""
        return self._owners.get(mark, "")

    def is_past(self, project: str, mark: str) -> bool:
        """Whether the epoch of a mark is over. A mark from before the last start is as good as
        none: nothing was restored since, and who had it ended with the process."""
        process, _, number = mark.partition(".")
        return process == self._process and number != str(self.of(project))

    def has_ended_since(self, project: str, count: int) -> bool:
        """Whether an epoch of `project` has ended since `count` was what it was."""
        return max(self._last.get("", 0), self._last.get(project, 0)) > count

    def check(self, project: str, epoch: int) -> None:
        """Raise EpochPassed unless `epoch` is still the project's."""
        current = self.of(project)
        if epoch != current:
            raise EpochPassed(epoch, current)

    def end(self, project: str = "") -> None:
        """Refuse from now on what has begun in `project`, or in all of them."""
        self.count += 1
        self._last[project] = self.count
        if project:
            self._ended_of[project] = self._ended_of.get(project, 0) + 1
        else:
            self._ended += 1
        for act in self._heirs:
            act(project)

    def when_ended(self, act: Callable[[str], None]) -> None:
        """Call `act` with the project, empty for all, whenever one ends."""
        self._heirs.append(act)

    def note_late(self, call: LateCall) -> None:
        """A call was refused because its epoch is over."""
        if call in self._late or len(self._late) < _NAMED:
            self._late[call] += 1

    def take_late(self, project: str = "") -> dict[LateCall, int]:
        """The calls of `project`, or all, that were refused since they were last taken."""
        taken = {call: n for call, n in self._late.items() if project in ("", call.project)}
        for call in taken:
            del self._late[call]
        return taken
