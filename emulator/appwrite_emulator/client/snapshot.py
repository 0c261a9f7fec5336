"""A snapshot that a test takes, to come back to."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from ..services import control
from .stage import Stage

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class Snapshot:
    """All rows as they were: functions, their builds, users, executions; not the clock.

    As a context manager it is restored at the end.

        with appwrite.snapshot():
            appwrite.functions["greet"].delete()
        appwrite.functions["greet"].call()
    """

    def __init__(self, stage: Stage, taken: control.Snapshot) -> None:
        self._stage = stage
        self._taken = taken

    def restore(self) -> None:
        """Put it back, any number of times. What is under way is ended, workers stay warm.

        Raises FunctionFailed for what has failed unexpectedly since the test began.
        """
        self._stage.restore(self._taken)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if exc is None:
            self.restore()
        else:  # that tells more than what has failed besides
            self._stage.emulator.restore(self._taken)
