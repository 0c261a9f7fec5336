"""What `logs` does: executions that have ended, from the API, and what is told from now on."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple
from urllib.parse import quote

import anyio
import click

from ..config import own_environment
from . import signals
from .live.acts import Said
from .live.feed import Read
from .live.places import places_of
from .live.screen import Screen
from .live.show import json_line, show, show_json
from .live.telling import Entry, Telling
from .live.terminal import Terminal
from .live.view import View
from .nearby import NEVER_THERE, require_function
from .running import Refused, Running

_SHOWN = 10  # executions, when nobody says how many
_INTERRUPTED = 130  # exit code, as shells have for Ctrl-C


class Wish(NamedTuple):
    """What is to be shown."""

    project: str
    function: str  # "" for all of them
    execution: str  # "" for all of them
    most: int | None  # executions of before
    as_json: bool


def recall(running: Running, wish: Wish) -> None:
    """Print executions of which the API knows, the newest last. Raises ConfigError."""
    executions = _executions(running, wish, _SHOWN if wish.most is None else wish.most)
    terminal = Terminal.of(sys.stdout, own_environment())
    view = None if wish.as_json else _view(running, wish, terminal)
    for line in _lines(executions, wish.project, view):
        click.echo(line, color=terminal.has_colours)
    if not executions and not wish.as_json:
        click.echo(f"Nothing of project '{wish.project}' was executed yet.")


async def follow(running: Running, wish: Wish) -> int:
    """Print what happens until the emulator stops, or a signal comes; the exit code.

    Raises ConfigError.
    """
    executions = _executions(running, wish, wish.most or 0)
    terminal = Terminal() if wish.as_json else Terminal.of(sys.stdout, own_environment())
    view = None if wish.as_json else _view(running, wish, terminal)
    scope = anyio.CancelScope()
    with (
        signals.caught(lambda signal: scope.cancel()),
        scope,
        running.told(
            activity="true",
            project=wish.project,
            function=wish.function,
            execution=wish.execution,
        ) as entries,
        Screen(sys.stdout, is_live=terminal.is_live) as screen,
    ):
        click.echo(f"Following what happens at {running.address}; Ctrl-C ends it", err=True)
        screen.print(_lines(executions, wish.project, view))
        feed = Read(entries)
        feed.start()
        await (show(feed, view, screen) if view else show_json(feed, screen))
        if view and not screen.is_lost:
            screen.print([f"The emulator at {running.address} has stopped."])
    return _INTERRUPTED if scope.cancel_called else 0


def _executions(running: Running, wish: Wish, count: int) -> list[dict[str, Any]]:
    """The last executions, the newest last. Raises ConfigError."""
    if wish.function:
        require_function(running, wish.project, wish.function)
    functions = [wish.function] if wish.function else _functions(running, wish.project)
    if wish.execution:
        return [_execution(running, wish, functions)] if count else []
    found: list[dict[str, Any]] = []
    for function in functions if count else ():
        path = f"/functions/{quote(function, safe='')}/executions"
        newest: list[dict[str, Any]] = [
            {"method": "orderDesc", "attribute": "$createdAt"},
            {"method": "limit", "values": [count]},
        ]
        found += running.api("GET", path, project=wish.project, queries=newest)["executions"]
    return sorted(found, key=lambda each: str(each["$createdAt"]))[-count:]


def _execution(running: Running, wish: Wish, functions: list[str]) -> dict[str, Any]:
    for function in functions:
        path = f"/functions/{quote(function, safe='')}/executions/{quote(wish.execution, safe='')}"
        try:
            found: dict[str, Any] = running.api("GET", path, project=wish.project)
        except Refused as exc:
            if exc.type not in ("execution_not_found", *NEVER_THERE):
                raise
        else:
            return found
    where = f"function '{wish.function}'" if wish.function else f"project '{wish.project}'"
    raise Refused(f"There is no execution '{wish.execution}' in {where}. See the last ones: logs")


def _functions(running: Running, project: str) -> list[str]:
    return [each["functionId"] for each in _told(running, project)["functions"]]


def _told(running: Running, project: str) -> dict[str, Any]:
    told: dict[str, Any] = running.ask("GET", "/functions", project=project)
    return told


def _view(running: Running, wish: Wish, terminal: Terminal) -> View:
    told, paint = _told(running, wish.project), terminal.paint()
    telling = Telling(paint, wish.project)
    names = [each["functionId"] for each in told["functions"]]
    telling.make_room(*([wish.function] if wish.function else names))
    places = places_of(told, wish.project, paint)
    return View(paint, places, telling, is_plain=not terminal.is_live)


def _lines(executions: list[dict[str, Any]], project: str, view: View | None) -> Iterator[str]:
    for execution in executions:
        if view is None:
            yield json_line(execution)
        else:
            view.tell(_entry(execution, project), _said(execution))
            yield from view.lines(0)


def _entry(execution: Mapping[str, Any], project: str) -> Entry:
    """The execution as its end was told."""
    facts = {
        "trigger": execution["trigger"],
        "method": execution["requestMethod"],
        "path": execution["requestPath"],
        "responseStatusCode": execution["responseStatusCode"],
        "duration": execution["duration"],
    }
    if execution["status"] in ("completed", "failed"):
        facts["status"] = execution["status"]
    return {
        "time": execution["$createdAt"],
        "project": project,
        "functionId": execution["functionId"],
        "executionId": execution["$id"],
        "level": "ended",
        "kind": "execution",
        "text": "",
        "facts": facts,
    }


def _said(execution: Mapping[str, Any]) -> Iterator[Said]:
    for level, key in (("log", "logs"), ("error", "errors")):
        text = execution[key].rstrip("\n")
        yield from (Said(level, line) for line in (text.split("\n") if text else ()))
