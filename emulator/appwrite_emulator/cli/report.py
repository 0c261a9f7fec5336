"""What the commands tell about functions, one calm line each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import click

from ..config import Repository, Webhook
from ..printable import clean

if TYPE_CHECKING:  # the services take longer to import than most commands to run
    from ..services.inspections import Inspection
    from ..services.projects import Applied
    from ..services.standings import Standing

_DONE, _FAILED = click.style("✓", fg="green"), click.style("✗", fg="red")
_NOTE = click.style("!", fg="yellow")
_NAMED = 4  # functions that a note names


def function_lines(
    applied: Sequence[Applied],
    standings: Iterable[Standing] = (),
    *,
    columns: int = 10_000,
) -> Iterator[str]:
    """A line for each function, in columns, below it why it failed; then what to know of all.

    `standings` tell the addresses of functions, and when they run by themselves. What has no room
    beside its neighbours on a screen of so many `columns` comes below them.
    """
    known = {each.function.id: each for each in standings}
    rows = [_row(each, known.get(each.id)) for each in applied]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)][:-1]
    is_narrow = sum(widths) + 2 * len(widths) > columns
    for each, (id, runtime, url, state, next) in zip(applied, rows, strict=True):
        head = f"{_mark(each)} {id:<{widths[0]}}  {runtime:<{widths[1]}}"
        if widths[2] and not is_narrow:
            head += f"  {url:<{widths[2]}}"
        has_room = sum(widths[:3]) + len(state) + len(next) + 10 <= columns
        yield f"{head}  {state}{f', {next}' if next and has_room else ''}"
        below = [url if is_narrow else "", "" if has_room else next]
        for line in (*filter(None, below), *said(each.reason)):
            yield f"    {line}"
    yield from _note_lines(applied)


def _row(applied: Applied, standing: Standing | None) -> tuple[str, str, str, str, str]:
    url, next = (standing.url, standing.next) if standing else ("", None)
    next_run = f"next run {minute(next)}" if next else ""
    return applied.id, applied.runtime, url, _state(applied), next_run


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
    yield from (f"    {line}" for line in said(execution["errors"]))


def said(text: str) -> Iterator[str]:
    """What a function or a build said, in lines that are safe for any terminal."""
    lines = text.rstrip().split("\n")
    yield from (clean(line.rstrip("\r")) for line in lines if text.strip())


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


def inspection_lines(inspections: Sequence[Inspection], notes: Sequence[str]) -> Iterator[str]:
    """A line for each function that is to run under a debugger, before them what is amiss."""
    yield from (f"{_NOTE} {text}" for text in notes)
    for each in inspections:
        yield inspection_line(each.function.id, each.address, each.problem)


def _note_lines(applied: Sequence[Applied]) -> Iterator[str]:
    concerned: dict[str, list[str]] = {}
    for each in applied:
        for note in each.notes:
            concerned.setdefault(note, []).append(each.id)
    for note, ids in concerned.items():
        more = f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else ""
        yield f"{_NOTE} {note} ({', '.join(ids[:_NAMED])}{more})"


def _mark(applied: Applied) -> str:
    from ..services.projects import Outcome

    return _FAILED if applied.outcome is Outcome.FAILED else _DONE


def _state(applied: Applied) -> str:
    from ..services.projects import Outcome

    if applied.outcome is Outcome.DEPLOYED:
        return f"ready, deployed in {applied.seconds:.1f} s"
    return "ready, unchanged" if applied.outcome is Outcome.UNCHANGED else "failed"
