"""The judge: whether what functions did is what their test expects."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence

from ..services.stubs import Raised, Unmatched
from .execution import Execution
from .stubs import StubsFailed
from .telling import Telling

__tracebackhide__ = True  # pytest shows the line of the test, none of here

_TOLD = 5  # failures that are told whole
_ADVICE = (
    'If the test expects that: call(..., check=False), with appwrite.may_fail("{}"), '
    'expect_execution("{}", status="failed"), or @pytest.mark.appwrite(strict=False).'
)

Unanswered = Unmatched | Raised
"""A call that met no stub, or one whose code raised an error."""


class FunctionFailed(AssertionError):
    """Functions threw, took too long, crashed, or could not be loaded or run, and their test did
    not say that they may; `executions` are what went wrong, `execution` is the first, and `told`
    are those of which the text tells all."""

    __module__ = "appwrite_emulator"  # as people import it: reports name it, and are short of room

    def __init__(
        self, executions: Sequence[Execution], telling: Telling, calls: Sequence[Unanswered] = ()
    ) -> None:
        self.told = tuple(executions[:_TOLD])
        told = [telling.explain(each) for each in self.told]
        if more := Counter(each.function for each in executions[_TOLD:]):
            told.append(f"and {_counted(more)} failed too")
        if calls:
            told.append(_text_of(calls))
        first = executions[0]
        told.append(_ADVICE.format(first.function, first.function))
        super().__init__("\n\n".join(told))
        self.executions = tuple(executions)
        self.execution = first


class Judge:
    """Knows which failures a test expects, and refuses all others unless it is lenient."""

    def __init__(self, telling: Telling, *, is_strict: bool) -> None:
        self.telling = telling
        self.is_strict = is_strict
        self._expected: set[str] = set()
        self._permits: list[Callable[[Execution], bool]] = []
        self._told: list[Unanswered] = []

    def expect(self, *executions: Execution) -> None:
        """Let these have failed, or fail."""
        self._expected.update(each.id for each in executions)

    def permit(self, covers: Callable[[Execution], bool]) -> None:
        """Let all fail that it covers, from now on."""
        self._permits.append(covers)

    def withdraw(self, covers: Callable[[Execution], bool]) -> None:
        """Permit that no longer."""
        self._permits.remove(covers)

    def require(self, executions: Iterable[Execution], calls: Iterable[Unanswered] = ()) -> None:
        """Raise FunctionFailed for executions that failed unexpectedly, StubsFailed for calls that
        stubs should have answered. What was told once is not told again."""
        if not self.is_strict:
            return
        failed = [each for each in executions if self._is_unexpected(each)]
        missed = [each for each in calls if not any(each is known for known in self._told)]
        self.expect(*failed)
        self._told += missed
        if failed:
            raise FunctionFailed(failed, self.telling, missed)
        if missed:
            error = missed[0].error if isinstance(missed[0], Raised) else None
            raise StubsFailed(_text_of(missed)) from error

    def _is_unexpected(self, execution: Execution) -> bool:
        if not execution.is_broken or execution.id in self._expected:
            return False
        return not any(covers(execution) for covers in self._permits)


def _text_of(calls: Sequence[Unanswered]) -> str:
    texts = [each.explain() for each in calls[:_TOLD]]
    if more := len(calls) - len(texts):
        texts.append(f"and {more} calls more were not answered")
    texts += [each.advice for each in calls if isinstance(each, Unmatched)][:1]
    return "\n".join(texts)


def _counted(functions: Counter[str]) -> str:
    """Such as `greet (3 times), count`."""
    return ", ".join(
        f"{name} ({count} times)" if count > 1 else name for name, count in functions.items()
    )
