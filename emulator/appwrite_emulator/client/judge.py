"""The judge: whether what functions did is what their test expects."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from .execution import Execution


class FunctionFailed(AssertionError):
    """A function threw, took too long, crashed or could not be loaded, and its test did not say
    that it may; `execution` is the first."""

    def __init__(self, executions: Iterable[Execution], explain: Callable[[Execution], str]):
        found = list(executions)
        told = "\n".join(explain(each) for each in found)
        super().__init__(
            f"{told}\n\nIf a test expects that: call(..., check=False), expect_execution(..., "
            'status="failed"), or @pytest.mark.appwrite(strict=False).'
        )
        self.execution = found[0]


class Judge:
    """Knows which failures a test expects, and refuses all others unless it is lenient."""

    def __init__(self, explain: Callable[[Execution], str], *, is_strict: bool) -> None:
        self._explain = explain
        self._is_strict = is_strict
        self._expected: set[str] = set()

    def expect(self, *executions: Execution) -> None:
        """Let these have failed, or fail."""
        self._expected.update(each.id for each in executions)

    def require(self, executions: Iterable[Execution]) -> None:
        """Raise FunctionFailed for those that failed unexpectedly; they count as told then."""
        failed = [each for each in executions if self._is_unexpected(each)]
        if failed:
            self.expect(*failed)
            raise FunctionFailed(failed, self._explain)

    def _is_unexpected(self, execution: Execution) -> bool:
        return self._is_strict and execution.is_broken and execution.id not in self._expected
