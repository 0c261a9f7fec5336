"""Telling: executions for people who wonder why their test fails."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence, Set
from dataclasses import replace
from pathlib import Path

from ..emulator import Emulator
from ..places import Copies, place
from ..printable import clean, cut
from ..services.under_way import Work, WorkKind
from ..services.witness import REFUSED
from . import sources
from .execution import Execution

_INDENT = "    "
_GUTTER = f"{_INDENT}│ "
_MOST_REQUEST = 20  # lines of the body that it was called with
_MOST_OUTPUT = 200  # lines of logs and of errors each: the beginning and the end
_MOST_EXECUTIONS = 50
_MOST_WIDTH = 2000  # characters of a line

Folders = Callable[[Execution], Path | None]
"""The folder that an execution's code comes from, if it is known."""


class Telling:
    """Tells of executions, with the developer's own files in place of the copies that run.

    Files below `here` are named relative to it.
    """

    def __init__(self, copies: Copies, folders: Folders, here: Path) -> None:
        self._copies = copies
        self._folders = folders
        self._here = here

    def own(self, execution: Execution) -> Execution:
        """`execution` with its logs and errors naming the developer's own files."""
        folder = self._folders(execution)
        if folder is None:
            return execution
        logs, errors = (
            self._short(self._copies.brief(self._copies.own(text, folder)))
            for text in (execution.logs, execution.errors)
        )
        return replace(execution, logs=logs, errors=errors)

    def heading(self, execution: Execution) -> str:
        """What happened, in a line: what went wrong, and where."""
        own = self.own(execution)
        if not own.is_broken:
            return clean(f"{own.function}: {own.request}: {_ending(own)}")
        where = self._place(execution)
        return clean(f"{own.function} {own.failure}{f' ({where})' if where else ''}")

    def explain(self, execution: Execution, notes: Sequence[str] = ()) -> str:
        """All that there is to know of it, below its heading what is to be noted first."""
        noted = [f"{_INDENT}{clean(line)}" for note in notes for line in note.split("\n")]
        heading, *lines = self._lines(execution)
        return "\n".join([heading, *noted, *lines])

    def brief(self, execution: Execution) -> str:
        """What happened, and what was said; more of what is broken."""
        if execution.is_broken:
            return self.explain(execution)
        own = self.own(execution)
        return "\n".join([self.heading(execution), *_output(own.logs), *_output(own.errors)])

    def report(self, executions: Sequence[Execution], told: Set[str] = frozenset()) -> str:
        """Many of them, one below the other; of too many the last, and those that are broken.

        Those whose ids are `told` already are a line each beside others.
        """
        if all(each.id in told for each in executions):
            return ""
        shown = _worth_telling(executions)
        texts = [self.heading(each) if each.id in told else self.brief(each) for each in shown]
        if left := len(executions) - len(shown):
            texts.insert(0, f"({left:,} executions that came to an answer are left out)")
        return "\n".join(texts)

    def _lines(self, execution: Execution) -> Iterator[str]:
        own = self.own(execution)
        yield self.heading(execution)
        if own.is_broken:
            yield clean(f"{_INDENT}{own.request}: {_ending(own)}")
        if own.request_body:
            yield f"{_INDENT}called with:"
            yield from _output(_text(own.request_body), _MOST_REQUEST)
        if not own.is_broken and own.body:
            yield f"{_INDENT}answered:"
            yield from _output(_text(own.body), _MOST_REQUEST)
        for name, text in (("logs", own.logs), ("errors", own.errors)):
            if text.strip():
                yield f"{_INDENT}{name}:"
                yield from _output(text)

    def _place(self, execution: Execution) -> str:
        """The file and line where its error lies, or ""."""
        folder = self._folders(execution)
        if folder is None or not execution.errors:
            return ""
        return self._short(place(self._copies.own(execution.errors, folder), folder))

    def _short(self, text: str) -> str:
        text = sources.brief(text)
        return text.replace(f"{self._here}/", "") if self._here.parent != self._here else text


def telling_of(emulator: Emulator) -> Telling:
    """One that knows where the emulator's functions come from."""
    services = emulator.services

    def folder(execution: Execution) -> Path | None:
        if known := services.origins.of(execution.deployment):
            return known
        following = services.standings.following(emulator.project, execution.function)
        return following.folder if following else None

    return Telling(Copies(services.standings.builds), folder, Path.cwd())


def pending_text(emulator: Emulator, pending: Iterable[Work]) -> str:
    """What is still under way, with the last that it said."""
    witness = emulator.services.witness
    lines: list[str] = []
    for work in pending:
        said = emulator.in_loop(witness.said, work.id)
        what = "build" if work.kind == WorkKind.BUILD else str(work.kind)
        lines.append(f"{what} {work.id} of {work.function_id} has said so far:")
        lines += [f"{_GUTTER}{clean(entry.text)}" for entry in said] or [f"{_INDENT}nothing"]
    return "\n".join(lines)


def _ending(execution: Execution) -> str:
    if execution.outcome in ("", REFUSED):
        return execution.status
    took = execution.duration
    duration = f"{took * 1000:.1f} ms" if took < 1 else f"{took:.2f} s"
    return f"{execution.status_code} in {duration}{', cold' if execution.cold else ''}"


def _worth_telling(executions: Sequence[Execution]) -> Sequence[Execution]:
    """As many as are told of: broken ones first of all, then the last."""
    broken = [each for each in executions if each.is_broken][:_MOST_EXECUTIONS]
    room = _MOST_EXECUTIONS - len(broken)
    others = [each for each in executions if not each.is_broken][-room:] if room else []
    kept = {each.id for each in (*broken, *others)}
    return [each for each in executions if each.id in kept]


def _text(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        return f"({len(body):,} bytes that are no text)"


def _output(text: str, most: int = _MOST_OUTPUT) -> Iterator[str]:
    """The lines of what was said, those in the middle of too many left out."""
    lines = text.strip("\n").split("\n") if text.strip() else []
    more = len(lines) - most
    if more > 0:
        half = most // 2
        lines = [*lines[:half], f"… {more:,} lines are left out here", *lines[half + more :]]
    for line in lines:
        shown = cut(clean(line.rstrip("\r")), _MOST_WIDTH)
        yield f"{_GUTTER}{shown}".rstrip()
