"""The witness: what was run while a test went on, with what it was asked and what it answered."""

from __future__ import annotations

from typing import NamedTuple

from ..execution.executor import Result
from .runs import Run, Runs


class Sight(NamedTuple):
    """One run that has ended, before anything of it was left out or cut."""

    run: Run
    result: Result


class Witness:
    """Remembers runs while it watches. Rows keep neither bodies nor most headers; this does."""

    def __init__(self, runs: Runs) -> None:
        self._runs = runs
        self._sights: dict[str, Sight] = {}

    def watch(self) -> None:
        """Begin to remember, with nothing."""
        self._sights = {}
        self._runs.on_end = self._saw

    def leave(self) -> None:
        """Forget everything, and look no more."""
        self._runs.on_end = None
        self._sights = {}

    def sight(self, id: str) -> Sight | None:
        """What was seen of the execution `id`."""
        return self._sights.get(id)

    def sights(self) -> list[Sight]:
        """All that was seen, in the order in which it ended."""
        return list(self._sights.values())

    def _saw(self, run: Run, result: Result) -> None:
        self._sights[run.id] = Sight(run, result)
