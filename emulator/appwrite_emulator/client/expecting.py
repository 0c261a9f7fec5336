"""Expecting: executions that a test wants to have happened, or not to have."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeGuard

from ..near import meant
from ..printable import cut
from . import matching
from .execution import Execution
from .functions import FunctionUnknown
from .stage import Stage
from .telling import Telling

__tracebackhide__ = True  # pytest shows the line of the test, none of here

Times = int | tuple[int, int | None]
"""How many there must be: a number, or the least and the most, where None is any number."""

_WHOLE = 3  # executions that are told whole
_NAMED = 10  # that are told in a line
_LONGEST = 80  # characters of a value


class ExpectationFailed(AssertionError):
    """There are fewer or more executions than expected; the text shows the closest first, and of
    those that are `told` all."""

    __module__ = "appwrite_emulator"  # as people import it: reports name it, and are short of room

    def __init__(self, text: str, told: Sequence[Execution] = ()) -> None:
        super().__init__(text)
        self.told = tuple(told)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is expected: so many executions of a function, "" for any, under conditions."""

    function: str
    conditions: Mapping[str, Any]
    least: int
    most: int | None  # None: any number

    @classmethod
    def of(cls, function: str, times: Times, conditions: Mapping[str, Any]) -> Wish:
        """Raises TypeError and ValueError for what nobody can wish."""
        given = {name: value for name, value in conditions.items() if _is_given(name, value)}
        matching.check(given)
        least, most = times if isinstance(times, tuple) and len(times) == 2 else (times, times)
        if not (_is_count(least) and (most is None or (_is_count(most) and most >= least))):
            raise ValueError(
                f"times is {times!r}. Give a number such as 2, or the least and the most, such as "
                "(1, 3), or (1, None) for at least one."
            )
        return cls(function, given, least, most)

    @property
    def count(self) -> str:
        """How many there must be, for people."""
        if self.most is None:
            return f"at least {self.least}"
        if self.least == self.most:
            return str(self.least) if self.least else "none"
        return f"{self.least} to {self.most}"

    def told(self, count: int) -> str:
        """Such as `2 executions of greet with status_code 200`."""
        words = [f"{count or 'No'} execution{'s' if count > 1 else ''}"]
        words += [f"of {self.function}"] if self.function else []
        wanted = [f"{name} {_named(value)}" for name, value in self.conditions.items()]
        return " ".join([*words, *(["with", ", ".join(wanted)] if wanted else [])])


@dataclass(frozen=True, slots=True)
class Findings:
    """What there is of what was wished."""

    wish: Wish
    found: list[Execution]
    near: list[tuple[Execution, dict[str, str]]]  # with the conditions that do not hold
    others: list[Execution]  # of other functions

    @classmethod
    def of(cls, wish: Wish, executions: list[Execution]) -> Findings:
        """What `wish` finds; what comes nearest to it first, of that the newest."""
        called = [each for each in executions if wish.function in ("", each.function)]
        judged = [(each, matching.missed(wish.conditions, each)) for each in called]
        near = [(each, missed) for each, missed in reversed(judged) if missed]
        near.sort(key=lambda pair: len(pair[1]))
        others = [each for each in executions if wish.function not in ("", each.function)]
        return cls(wish, [each for each, missed in judged if not missed], near, others)

    @property
    def is_enough(self) -> bool:
        wish, count = self.wish, len(self.found)
        return wish.least <= count and (wish.most is None or count <= wish.most)

    @property
    def is_failure_expected(self) -> bool:
        """Whether who wishes for these knows that they may fail."""
        return bool(matching.ABOUT_THE_END & self.wish.conditions.keys())

    @property
    def told(self) -> list[Execution]:
        """Those that `explain` tells whole."""
        if len(self.found) >= self.wish.least:
            return self.found[:_WHOLE]
        return [each for each, _ in self.near[:_WHOLE]]

    def explain(self, telling: Telling, functions: Callable[[], list[str]]) -> str:
        """Why that is not what was wished, with what there is instead."""
        wish, found = self.wish, self.found
        head = f"{wish.told(len(found))}; expected {wish.count}."
        if len(found) >= wish.least:
            return "\n\n".join([head, *_told(telling, found)])
        return "\n\n".join([head, *_lines(telling, found), *self._instead(telling, functions)])

    def _instead(self, telling: Telling, functions: Callable[[], list[str]]) -> Iterator[str]:
        """What there is in place of what is missing."""
        if self.near:
            yield "The closest:" if len(self.near) == 1 else f"The closest of {len(self.near)}:"
            yield from (telling.explain(each, [*why.values()]) for each, why in self.near[:_WHOLE])
        elif not self.found:
            yield from self._others(telling, functions)

    def _others(self, telling: Telling, functions: Callable[[], list[str]]) -> Iterator[str]:
        """What was called when the function was not."""
        function, known = self.wish.function, functions()
        if function in known:
            yield f"{function} was not called."
        elif function:
            yield f"There is no function {function!r} now. {meant(function, known)}".strip()
        if self.others:
            yield "What was called instead:"
            yield from _lines(telling, self.others)
        else:
            yield "Nothing was called at all."


class Expecting:
    """Looks for executions among those of `Appwrite.executions`."""

    def __init__(self, stage: Stage, functions: Callable[[], list[str]]) -> None:
        self._stage = stage
        self._functions = functions  # all ids

    def require(self, wish: Wish) -> list[Execution]:
        """The executions that are as wished. Raises ExpectationFailed; FunctionUnknown when none
        is wished of a function that there is not, which could never fail."""
        judge = self._stage.judge
        findings = Findings.of(wish, self._stage.executions())
        if wish.function and wish.most == 0 and wish.function not in (known := self._functions()):
            raise FunctionUnknown(wish.function, known)
        if not findings.is_enough:
            text = findings.explain(judge.telling, self._functions)
            raise ExpectationFailed(text, findings.told)
        if findings.is_failure_expected:
            judge.expect(*findings.found)
        return findings.found


def _told(telling: Telling, executions: list[Execution]) -> Iterator[str]:
    """The first whole, more of them in a line each."""
    yield from (telling.explain(each) for each in executions[:_WHOLE])
    yield from _lines(telling, executions[_WHOLE:])


def _lines(telling: Telling, executions: list[Execution]) -> Iterator[str]:
    """A line for each, the last ones of many."""
    lines = [telling.heading(each) for each in executions[-_NAMED:]]
    if more := len(executions) - len(lines):
        lines.insert(0, f"({more:,} before these)")
    if lines:
        yield "\n".join(f"- {line}" for line in lines)


def _is_count(value: object) -> TypeGuard[int]:
    return type(value) is int and value >= 0


def _is_given(name: str, value: object) -> bool:
    """None is a value of JSON; elsewhere it does not matter."""
    return value is not None or "json" in name


def _named(value: object) -> str:
    """A wanted value, for people."""
    if isinstance(value, re.Pattern):
        return f"/{value.pattern}/"
    text = getattr(value, "__name__", "") if callable(value) else ""
    return cut(text or repr(value), _LONGEST)
