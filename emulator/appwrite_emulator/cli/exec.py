"""`exec`: run a command against an emulator that lives as long as the command does."""

from __future__ import annotations

import os
import shutil
from collections.abc import Sequence
from dataclasses import replace
from signal import Signals

import anyio
import click
from anyio.abc import Process

from ..client.workspace import Workspace
from ..config import own_environment
from ..emulator import Emulator
from ..services.projects import Outcome
from . import signals
from .report import function_lines, inspection_lines, missing_lines

_NOT_FOUND, _NOT_RUNNABLE = 127, 126  # what shells answer


class _Relay:
    """Hands signals on to the command, or ends the preparations when it does not run yet."""

    def __init__(self) -> None:
        self.preparing = anyio.CancelScope()
        self.process: Process | None = None
        self.signal: Signals | None = None  # the one that came before the command ran

    def handle(self, signal: Signals) -> None:
        if self.process is None:
            self.signal = signal
            self.preparing.cancel()
        elif not (signal is Signals.SIGINT and _owns_terminal()):
            self.process.send_signal(signal)


async def execute(workspace: Workspace, command: Sequence[str]) -> int:
    """Run `command` with the emulator's address in its environment; returns its exit code."""
    if shutil.which(command[0]) is None:
        click.echo(f"appwrite-emulator: there is no command {command[0]}", err=True)
        return _NOT_FOUND
    if workspace.config.state is None:
        workspace = replace(workspace, config=replace(workspace.config, memory=True))
    relay = _Relay()
    with signals.caught(relay.handle):
        async with Emulator(workspace.config, directory=workspace.directory) as emulator:
            with relay.preparing:
                await _deploy(workspace, emulator)
            if relay.signal:
                return 128 + relay.signal
            return await _run(command, emulator, relay)


async def _deploy(workspace: Workspace, emulator: Emulator) -> None:
    """Deploy and say what will not work; stdout is the command's alone."""
    if workspace.config.strict and not workspace.config.keys:
        text = "appwrite-emulator: --strict without --key: every key will be refused"
        click.echo(text, err=True)
    for line in missing_lines(workspace.config.repositories):
        click.echo(line, err=True)
    applied = await workspace.serve(emulator, lambda id, text: None)
    for line in function_lines([each for each in applied if each.outcome is Outcome.FAILED]):
        click.echo(line, err=True)
    attendance, project = emulator.services.attendance, emulator.project
    inspections = await attendance.begin(project)
    for line in inspection_lines(inspections, [*attendance.strangers(project)]):
        click.echo(line, err=True)


async def _run(command: Sequence[str], emulator: Emulator, relay: _Relay) -> int:
    env = {
        **own_environment(),
        "APPWRITE_ENDPOINT": emulator.endpoint,
        "APPWRITE_PROJECT_ID": emulator.project,
        "APPWRITE_API_KEY": emulator.key,
    }
    try:
        process = await anyio.open_process(command, stdin=None, stdout=None, stderr=None, env=env)
    except OSError as exc:
        click.echo(f"appwrite-emulator: {command[0]}: {exc.strerror}", err=True)
        return _NOT_RUNNABLE
    relay.process = process
    async with process:
        code = await process.wait()
    return 128 - code if code < 0 else code


def _owns_terminal() -> bool:
    """Whether our process group is in a terminal's foreground: then Ctrl-C reached the command."""
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
