"""Permit: a function may fail while it holds."""

from __future__ import annotations

from types import TracebackType
from typing import Self

from .execution import Execution
from .matching import Text, says
from .stage import Stage

__tracebackhide__ = True  # pytest shows the line of the test, none of here


class Permit:
    """Lets executions fail that end from now on: within `with`, and else until the test ends.

    At the end of `with` it waits until all is quiet. `function` is an id, "" lets all of them;
    `errors_contain` lets only those whose errors contain it.
    """

    def __init__(self, stage: Stage, function: str, errors_contain: Text | None) -> None:
        self._stage = stage
        self._function = function
        self._errors_contain = errors_contain
        self._before = {each.id for each in stage.failures()}
        stage.judge.permit(self._covers)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        exc: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if exc is None:
            self._stage.settle()
        judge = self._stage.judge
        judge.expect(*filter(self._covers, self._stage.failures()))
        judge.withdraw(self._covers)

    def _covers(self, execution: Execution) -> bool:
        if execution.id in self._before or self._function not in ("", execution.function):
            return False
        wanted = self._errors_contain
        return wanted is None or says(execution.errors, wanted)
