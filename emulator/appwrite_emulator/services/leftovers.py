"""Leftovers: what was still there when the state was put back, told to whoever wants to mend it."""

from __future__ import annotations

from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

from ..execution.premises import Litter
from ..execution.remains import Remains
from .under_way import Work, WorkKind

_NAMED = 5  # files that a sentence names


class LateCall(NamedTuple):
    """A call of the API for work that a restore had ended."""

    project: str
    function_id: str  # whose key it came with; empty when it was not a function's
    request: str  # method and path
    owner: str = ""  # the test in which its work had begun, if there are tests


class Kept(NamedTuple):
    """What remained of a function's calls in one of its processes."""

    project: str
    function_id: str
    remains: Remains

    def lines(self) -> Iterator[str]:
        """Each thing in a sentence."""
        remains, subject = self.remains, f"Function {self.function_id}"
        if remains.files:
            size = sum(litter.size for litter in remains.files)
            names = _listed([_told(litter) for litter in remains.files])
            yield f"{subject} left {_count(remains.files, 'file')} of {size:,} bytes: {names}."
        if remains.pending:
            what = ", ".join(f"{count} {kind}" for kind, count in remains.pending.items())
            yield f"{subject} went on after its answer, with {what}: its process was replaced."
        if remains.processes:
            names = _listed(list(remains.processes))
            yield f"{subject} left processes running: {names}; they were ended."
        if remains.broken:
            names = _listed(list(remains.broken))
            yield f"{subject} changed what it had when it was loaded: {names}."
        if remains.is_mute:
            yield f"{subject} was busy after its answer: its process was replaced."

    def to_json(self) -> dict[str, Any]:
        remains = self.remains
        return {
            "project": self.project,
            "functionId": self.function_id,
            "pending": dict(remains.pending),
            "processes": list(remains.processes),
            "files": [litter._asdict() for litter in remains.files],
            "changed": list(remains.broken),
            "replaced": remains.is_over,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What a restore or a reset has met and ended. False when there was nothing."""

    works: tuple[Work, ...] = ()  # were under way
    scheduled: tuple[Work, ...] = ()  # executions that were still to come
    kept: tuple[Kept, ...] = ()
    late: Mapping[LateCall, int] | None = None  # refused since the last time, how often

    def __bool__(self) -> bool:
        return bool(self.works or self.scheduled or self.kept or self.late)

    def but(self, executions: Container[str]) -> Leftovers:
        """All of it but those that were still to come, and are among the keys `executions`."""
        others = (work for work in self.scheduled if f"{work.project}/{work.id}" not in executions)
        return replace(self, scheduled=tuple(others))

    def lines(self) -> list[str]:
        """Each thing in a sentence, for people."""
        return [
            *(f"{_named(work)} was under way: it was ended." for work in self.works),
            *(f"{_named(work)} was still to come: it never will." for work in self.scheduled),
            *(line for kept in self.kept for line in kept.lines()),
            *(_refusal(call, count) for call, count in (self.late or {}).items()),
        ]

    def to_json(self) -> dict[str, Any]:
        late = (self.late or {}).items()
        return {
            "lines": self.lines(),
            "works": [work.to_json() for work in self.works],
            "scheduled": [work.to_json() for work in self.scheduled],
            "functions": [kept.to_json() for kept in self.kept],
            "lateCalls": [_late(call, count) for call, count in late],
        }


def _late(call: LateCall, count: int) -> dict[str, Any]:
    return {
        "project": call.project,
        "functionId": call.function_id,
        "request": call.request,
        "count": count,
    }


def _refusal(call: LateCall, count: int) -> str:
    who = f"Function {call.function_id}" if call.function_id else "A client"
    times = f" {count} times" if count > 1 else ""
    what = f"{call.owner}, which" if call.owner else "what"
    return f"{who} called {call.request}{times} for {what} was over by then: it was refused."


def _named(work: Work) -> str:
    """The work as a sentence begins with it."""
    text = str(work) if work.kind is WorkKind.WEBHOOK else f"{work.kind} {work.id}"
    whose = f" of function {work.function_id}" if work.function_id else ""
    return f"{text[:1].upper()}{text[1:]}{whose}"


def _told(litter: Litter) -> str:
    return f"{litter.path} ({litter.size:,} bytes)"


def _count(things: tuple[Litter, ...], word: str) -> str:
    return f"{len(things)} {word}{'s' * (len(things) != 1)}"


def _listed(names: list[str]) -> str:
    more = [f"{len(names) - _NAMED} more"] if len(names) > _NAMED else []
    return ", ".join(names[:_NAMED] + more)
