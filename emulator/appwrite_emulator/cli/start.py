"""`start`: serve a folder's functions until told to stop."""

from __future__ import annotations

import gc
from signal import Signals
from urllib.parse import urlsplit

import anyio
import click

from .. import __version__
from ..emulator import Emulator
from ..network import is_loopback
from . import signals
from .inspecting import inspection_lines
from .report import function_lines, missing_lines, webhook_lines
from .session import Session


class _Stop:
    """The first signal ends the work and the emulator finishes in peace; the second hurries it.

    After the second the signals are anybody's: a third one kills.
    """

    def __init__(self) -> None:
        self.work = anyio.CancelScope()
        self.peace = anyio.CancelScope()
        self.signal: Signals | None = None  # the one that hurried

    def ask(self, signal: Signals) -> None:
        if not self.work.cancel_called:
            self.work.cancel()
            return
        self.signal = signal
        signals.release()
        self.peace.cancel()


async def start(session: Session) -> int:
    """Serve until a signal asks for the end; returns the exit code."""
    stop = _Stop()
    with signals.caught(stop.ask), stop.peace:
        async with Emulator(session.config, directory=session.directory) as emulator:
            with stop.work:
                await _deploy(session, emulator)
                gc.collect()
                gc.freeze()  # what lives now lives to the end: keep collections short
                click.echo(_ready_line(session, emulator))
                await anyio.sleep_forever()
            click.echo("Stopping")
    return 128 + stop.signal if stop.signal else 0


async def _deploy(session: Session, emulator: Emulator) -> None:
    click.echo(f"appwrite-emulator {__version__}")
    click.echo(emulator.sandbox.report.line)
    if not is_loopback(session.config.host):
        click.secho(_exposed(session), fg="red", bold=True, err=True)
    for line in missing_lines(session.config.repositories):
        click.echo(line)
    for line in webhook_lines(session.config.webhooks):
        click.echo(line)
    if session.project is None:
        click.echo(
            f"No project file in {session.directory.absolute()}: nothing to deploy.\n"
            "`appwrite init project` makes one; what SDKs deploy needs none."
        )
        return
    count = len(session.entries)
    click.echo(f"{session.project.path}: {count} function{'s' if count != 1 else ''}")
    applied = await emulator.services.projects.apply(
        emulator.project, session.entries, lambda id, text: click.echo(f"… {id}  {text}")
    )
    outlooks = emulator.services.schedules.outlooks(emulator.project)
    for line in function_lines(applied, {each.function.id: each.next for each in outlooks}):
        click.echo(line)
    for line in await inspection_lines(emulator):
        click.echo(line)
    port = urlsplit(emulator.endpoint).port
    click.echo(f"Websites at http://FUNCTION.{session.config.functions_domain}:{port}")


def _exposed(session: Session) -> str:
    return (
        f"WARNING: listening on {session.config.host}: other machines can reach this emulator. "
        "Whoever has a key can run code here; only the declared keys are accepted."
    )


def _ready_line(session: Session, emulator: Emulator) -> str:
    ready = click.style("Ready", fg="green", bold=True)
    keys = _keys(session, emulator)
    return f'{ready} at {emulator.endpoint} for project "{emulator.project}" {keys}'


def _keys(session: Session, emulator: Emulator) -> str:
    if not session.config.strict:
        return f'with any key, such as "{emulator.key}"'
    return "with your keys" if session.config.keys else "without keys: declare one by --key"
