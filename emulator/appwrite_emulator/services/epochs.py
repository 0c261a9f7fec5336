"""Epochs: a restore or a reset begins a new one, and refuses the writes of what began before it."""

from __future__ import annotations

from collections.abc import Callable

from ..state import EpochPassed, StateDB


class Epochs:
    """The number of the present epoch of each project; it only grows."""

    def __init__(self, state: StateDB) -> None:
        self._state = state
        self._ended = 0
        self._ended_of: dict[str, int] = {}
        self._heirs: list[Callable[[str], None]] = []

    def of(self, project: str = "") -> int:
        """The epoch in which work of `project` that begins now begins."""
        return self._state.epoch + self._ended + self._ended_of.get(project, 0)

    def check(self, project: str, epoch: int) -> None:
        """Raise EpochPassed unless `epoch` is still the project's."""
        current = self.of(project)
        if epoch != current:
            raise EpochPassed(epoch, current)

    def end(self, project: str = "") -> None:
        """Refuse from now on what has begun in `project`, or in all of them."""
        if project:
            self._ended_of[project] = self._ended_of.get(project, 0) + 1
        else:
            self._ended += 1
        for act in self._heirs:
            act(project)

    def when_ended(self, act: Callable[[str], None]) -> None:
        """Call `act` with the project, empty for all, whenever one ends."""
        self._heirs.append(act)
