"""Opening: what `start` says until functions answer, and when it stops; for people or programs."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Protocol

import click

from ... import __version__
from ...client.workspace import Workspace
from ...emulator import Emulator
from ...services.inspections import Inspection
from ...services.projects import Applied
from ...services.standings import Standing
from ..report import function_lines, inspection_lines, missing_lines, webhook_lines
from .screen import Screen
from .show import json_line
from .terminal import Terminal


class Opening(Protocol):
    """Tells of a start, step by step."""

    def begin(self) -> None:
        """The emulator is there, and about to deploy."""
        ...

    def progress(self, function_id: str, text: str) -> None:
        """Something happens to a function."""
        ...

    def deployed(self, applied: Sequence[Applied], standings: Sequence[Standing]) -> None:
        """This came of the project's functions."""
        ...

    def inspected(self, inspections: Sequence[Inspection], notes: Sequence[str]) -> None:
        """So do the functions stand that run under a debugger; `notes` say what is amiss."""
        ...

    def ready(self) -> None:
        """Everything answers."""
        ...

    def stopping(self) -> None:
        """The end was asked for."""
        ...


class ForPeople:
    """In calm lines."""

    def __init__(
        self, workspace: Workspace, emulator: Emulator, screen: Screen, terminal: Terminal
    ) -> None:
        self._workspace = workspace
        self._emulator = emulator
        self._screen = screen
        self._terminal = terminal

    def begin(self) -> None:
        config = self._workspace.config
        self._say(f"appwrite-emulator {__version__}", self._emulator.sandbox.report.line)
        self._say(*missing_lines(config.repositories), *webhook_lines(config.webhooks))
        self._say(*self._project_lines())

    def progress(self, function_id: str, text: str) -> None:
        if not self._terminal.is_live:
            self._say(f"… {function_id}  {text}")

    def deployed(self, applied: Sequence[Applied], standings: Sequence[Standing]) -> None:
        if applied:
            gap = [""] if self._terminal.is_live else []
            lines = function_lines(applied, standings, columns=self._screen.columns)
            self._say(*gap, *lines, *gap)

    def inspected(self, inspections: Sequence[Inspection], notes: Sequence[str]) -> None:
        lines = [*inspection_lines(inspections, notes)]
        self._say(*lines, *([""] if lines and self._terminal.is_live else []))

    def ready(self) -> None:
        ready = click.style("Ready", fg="green", bold=True)
        emulator = self._emulator
        where = f'at {emulator.endpoint} for project "{emulator.project}"'
        self._say(f"{ready} {where} {self._keys()}", *([""] if self._terminal.is_live else []))

    def stopping(self) -> None:
        self._say("Stopping")

    def _project_lines(self) -> Sequence[str]:
        project, count = self._workspace.project, len(self._workspace.entries)
        if project is None:
            return (
                f"No project file in {self._workspace.directory.absolute()}, and nothing that "
                "looks like a function.",
                "`appwrite-emulator init NAME` makes one; what SDKs deploy needs none.",
            )
        return project.guesses or (f"{project.path}: {count} function{'s' if count != 1 else ''}",)

    def _keys(self) -> str:
        config = self._workspace.config
        if not config.strict:
            return f'with any key, such as "{self._emulator.key}"'
        return "with your keys" if config.keys else "without keys: declare one by --key"

    def _say(self, *lines: str) -> None:
        shown = lines if self._terminal.has_colours else map(click.unstyle, lines)
        self._screen.print(shown)


class ForPrograms:
    """In JSON, one object on a line, whose `level` says what it tells."""

    def __init__(self, workspace: Workspace, emulator: Emulator, screen: Screen) -> None:
        self._workspace = workspace
        self._emulator = emulator
        self._screen = screen

    def begin(self) -> None:
        project = self._workspace.project
        self._say(
            "starting",
            version=__version__,
            pid=os.getpid(),
            sandbox=self._emulator.sandbox.report.to_json(),
            projectFile=str(project.path.absolute()) if project else None,
            guesses=list(project.guesses) if project else [],
        )

    def progress(self, function_id: str, text: str) -> None:
        pass

    def deployed(self, applied: Sequence[Applied], standings: Sequence[Standing]) -> None:
        known = {each.function.id: each for each in standings}
        for each in applied:
            standing = known[each.id].to_json() if each.id in known else {"functionId": each.id}
            self._say(
                "function",
                **standing,
                outcome=str(each.outcome),
                seconds=round(each.seconds, 3),
                reason=each.reason,
                notes=list(each.notes),
            )

    def inspected(self, inspections: Sequence[Inspection], notes: Sequence[str]) -> None:
        for each in inspections:
            self._say("inspection", **each.to_json())
        for text in notes:
            self._say("note", text=text)

    def ready(self) -> None:
        emulator, config = self._emulator, self._workspace.config
        has_key = config.keys or not config.strict
        self._say(
            "ready",
            endpoint=emulator.endpoint,
            project=emulator.project,
            key=emulator.key if has_key else None,
        )

    def stopping(self) -> None:
        self._say("stopping")

    def _say(self, level: str, **facts: object) -> None:
        self._screen.print([json_line({"level": level, **facts})])
