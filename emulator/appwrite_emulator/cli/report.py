"""What the commands tell about functions, one calm line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import click

from ..config import Repository, Webhook
from ..services.projects import Applied, Outcome

_DONE, _FAILED = click.style("✓", fg="green"), click.style("✗", fg="red")
_NOTE = click.style("!", fg="yellow")
_NAMED = 4  # functions that a note names


def function_lines(
    applied: Sequence[Applied], runs: Mapping[str, str | None] | None = None
) -> Iterator[str]:
    """A line for each function, in columns, below it why it failed; then what to know of all.

    `runs` are the dates at which functions run by themselves next, by id.
    """
    ids = max((len(each.id) for each in applied), default=0)
    runtimes = max((len(each.runtime) for each in applied), default=0)
    for each in applied:
        next = (runs or {}).get(each.id)
        state = f"{_state(each)}, next run {minute(next)}" if next else _state(each)
        yield f"{_mark(each)} {each.id:<{ids}}  {each.runtime:<{runtimes}}  {state}"
        for line in each.reason.splitlines():
            yield f"    {line}"
    yield from _note_lines(applied)


def show(answer: Any, lines: Iterable[str], *, as_json: bool) -> None:
    """Print what an emulator answered: in `lines` for people, or as it is for programs."""
    for line in [json.dumps(answer, indent=2, ensure_ascii=False)] if as_json else lines:
        click.echo(line)


def minute(date: str) -> str:
    """A date of the API for people: to the minute, and in UTC as schedules are."""
    return f"{date[:10]} {date[11:16]} UTC"


def execution_lines(execution: Mapping[str, Any], width: int = 0) -> Iterator[str]:
    """How an execution ended, below it why it failed; or only that it has begun."""
    function = f"{execution['functionId']:<{width}}"
    status = execution.get("status")
    if status not in ("completed", "failed"):
        yield f"{function}  execution {execution['$id']}"
        return
    mark = _FAILED if status == "failed" else _DONE
    yield f"{mark} {function}  {status} in {execution['duration']:.3f} s"
    for line in execution["errors"].rstrip().splitlines():
        yield f"    {line}"


def missing_lines(repositories: Sequence[Repository]) -> Iterator[str]:
    """A line for each repository whose folder is not there."""
    for each in repositories:
        if not each.path.is_dir():
            place = each.path.absolute()
            yield f"{_NOTE} {each.id}: there is no folder {place}, deployments from it will fail"


def webhook_lines(webhooks: Sequence[Webhook]) -> Iterator[str]:
    """A line for each webhook."""
    for each in webhooks:
        yield f"Webhook {each.url} is told of {', '.join(each.events)}"


def inspection_line(function: str, address: str, problem: str) -> str:
    """Where the debugger of a function attaches, or why none does."""
    if problem:
        return f"{_FAILED} {function}: no debugger: {problem}"
    return f"{_DONE} {function}: debugger at {address}"


def note_line(text: str) -> str:
    """A line of what one should know although it works."""
    return f"{_NOTE} {text}"


def _note_lines(applied: Sequence[Applied]) -> Iterator[str]:
    concerned: dict[str, list[str]] = {}
    for each in applied:
        for note in each.notes:
            concerned.setdefault(note, []).append(each.id)
    for note, ids in concerned.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        yield f"{_NOTE} {note} ({', '.join(ids[:_NAMED])}{more})"


def _mark(applied: Applied) -> str:
    return _FAILED if applied.outcome is Outcome.FAILED else _DONE


def _state(applied: Applied) -> str:
    if applied.outcome is Outcome.DEPLOYED:
        return f"ready, deployed in {applied.seconds:.1f} s"
    return "ready, unchanged" if applied.outcome is Outcome.UNCHANGED else "failed"
